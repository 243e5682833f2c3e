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

(define-module (guix-docker packages)
  #:use-module (gnu packages guile)
  #:use-module (guix build-system cargo)
  #:use-module (guix gexp)
  #:use-module (guix git-download)
  #:use-module ((guix licenses) #:prefix license:)
  #:use-module (guix packages)
  #:use-module (guix utils)
  #:use-module (guix-docker crates)
  #:export (guix-docker))

;;; Commentary:
;;;
;;; The package, built from the source beside this file: that of the checkout,
;;; or of the channel.
;;;
;;; Code:

(define source-file?
  ;; Files under version control, or in a copy that has no history, all but what
  ;; cargo built.
  (let* ((top (delay (canonicalize-path
                      (string-append (current-source-directory) "/../../.."))))
         (tracked? (delay (git-predicate (force top)))))
    (lambda (file stat)
      (if (force tracked?)
          ((force tracked?) file stat)
          (not (member file
                       (map (lambda (name)
                              (string-append (force top) "/" name))
                            '("target" ".git"))))))))

(define guix-docker
  (package
    (name "guix-docker")
    (version "0.1.0")
    (source (local-file "../../.." "guix-docker-checkout"
                        #:recursive? #t
                        #:select? source-file?))
    (build-system cargo-build-system)
    (arguments
     (list
      #:install-source? #f
      #:features ''("cli")
      ;; The other tests need more than is in a build's sandbox.
      #:cargo-test-flags ''("--release" "--features=cli" "--lib")
      #:phases
      #~(modify-phases %standard-phases
          (add-after 'configure 'use-bundled-zstd
            ;; Images are to be the same wherever they are built, so they are
            ;; compressed by the versions of libdeflate and zstd that
            ;; Cargo.toml pins, and that their crates bundle.
            (lambda _
              (unsetenv "ZSTD_SYS_USE_PKG_CONFIG")))
          (replace 'install
            (lambda _
              (setenv "PREFIX" #$output)
              (invoke "guile/install")
              (invoke "guile/install-extension")))
          (add-after 'install 'check-installed
            (lambda* (#:key tests? #:allow-other-keys)
              (when tests?
                (setenv "GUILE_LOAD_PATH"
                        (string-append #$output "/share/guile/site/3.0"))
                (setenv "GUILE_LOAD_COMPILED_PATH"
                        (string-append #$output
                                       "/lib/guile/3.0/site-ccache"))
                (invoke "guile" "--no-auto-compile" "-c"
                        (object->string
                         '(begin
                            (use-modules (guix docker))
                            (let ((tree (string-append (getcwd) "/guile")))
                              (build-docker-image "../image.tar"
                                                  (list tree) tree
                                                  #:max-layers 2)))))))))))
    (native-inputs (list guile-3.0))
    (inputs (cargo-inputs 'guix-docker #:module '(guix-docker crates)))
    (home-page "https://guix.gnu.org/")           ;of what it is made for
    (synopsis "Native replacement for the Docker image module of Guix")
    (description
     "This package builds Docker and OCI images from files, in one pass and on
all processors.  It consists of a shared library with a C interface, a Guile
module that takes the place of @code{(guix docker)}, a program, and a Guix
extension, @command{guix docker build}.")
    (license license:gpl3+)))

;;; packages.scm ends here
