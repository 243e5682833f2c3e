;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; usage: guile build-images.scm DIRECTORY MODULES [NAME...]
;;;
;;; Have the daemon build the images (all, or those called NAME) with the
;;; modules in MODULES before Guix's.  DIRECTORY gets, for each, NAME.drv with
;;; the file name of its derivation and, if the build succeeds, NAME.image with
;;; that of the image.

(use-modules (guix derivations)
             (guix packages)
             (guix store)
             (ice-9 match)
             (local packages)
             (local packs)
             (local systems)
             (srfi srfi-34))

(match (command-line)
  ((_ directory modules names ...)
   ;; As option -L of Guix's commands does, when they are already loaded.
   (set! %load-path (cons modules %load-path))

   (define (write-result name extension text)
     (call-with-output-file (string-append directory "/" (symbol->string name)
                                           extension)
       (lambda (port)
         (display text port)
         (newline port))))

   (with-store store
     (set-build-options store
                        #:keep-going? #t
                        #:use-substitutes? #f
                        #:offload? #f)
     (parameterize ((%guile-for-build
                     (local-package-derivation store (default-guile))))
       (let* ((names       (map string->symbol names))
              (derivations (append (pack-derivations store names)
                                   (system-derivations store names))))
         (for-each (match-lambda
                     ((name . drv)
                      (write-result name ".drv" (derivation-file-name drv))))
                   derivations)
         ;; All at once, so that the daemon runs several side by side.
         (guard (c ((store-protocol-error? c)
                    (display (store-protocol-error-message c)
                             (current-error-port))))
           (build-derivations store (map cdr derivations)))
         (for-each (match-lambda
                     ((name . drv)
                      (let ((image (derivation->output-path drv)))
                        (when (valid-path? store image)
                          (write-result name ".image" image)))))
                   derivations))))))
