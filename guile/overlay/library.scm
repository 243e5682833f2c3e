;;; guix-docker --- Docker images from Guile and C
;;; Copyright © 2026 The guix-docker authors
;;; SPDX-License-Identifier: GPL-3.0-or-later
;;; coding: utf-8
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

(define-module (guix docker library)
  #:use-module (guix docker results)
  #:use-module (ice-9 binary-ports)
  #:use-module (ice-9 exceptions)
  #:use-module (ice-9 iconv)
  #:use-module (ice-9 match)
  #:use-module (system foreign)
  #:use-module (system foreign-library)
  #:export (open-library))

;;; Commentary:
;;;
;;; This file takes the place of guix/docker/library.scm in overlays, which
;;; carry the library in themselves: a build's sandbox has no other way to it
;;; that would not need a change to Guix.  "guile/make-overlay" puts the bytes
;;; in.
;;;
;;; Code:

(define %library
  ;; The bytes of the library, a character for each.
  "@LIBRARY@")

(define MFD_CLOEXEC 1)

(define (open-memory-file)
  "Return the descriptor of a new file in memory."
  (let ((memfd-create (foreign-library-function #f "memfd_create"
                                                #:return-type int
                                                #:arg-types
                                                (list '* unsigned-int)
                                                #:return-errno? #t)))
    (match (call-with-values
               (lambda ()
                 (memfd-create (string->pointer "guix-docker") MFD_CLOEXEC))
             list)
      ((-1 errno)
       (error (string-append "memfd_create: " (strerror errno))))
      ((descriptor _)
       descriptor))))

(define (load-library file)
  (load-foreign-library file
                        #:extensions '("")
                        #:search-ltdl-library-path? #f))

(define (write-library port)
  (put-bytevector port (string->bytevector %library "ISO-8859-1"))
  (force-output port))

(define (load-from-memory)
  "Return the library, loaded from memory."
  (let* ((descriptor (open-memory-file))
         (port (fdopen descriptor "wb")))
    (dynamic-wind
      (const #t)
      (lambda ()
        (write-library port)
        (load-library (string-append "/proc/self/fd/"
                                     (number->string descriptor))))
      (lambda ()
        (close-port port)))))

(define (load-from-file directory)
  "Return the library, loaded from a temporary file in DIRECTORY that is gone
when this returns."
  (let* ((port (mkstemp (string-append directory "/guix-docker-XXXXXX") "w+b"))
         (file (port-filename port)))
    (dynamic-wind
      (const #t)
      (lambda ()
        (write-library port)
        (load-library file))
      (lambda ()
        (close-port port)
        (delete-file file)))))

(define (result-or-reason thunk)
  "Return what THUNK returns, or a string that says what it raised."
  (with-exception-handler exception->string thunk
    #:unwind? #t))

(define (open-library)
  "Open the shared library and return it.  If that fails, the error says why for
each way of doing it."
  (define directory
    (or (getenv "TMPDIR") "/tmp"))

  (match (result-or-reason load-from-memory)
    ((? string? memory-reason)
     (match (result-or-reason (lambda ()
                                (load-from-file directory)))
       ((? string? file-reason)
        (raise-exception
         (make-exception
          (make-exception-with-origin 'build-docker-image)
          (make-exception-with-message
           (string-append
            "the library that is inside the module cannot be loaded.  Tried: "
            "memory (" memory-reason "), a file in " directory
            " (" file-reason ")")))))
       (library library)))
    (library library)))

;;; library.scm ends here
