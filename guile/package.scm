;;; guix-docker --- Docker images from Guile and C
;;; Copyright © 2026 The guix-docker authors
;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; This file is part of guix-docker.
;;;
;;; guix-docker is free software; you can redistribute it and/or modify it
;;; under the terms of the GNU General Public License as published by
;;; the Free Software Foundation; either version 3 of the License, or (at
;;; your option) any later version.
;;;
;;; guix-docker is distributed in the hope that it will be useful, but
;;; WITHOUT ANY WARRANTY; without even the implied warranty of
;;; MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the
;;; GNU General Public License for more details.
;;;
;;; You should have received a copy of the GNU General Public License
;;; along with guix-docker.  If not, see <http://www.gnu.org/licenses/>.

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
