;;; guix-docker --- Docker images from Guile and C
;;; SPDX-License-Identifier: GPL-3.0-or-later

(define-module (gnu packages guix-docker)
  #:use-module (guix gexp)
  #:export (guix-docker))

;;; Commentary:
;;;
;;; The library and its modules as Guix builds use them, from a library that
;;; was built outside of Guix: it needs nothing but the C library.
;;; "guile/swap-into-guix" puts this file and the library into a checkout.
;;;
;;; Code:

(define guix-docker
  (let ((library (local-file "guix-docker/libguix_docker.so.0"))
        (modules (local-file "guix-docker/modules" #:recursive? #t)))
    (computed-file "guix-docker"
                   #~(begin
                       (define (directory . names)
                         (let ((name (string-append #$output
                                                    (string-concatenate
                                                     names))))
                           (mkdir name)
                           name))

                       (mkdir #$output)
                       (symlink #$library
                                (string-append (directory "/lib")
                                               "/libguix_docker.so.0"))
                       (directory "/share")
                       (directory "/share/guile")
                       (directory "/share/guile/site")
                       (symlink #$modules
                                (string-append #$output
                                               "/share/guile/site/"
                                               (effective-version)))))))

;;; package.scm ends here
