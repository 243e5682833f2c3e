;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; Build an image with the (guix docker) that is first on the load path.
;;;
;;; usage: guile -s build-image.scm ours|reference IMAGE LIST MAX-LAYERS
;;;                                 [COMPRESSOR...]
;;;
;;; LIST is a file with a path on each line; MAX-LAYERS is 0 for one layer.

;; Without macros: expanding some takes as long as a small image.

(use-modules (guix docker)
             (ice-9 rdelim)
             (srfi srfi-19))

(define (read-lines port lines)
  (let ((line (read-line port)))
    (if (eof-object? line)
        (reverse lines)
        (read-lines port (cons line lines)))))

(define (main side image list max-layers . compressor)
  ;; A comparison of a module with itself would be of no use.
  (if (not (eq? (string=? side "ours")
                (->bool (module-variable (resolve-module '(guix docker))
                                         'image-report-id))))
      (error "not the (guix docker) of" side))
  (build-docker-image image
                      (call-with-input-file list
                        (lambda (port)
                          (read-lines port '())))
                      "/gnu/store/profile"
                      #:system "x86_64-linux"
                      #:creation-time (make-time time-utc 0 1)
                      ;; The reference wants one in layered images.
                      #:extra-files '((directory "/tmp" 0 0 #o1777))
                      #:max-layers (if (string=? max-layers "0")
                                       #f
                                       (string->number max-layers))
                      #:compressor (if (null? compressor)
                                       #f
                                       compressor)))

(apply main (cdr (command-line)))
