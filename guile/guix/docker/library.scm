;;; guix-docker --- Docker images from Guile and C
;;; SPDX-License-Identifier: GPL-3.0-or-later

(define-module (guix docker library)
  #:use-module (ice-9 exceptions)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (system foreign-library)
  #:export (open-library))

;;; Commentary:
;;;
;;; Finding and opening the shared library.  This happens when it is first
;;; used, never when a module is loaded: programs load (guix docker) for its
;;; constants where there is no library.
;;;
;;; Code:

(define %file-name
  "libguix_docker.so.0")

(define %installed-file
  ;; The absolute file name of the installed library, or #f.  Set by those who
  ;; install this module without keeping it in PREFIX/share beside the
  ;; library's PREFIX/lib.
  #f)

(define (candidates)
  "Return the file names under which the library may be, best first."
  (define (installed directory)
    ;; Modules are in PREFIX/share/guile/site/3.0, the library in PREFIX/lib.
    ;; Any directory of the load path may be the one: where Guix builds, this
    ;; module is found in another one.
    (string-append directory "/../../../../lib/" %file-name))

  (define (installed-directory? directory)
    (string-contains directory "/share/guile/site/"))

  (define (built directory)
    (string-append directory "/../target/release/libguix_docker.so"))

  (define (source-directory? directory)
    (file-exists? (string-append directory "/guix/docker/library.scm")))

  (match (getenv "GUIX_DOCKER_LIBRARY")
    ((or #f "")
     (append (if %installed-file (list %installed-file) '())
             (map built (filter source-directory? %load-path))
             (map installed (filter installed-directory? %load-path))
             ;; Wherever the system looks for libraries.
             (list %file-name)))
    (file
     (list file))))

(define (exception->string exception)
  "Return the message of EXCEPTION."
  (apply format #f (exception-message exception)
         (if (exception-with-irritants? exception)
             (exception-irritants exception)
             '())))

(define (open file)
  "Return the library FILE, or a string that says why it cannot be opened."
  (if (and (string-index file #\/) (not (file-exists? file)))
      "not there"
      (with-exception-handler exception->string
        (lambda ()
          (load-foreign-library file
                                #:extensions '("")
                                #:search-ltdl-library-path? #f))
        #:unwind? #t)))

(define (open-library)
  "Open the shared library and return it.  An error that lists the places
looked at is raised if it is not there."
  (let loop ((files (candidates))
             (failures '()))
    (match files
      (()
       (raise-exception
        (make-exception
         (make-exception-with-origin 'build-docker-image)
         (make-exception-with-message
          (string-append
           "the library " %file-name " cannot be opened; install it, or set "
           "GUIX_DOCKER_LIBRARY to its absolute file name.  Tried: "
           (string-join (reverse failures) ", "))))))
      ((file rest ...)
       (match (open file)
         ((? string? reason)
          (loop rest
                (cons (string-append file " (" reason ")") failures)))
         (library library))))))

;;; library.scm ends here
