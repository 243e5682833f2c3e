;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; usage: guile -L MODULES build.scm IMAGE DIRECTORY [LAYERS]
;;;
;;; Build IMAGE of DIRECTORY and what is in it.

(use-modules (guix docker)
             (ice-9 ftw)
             (ice-9 match)
             (srfi srfi-19))

(define* (build image directory #:optional layers)
  (build-docker-image image
                      (map (lambda (name)
                             (string-append directory "/" name))
                           (scandir directory
                                    (lambda (name)
                                      (not (string-prefix? "." name)))))
                      directory
                      #:extra-files '((directory "/tmp" 0 0 #o1777)
                                      ("/link" -> "/tmp"))
                      #:compressor '("gzip" "-9n")
                      #:system "x86_64"
                      #:creation-time (make-time time-utc 0 1)
                      #:max-layers (and=> layers string->number)))

(match (command-line)
  ((_ arguments ...)
   (apply build arguments)))
