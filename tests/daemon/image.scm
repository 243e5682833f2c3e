;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; What 'guix build -f' and services are given: an image, built by the library
;;; that GUIX_DOCKER_LIBRARY names.

(use-modules (gnu packages bash)
             (guix profiles)
             (guix-docker builder)
             (guix-docker images))

(container-image
 (name "bash-bash-minimal-docker-archive")
 (content (packages->manifest (list bash bash-minimal)))
 (symlinks '(("/bin" -> "bin")))
 (entry-point "bin/bash")
 (entry-point-arguments '("-c"))
 (localstatedir? #t)
 (builder (prebuilt-image-builder (getenv "GUIX_DOCKER_LIBRARY")))
 (options '(#:repository "shell" #:max-layers 3)))
