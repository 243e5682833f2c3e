;;; guix-docker --- Docker images from Guile and C
;;; SPDX-License-Identifier: GPL-3.0-or-later

(define-module (gnu packages guix-docker)
  #:use-module (guix gexp)
  #:export (guix-docker))

;;; Commentary:
;;;
;;; The library that (guix docker) opens, as an extension of the builds that
;;; use this module.  It was built outside of Guix and needs nothing but the
;;; C library.  "guile/swap-into-guix" puts this file and the library into a
;;; checkout.
;;;
;;; Code:

(define guix-docker
  (let ((library (local-file "guix-docker/libguix_docker.so.0")))
    (computed-file "guix-docker"
                   #~(let ((lib (string-append #$output "/lib"))
                           ;; A build has this directory on its load path, and
                           ;; finds the library by its place beside it.  The
                           ;; modules come from the checkout.
                           (site (string-append #$output "/share/guile/site/"
                                                (effective-version))))
                       (define (make-directories directory)
                         (unless (file-exists? directory)
                           (make-directories (dirname directory))
                           (mkdir directory)))

                       (make-directories lib)
                       (make-directories site)
                       (symlink #$library
                                (string-append lib "/libguix_docker.so.0"))))))

;;; package.scm ends here
