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

(define-module (guix-docker builder)
  #:use-module (guix gexp)
  #:use-module (guix store)
  #:use-module (guix utils)
  #:use-module (ice-9 match)
  #:export (%image-builder
            default-image-builder
            prebuilt-image-builder))

;;; Commentary:
;;;
;;; What the builds of images use: an object that lowers to a directory with
;;; the module (guix docker) in share/guile/site and the shared library in lib.
;;;
;;; Code:

(define (installed-prefix)
  "Return the directory that this module is installed below, or #f if it is that
of a channel or a checkout."
  (match (current-source-directory)
    ((? string? directory)
     (and=> (string-contains directory "/share/guile/site/")
            (lambda (index)
              (string-take directory index))))
    (_ #f)))

(define (default-image-builder)
  "Return the package guix-docker, or the modules and the library that this
module was installed with."
  (match (installed-prefix)
    (#f
     ;; What is installed comes without this module.
     (module-ref (resolve-interface '(guix-docker packages)) 'guix-docker))
    ((? direct-store-path? item)
     (computed-file "guix-docker" #~(symlink #$item #$output)))
    (prefix
     (prebuilt-image-builder (string-append prefix
                                            "/lib/libguix_docker.so.0")))))

(define %image-builder
  ;; The builder of images that have none of their own; #f is the default one.
  (make-parameter #f))

(define (modules-directory)
  "Return the directory with the modules that go with this one, as they are in a
checkout or where they are installed."
  (define (holds-modules? directory)
    (file-exists? (string-append directory "/docker/library.scm")))

  (let* ((here      (current-source-directory))
         (checkout  (string-append here "/../../guix"))
         (installed (string-append here "/../guix")))
    (canonicalize-path (if (holds-modules? checkout) checkout installed))))

(define (prebuilt-image-builder library)
  "Return a builder with the shared library of the file LIBRARY, which was built
outside of Guix and needs nothing but the C library."
  (let* ((modules (modules-directory))
         (module? (lambda (file stat)
                    (or (string=? file (string-append modules "/docker.scm"))
                        (string=? file (string-append modules "/docker"))
                        (string-prefix? (string-append modules "/docker/")
                                        file))))
         (library (local-file (canonicalize-path library)
                              "libguix_docker.so.0"))
         (modules (local-file modules "guix-docker-modules"
                              #:recursive? #t
                              #:select? module?)))
    (computed-file "guix-docker"
                   #~(let ((site (string-append #$output "/share/guile/site/"
                                                (effective-version)))
                           (lib  (string-append #$output "/lib")))
                       (define (make-directories directory)
                         (unless (file-exists? directory)
                           (make-directories (dirname directory))
                           (mkdir directory)))

                       (make-directories lib)
                       (make-directories site)
                       ;; The module finds the library by its own place on the
                       ;; load path.
                       (symlink #$modules (string-append site "/guix"))
                       (symlink #$library
                                (string-append lib "/libguix_docker.so.0"))))))

;;; builder.scm ends here
