;;; guix-docker --- Docker images from Guile and C
;;; SPDX-License-Identifier: GPL-3.0-or-later

(define-module (guix docker library)
  #:use-module (ice-9 exceptions)
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
  (define (relative-to-module)
    (match-load-path
     (lambda (directory)
       (list
        ;; Installed: PREFIX/share/guile/site/3.0.
        (string-append directory "/../../../../lib/" %file-name)
        ;; In the source tree.
        (string-append directory "/../target/release/libguix_docker.so")))))

  (or (and=> (getenv "GUIX_DOCKER_LIBRARY") list)
      (append (if %installed-file (list %installed-file) '())
              (relative-to-module)
              ;; Wherever the system looks for libraries.
              (list %file-name))))

(define (match-load-path file-names)
  "Call FILE-NAMES with the directory of the load path that this module is in
and return the list it returns, or the empty list if there is none."
  (or (any (lambda (directory)
             (and (file-exists?
                   (string-append directory "/guix/docker/library.scm"))
                  (file-names directory)))
           %load-path)
      '()))

(define (open file)
  "Return the library FILE, or #f if it cannot be opened."
  (and (or (not (string-index file #\/)) (file-exists? file))
       (false-if-exception
        (load-foreign-library file
                              #:extensions '("")
                              #:search-ltdl-library-path? #f))))

(define (open-library)
  "Open the shared library and return it.  An error that lists the places
looked at is raised if it is not there."
  (let ((files (candidates)))
    (or (any open files)
        (raise-exception
         (make-exception
          (make-external-error)
          (make-exception-with-origin 'build-docker-image)
          (make-exception-with-message
           (string-append
            "the library " %file-name " cannot be opened; install it, or set "
            "GUIX_DOCKER_LIBRARY to its absolute file name.  Tried: "
            (string-join files ", "))))))))

;;; library.scm ends here
