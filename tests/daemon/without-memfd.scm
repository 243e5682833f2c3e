;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; usage: guile -L OVERLAY without-memfd.scm IMAGE FILE
;;;
;;; Build IMAGE of FILE where the overlay's library cannot be opened in memory.

(use-modules (ice-9 match)
             (system foreign-library))

(define foreign-library (resolve-module '(system foreign-library)))

(module-set! foreign-library 'foreign-library-function
             (let ((real foreign-library-function))
               (lambda* (library name #:rest arguments)
                 (when (string=? name "memfd_create")
                   (error "not on this system"))
                 (apply real library name arguments))))

(match (command-line)
  ((_ image file)
   ((@ (guix docker) build-docker-image) image (list file) file
    #:system "x86_64")))
