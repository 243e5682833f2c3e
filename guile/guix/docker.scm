;;; guix-docker --- Docker images from Guile and C
;;; SPDX-License-Identifier: GPL-3.0-or-later

(define-module (guix docker)
  #:use-module (guix docker ffi)
  #:use-module (ice-9 exceptions)
  #:use-module (ice-9 match)
  #:use-module (rnrs bytevectors)
  #:use-module (srfi srfi-19)
  #:re-export (image-report?
               image-report-id
               image-report-size
               image-report-layers

               layer-report?
               layer-report-diff-id
               layer-report-size
               layer-report-items

               &docker-error
               docker-error?
               docker-error-status
               docker-error-system-error)
  #:export (%docker-image-max-layers
            build-docker-image))

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

(define %histories
  ;; Values of GUIX_DOCKER_HISTORY_.
  '((layers . 0)
    (one . 1)
    (none . 2)))


;;;
;;; Checking and converting arguments.
;;;

(define (fail argument message . arguments)
  "Raise an error that says what is wrong with ARGUMENT, a string."
  (raise-exception
   (make-exception
    (make-docker-error 'invalid-argument 0)
    (make-exception-with-origin 'build-docker-image)
    (make-exception-with-message
     (string-append argument ": " (apply format #f message arguments))))))

(define (->bytes argument value)
  "Return VALUE, a string or the bytevector of a file name, as a bytevector
without null bytes."
  (define null-character
    (cond ((string? value) (string-index value #\nul))
          ((bytevector? value) (memv 0 (bytevector->u8-list value)))
          (else (fail argument "~s is not a string" value))))

  (when null-character
    (fail argument "~s contains a null character" value))
  (if (string? value)
      (string->utf8 value)
      value))

(define (optional->bytes argument value)
  (and value (->bytes argument value)))

(define (list->bytes argument values)
  (unless (list? values)
    (fail argument "~s is not a list" values))
  (map (lambda (value)
         (->bytes argument value))
       values))

(define (directive->c directive)
  "Return DIRECTIVE in the form that the library takes."
  (define (name->bytes name)
    (->bytes "extra-files" name))

  (define (valid-id? id)
    (and (exact-integer? id) (>= id -1)))

  (match directive
    (('directory name)
     (list 'directory (name->bytes name) #f))
    (('directory name (? valid-id?) (? valid-id?))
     (list 'directory (name->bytes name) #f))
    (('directory name (? valid-id?) (? valid-id?) (? exact-integer? mode))
     (unless (<= 0 mode #o7777)
       (fail "extra-files" "~s has a mode that is not in #o0 to #o7777"
             directive))
     (list 'directory (name->bytes name) mode))
    (('file name)
     (list 'file (name->bytes name) #vu8()))
    (('file name (? string? content))
     (list 'file (name->bytes name) (string->utf8 content)))
    ((new '-> old)
     (list 'link (name->bytes new) (name->bytes old)))
    (_
     (fail "extra-files" "~s is none of (directory NAME [UID GID [MODE]]), \
(file NAME [CONTENT]) and (NEW -> OLD)" directive))))

(define (transformation->c transformation)
  "Return TRANSFORMATION in the form that the library takes."
  (match transformation
    ((old '-> new)
     (cons (->bytes "transformations" old)
           (->bytes "transformations" new)))
    (_
     (fail "transformations" "~s is not of the form (OLD -> NEW)"
           transformation))))

(define (variable->c variable)
  "Return VARIABLE in the form that the library takes."
  (match variable
    (((? string? name) . (? string? value))
     (cons (->bytes "environment" name)
           (->bytes "environment" value)))
    (_
     (fail "environment" "~s is not a pair of strings (NAME . VALUE)"
           variable))))

(define (map-list argument proc values)
  (unless (list? values)
    (fail argument "~s is not a list" values))
  (map proc values))

(define (creation-time->seconds creation-time)
  (unless (and (time? creation-time)
               (eq? (time-type creation-time) time-utc))
    (fail "creation-time" "~s is not a SRFI-19 time-utc object" creation-time))
  (let ((seconds (time-second creation-time)))
    (unless (and (exact-integer? seconds)
                 (< (abs seconds) (expt 2 62)))
      (fail "creation-time" "~a seconds is not in the years 0 to 9999"
            seconds))
    seconds))

(define (max-layers->number max-layers)
  (match max-layers
    (#f 0)
    ((? exact-integer? count)
     (when (< count 2)
       (fail "max-layers" "~a is below 2; a layered image has 2 layers or more"
             count))
     (min count (- (expt 2 62) 1)))
    (_
     (fail "max-layers" "~s is neither #f nor an integer" max-layers))))

(define (history->number history)
  (or (assq-ref %histories history)
      (fail "history" "~s is none of ~a" history (map car %histories))))

(define (threads->number threads)
  (match threads
    ((? exact-integer? count)
     (unless (<= 0 count #xffffffff)
       (fail "threads" "~a is not a number of threads" count))
     count)
    (_
     (fail "threads" "~s is not an integer" threads))))

(define (default-threads)
  "Return the number of threads that Guix's builders may use, or 0, for as
many as the process can run at once."
  (match (and=> (getenv "NIX_BUILD_CORES") string->number)
    ((? exact-integer? (? positive? count)) (min count #xffffffff))
    (_ 0)))


;;;
;;; Building images.
;;;

(define* (build-docker-image image paths prefix
                             #:key
                             (repository "guix")
                             (extra-files '())
                             (transformations '())
                             (system (utsname:machine (uname)))
                             database
                             entry-point
                             (environment '())
                             compressor
                             (creation-time (current-time time-utc))
                             max-layers
                             root-system
                             (history 'layers)
                             (threads (default-threads))
                             (progress (const #t)))
  "Write to the file IMAGE a Docker image archive of PATHS, a list of absolute
names of store items or of other files, with all that is below them.  PREFIX
is the store item that the image is about, usually a profile or a system; a
single-layer image's layer gets its ID from it.  Return an image report, see
'image-report-id'.

REPOSITORY is the name of the image in the first column of 'docker images';
characters that may not be in it are replaced.

EXTRA-FILES is a list of directives for what is in the image besides PATHS:
'(directory NAME [UID GID [MODE]])', '(file NAME [CONTENT])' and '(NEW ->
OLD)' for a symbolic link.  Everything in an image belongs to root.

TRANSFORMATIONS is a list of '(OLD -> NEW)': names in the image that begin
with OLD begin with NEW instead.

SYSTEM is the GNU triplet, or its first component, of the Linux system that
PATHS are for.

DATABASE is the file name of a store database, or #f.  It becomes the
database of the image, where PREFIX becomes root's profile.

ENTRY-POINT is #f or a list of strings, the command that containers run.
ENVIRONMENT is a list of pairs of strings, the names and values of the
variables that containers start with.

COMPRESSOR is #f or a list of strings: a command that compresses from its
standard input to its standard output.  'gzip' and 'pigz' need not be there.

CREATION-TIME is the SRFI-19 time-utc in the image's metadata.

MAX-LAYERS is #f, for a single layer, or the greatest number of layers, 2 or
more.  The largest of PATHS have a layer each, which images can share.

ROOT-SYSTEM is #f or a directory with the root file system, which takes the
place of EXTRA-FILES, of DATABASE and, in a single-layer image, of PATHS.

HISTORY is what the history in the image's metadata has: 'layers' for an entry
about each layer, 'one' for the one entry that Guix 1.5.0 writes, 'none' for
nothing.

THREADS is the number of threads to work with, 0 for as many as the process
can run at once.  It defaults to NIX_BUILD_CORES.  Images do not depend on it.

PROGRESS is called now and then with the number of bytes done and the number
of all bytes.  An exception that it raises stops the build.

File names may be bytevectors where they are not text.  Errors are exceptions
of type '&docker-error' with a message, and leave no file behind."
  (unless (procedure? progress)
    (fail "progress" "~s is not a procedure" progress))
  (call-build-docker-image
   #:image (->bytes "image" image)
   #:paths (list->bytes "paths" paths)
   #:prefix (->bytes "prefix" prefix)
   #:repository (->bytes "repository" repository)
   #:extra-files (map-list "extra-files" directive->c extra-files)
   #:transformations (map-list "transformations" transformation->c
                               transformations)
   #:system (->bytes "system" system)
   #:database (optional->bytes "database" database)
   #:entry-point (and entry-point (list->bytes "entry-point" entry-point))
   #:environment (map-list "environment" variable->c environment)
   #:compressor (and compressor (list->bytes "compressor" compressor))
   #:creation-time (creation-time->seconds creation-time)
   #:max-layers (max-layers->number max-layers)
   #:root-system (optional->bytes "root-system" root-system)
   #:history (history->number history)
   #:threads (threads->number threads)
   #:progress progress))

;;; docker.scm ends here
