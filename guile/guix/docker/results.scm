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

(define-module (guix docker results)
  #:use-module (ice-9 exceptions)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:export (image-report
            image-report?
            image-report-id
            image-report-size
            image-report-layers
            image-report-warnings
            image-report-archive-digest
            image-report-names
            image-report-manifest-digest
            image-report-manifest-size
            image-report->json

            layer-report
            layer-report?
            layer-report-diff-id
            layer-report-size
            layer-report-items
            layer-report-blob-digest
            layer-report-blob-size
            layer-report-media-type

            &docker-error
            make-docker-error
            docker-error?
            docker-error-status
            docker-error-system-error

            build-error
            argument-error
            exception->string))

;;; Commentary:
;;;
;;; What comes of a build: a report, or an error.
;;;
;;; Code:


;;;
;;; Reports.
;;;

(define-record-type <image-report>
  (image-report id size layers warnings archive-digest names json
                manifest-digest manifest-size)
  image-report?
  (id     image-report-id)              ;string, "sha256:..."
  (size   image-report-size)            ;bytes in the file
  (layers image-report-layers)          ;list of <layer-report>, lowest first
  (warnings image-report-warnings)      ;list of strings, lines
  (archive-digest image-report-archive-digest) ;string, "sha256:...", or #f
  (names  image-report-names)           ;list of strings, "REPOSITORY:TAG"
  (json   image-report->json)           ;string
  (manifest-digest image-report-manifest-digest) ;string, "sha256:...", or #f
  (manifest-size image-report-manifest-size))    ;bytes, or #f

(define-record-type <layer-report>
  (layer-report diff-id size items blob-digest blob-size media-type)
  layer-report?
  (diff-id layer-report-diff-id)        ;string, "sha256:..."
  (size    layer-report-size)           ;bytes before compression
  (items   layer-report-items)          ;list of strings
  (blob-digest layer-report-blob-digest) ;string, "sha256:...", or #f
  (blob-size layer-report-blob-size)    ;bytes as it is stored, or #f
  (media-type layer-report-media-type)) ;string, or #f

(set-record-type-printer! <image-report>
  (lambda (report port)
    (format port "#<image-report ~a ~a bytes ~a layers>"
            (image-report-id report)
            (image-report-size report)
            (length (image-report-layers report)))))

(set-record-type-printer! <layer-report>
  (lambda (report port)
    (format port "#<layer-report ~a ~a bytes ~a items>"
            (layer-report-diff-id report)
            (layer-report-size report)
            (length (layer-report-items report)))))


;;;
;;; Errors.
;;;

(define-exception-type &docker-error &external-error
  make-docker-error
  docker-error?
  (status docker-error-status)                  ;symbol
  (system-error docker-error-system-error))     ;errno or 0

(define* (build-error status message #:optional (system-error 0))
  "Return an exception with STATUS, a symbol, MESSAGE, and SYSTEM-ERROR, an
errno."
  (make-exception
   (make-docker-error status system-error)
   (make-exception-with-origin 'build-docker-image)
   (make-exception-with-message message)))

(define (argument-error argument message . arguments)
  "Raise an error that says what is wrong with ARGUMENT, a string: MESSAGE, a
format string, with ARGUMENTS."
  (raise-exception
   (build-error 'invalid-argument
                (string-append argument ": "
                               (apply format #f message arguments)))))

(define (exception->string exception)
  "Return the message of EXCEPTION."
  (apply format #f (exception-message exception)
         (if (exception-with-irritants? exception)
             (exception-irritants exception)
             '())))

;;; results.scm ends here
