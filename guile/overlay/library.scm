;;; guix-docker --- Docker images from Guile and C
;;; SPDX-License-Identifier: GPL-3.0-or-later
;;; coding: utf-8

(define-module (guix docker library)
  #:use-module (ice-9 binary-ports)
  #:use-module (ice-9 iconv)
  #:use-module (system foreign)
  #:use-module (system foreign-library)
  #:export (open-library))

;;; Commentary:
;;;
;;; This file takes the place of guix/docker/library.scm in overlays, which carry the
;;; library in themselves: a build's sandbox has no other way to it that would
;;; not need a change to Guix.  "guile/make-overlay" puts the bytes in.
;;;
;;; Code:

(define %library
  ;; The bytes of the library, a character for each.
  "@LIBRARY@")

(define MFD_CLOEXEC 1)

(define (open-memory-file)
  "Return the descriptor of a new file in memory, or #f."
  (let* ((memfd-create
          (false-if-exception
           (foreign-library-function #f "memfd_create"
                                     #:return-type int
                                     #:arg-types (list '* unsigned-int))))
         (descriptor (if memfd-create
                         (memfd-create (string->pointer "guix-docker")
                                       MFD_CLOEXEC)
                         -1)))
    (and (>= descriptor 0) descriptor)))

(define (load-library file)
  (load-foreign-library file
                        #:extensions '("")
                        #:search-ltdl-library-path? #f))

(define (write-library port)
  (put-bytevector port (string->bytevector %library "ISO-8859-1"))
  (force-output port))

(define (load-from-memory)
  "Return the library, loaded from memory, or #f where that does not work."
  (let ((descriptor (open-memory-file)))
    (and descriptor
         (let* ((port (fdopen descriptor "wb"))
                (library (false-if-exception
                          (begin
                            (write-library port)
                            (load-library
                             (string-append "/proc/self/fd/"
                                            (number->string descriptor)))))))
           (close-port port)
           library))))

(define (load-from-file)
  "Return the library, loaded from a temporary file that is gone when this
returns."
  (let* ((template (string-append (or (getenv "TMPDIR") "/tmp")
                                  "/guix-docker-XXXXXX"))
         (port (mkstemp template "w+b"))
         (file (port-filename port)))
    (dynamic-wind
      (const #t)
      (lambda ()
        (write-library port)
        (load-library file))
      (lambda ()
        (close-port port)
        (delete-file file)))))

(define (open-library)
  "Open the shared library and return it."
  (or (load-from-memory) (load-from-file)))

;;; library.scm ends here
