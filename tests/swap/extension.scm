;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; usage: guile extension.scm DERIVATION
;;;
;;; Print "extension ITEM" for the directory called guix-docker on the load
;;; path of DERIVATION's builder and "library FILE" for each file called like
;;; our library in what the build sees.  Exit with 1 if there is no such
;;; directory.

(use-modules (guix build utils)
             (guix derivations)
             (guix store)
             (ice-9 match)
             (srfi srfi-1))

(define (extension drv)
  (let ((suffix "/share/guile/site/3.0"))
    (any (match-lambda*
           (("-L" (? (lambda (directory)
                       (string-suffix? (string-append "-guix-docker" suffix)
                                       directory))
                     directory))
            (string-drop-right directory (string-length suffix)))
           (_ #f))
         (derivation-builder-arguments drv)
         (cdr (derivation-builder-arguments drv)))))

(define (visible-items store drv)
  (requisites store
              (append (derivation-sources drv)
                      (append-map derivation-input-output-paths
                                  (derivation-inputs drv)))))

(match (command-line)
  ((_ file)
   (let ((drv (read-derivation-from-file file)))
     (with-store store
       (for-each (lambda (library)
                   (format #t "library ~a~%" library))
                 (append-map (lambda (item)
                               (if (file-is-directory? item)
                                   (find-files item "^libguix_docker")
                                   '()))
                             (visible-items store drv))))
     (match (extension drv)
       (#f (exit 1))
       (item (format #t "extension ~a~%" item))))))
