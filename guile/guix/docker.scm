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

(define-module (guix docker)
  #:use-module (guix docker arguments)
  #:use-module (guix docker ffi)
  #:use-module (guix docker parameters)
  #:use-module (guix docker results)
  #:re-export (image-report?
               image-report-id
               image-report-size
               image-report-layers
               image-report-warnings
               image-report-archive-digest
               image-report-names
               image-report-manifest-digest
               image-report-manifest-size
               image-report->json

               layer-report?
               layer-report-diff-id
               layer-report-size
               layer-report-items
               layer-report-blob-digest
               layer-report-blob-size
               layer-report-media-type

               &docker-error
               docker-error?
               docker-error-status
               docker-error-system-error)
  #:export (%docker-image-max-layers
            build-docker-image
            merge-image-layouts))

;;; Commentary:
;;;
;;; A native replacement for Guix's module of the same name: arguments, and
;;; the images, are the same.  It needs Guile alone; the work is done by a
;;; shared library, which is opened when the first image is built.
;;;
;;; Code:

(define %docker-image-max-layers
  ;; The greatest number of layers to ask for when the user has not said; #f
  ;; for a single-layer image.
  #f)

(define-procedure build-parameters (build-docker-image arguments)
  "Write a Docker image archive, or an image of another FORMAT, of PATHS to IMAGE.
Return an image report, see 'image-report-id'."
  "File names may be bytevectors where they are not text.  Errors are exceptions of
type '&docker-error' with a message, and leave no file behind.

The report has 'image-report-size', 0 where a command has written to a port or IMAGE
is a directory, 'image-report-layers', 'image-report-names', in OCI formats
'image-report-manifest-digest', 'image-report-warnings', and 'image-report->json' for
all of it as JSON."
  (call-build-docker-image arguments))

(define-procedure merge-parameters (merge-image-layouts arguments)
  "Merge the OCI image layouts SOURCES: all their images are in TARGET as well.

Images of one name for several systems are found by that name, in an index of
theirs; one of the same name and system as another one that is there replaces it.
Digests are checked, and blobs linked where possible."
  "Errors are exceptions of type '&docker-error' and leave TARGET as it was."
  (call-merge-image-layouts arguments))

;;; docker.scm ends here
