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

;;; Commentary:
;;;
;;; The part of "guile/example-image" that builds the image, and an example of
;;; how to.
;;;
;;; Code:

(use-modules (guix docker)
             (ice-9 format)
             (ice-9 match)
             (srfi srfi-19))

(define (build image root profile libraries loader items)
  "Write to IMAGE a layered image of the store items ITEMS and PROFILE, which
are below the directory ROOT.  LIBRARIES is the one that holds the C library,
whose LOADER programs look for under its usual name."
  (define (below-root item)
    (string-append root item))

  (build-docker-image image
                      (map below-root (cons profile items))
                      profile
                      #:repository "guix-example"
                      #:transformations `((,root -> ""))
                      #:extra-files
                      `((directory "/tmp" 0 0 #o1777)
                        (directory "/root" 0 0 #o700)
                        (directory "/etc")
                        (file "/etc/passwd"
                              "root:x:0:0:root:/root:/bin/sh\n")
                        ("/bin" -> ,(string-append profile "/bin"))
                        (directory ,(dirname loader))
                        (,loader -> ,(string-append libraries "/lib/"
                                                    (basename loader))))
                      #:environment `(("PATH" . "/bin")
                                      ("LD_LIBRARY_PATH"
                                       . ,(string-append libraries "/lib")))
                      #:entry-point '("/bin/sh")
                      #:compressor '("gzip" "-9n")
                      #:creation-time (make-time time-utc 0 1)
                      #:max-layers 10))

(match (command-line)
  ((_ image root profile libraries loader items ...)
   (let ((report (build image root profile libraries loader items)))
     (for-each (lambda (layer)
                 (format #t "layer ~a ~10d bytes~%"
                         (layer-report-diff-id layer)
                         (layer-report-size layer)))
               (image-report-layers report))
     (format #t "image ~a~%~%~a has ~d bytes.  Load and run it:~%
  docker load -i ~a
  docker run --rm -it guix-example~%"
             (image-report-id report) image (image-report-size report)
             image))))
