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

(define-module (guix docker library)
  #:use-module (guix docker results)
  #:use-module (ice-9 exceptions)
  #:use-module (ice-9 match)
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

;; Relative names mean what they meant when the module was loaded, even if the
;; program has changed its directory since.

(define %directory
  ;; The current directory then, or #f if it was gone.
  (false-if-exception (getcwd)))

(define %early-names
  ;; The names of files that were given then.
  (cons (getenv "GUIX_DOCKER_LIBRARY") %load-path))

(define (resolve name)
  "Return the absolute file name for NAME if it was given when this module was
loaded; one given later is left alone."
  (if (and %directory
           (not (absolute-file-name? name))
           (member name %early-names))
      (string-append %directory "/" name)
      name))

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
     (let ((directories (map resolve %load-path)))
       (append (if %installed-file (list %installed-file) '())
               (map built (filter source-directory? directories))
               (map installed (filter installed-directory? directories))
               ;; Wherever the system looks for libraries.
               (list %file-name))))
    (file
     ;; One without a slash is looked for where the system does, too.
     (list (if (string-index file #\/)
               (resolve file)
               file)))))

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
