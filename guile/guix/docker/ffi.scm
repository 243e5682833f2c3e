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

(define-module (guix docker ffi)
  #:use-module (guix docker arguments)
  #:use-module (guix docker library)
  #:use-module (guix docker progress)
  #:use-module (guix docker results)
  #:use-module (guix docker structures)
  #:use-module (ice-9 match)
  #:use-module (ice-9 threads)
  #:use-module (rnrs bytevectors)
  #:use-module (system foreign)
  #:use-module (system foreign-library)
  #:export (call-build-docker-image
            call-merge-image-layouts))

;;; Commentary:
;;;
;;; Calling the library: its functions, what they return, and progress.
;;;
;;; Code:


;;;
;;; The library.
;;;

(define library
  (let ((handle #f))
    (lambda ()
      "Return the shared library, opened on the first call."
      (unless handle
        (set! handle
              (with-exception-handler
                  (lambda (exception)
                    (raise-exception
                     (make-exception (make-docker-error 'library 0)
                                     exception)))
                open-library
                #:unwind? #t)))
      handle)))

(define (library-function name return-type argument-types)
  (foreign-library-function (library) name
                            #:return-type return-type
                            #:arg-types argument-types))

(define (free-report pointer)
  ((library-function "guix_docker_report_free" void '(*)) pointer))

(define (free-error pointer)
  ((library-function "guix_docker_error_free" void '(*)) pointer))


;;;
;;; What it returns.
;;;

(define (cell-content cell)
  "Return the pointer that is in CELL, a bytevector."
  (dereference-pointer (bytevector->pointer cell)))

(define (call-with-cell free proc)
  "Call PROC with a bytevector for a pointer, which is null at first.  When PROC
has been left, in whatever way, call FREE with the pointer that is there."
  (let ((cell (make-bytevector (sizeof '*) 0)))
    (dynamic-wind
      (const #t)
      (lambda ()
        (proc cell))
      (lambda ()
        (let ((pointer (cell-content cell)))
          ;; PROC may be left twice, by a continuation.
          (bytevector-fill! cell 0)
          (unless (null-pointer? pointer)
            (free pointer)))))))

(define (read-layer pointer)
  "Return the layer at POINTER."
  (match (read-structure pointer %layer)
    ((diff-id size items count blob-digest media-type blob-size)
     (let ((blob-digest (optional-text blob-digest)))
       (layer-report (pointer->text diff-id)
                     size
                     (map pointer->text (read-pointers items count))
                     blob-digest
                     (and blob-digest blob-size)
                     (optional-text media-type))))))

(define (optional-text pointer)
  "Return the string at POINTER, or #f if it is null."
  (if (null-pointer? pointer)
      #f
      (pointer->text pointer)))

(define (read-report pointer)
  "Return the report at POINTER."
  (match (read-structure pointer %report)
    ((id size archive-digest manifest-digest manifest-size names name-count
         layers count warnings warning-count)
     (image-report (pointer->text id)
                   size
                   (map read-layer (read-pointers layers count))
                   (map pointer->text
                        (read-pointers warnings warning-count))
                   (optional-text archive-digest)
                   (map pointer->text
                        (read-pointers names name-count))
                   (optional-text ((library-function
                                    "guix_docker_report_json" '* '(*))
                                   pointer))
                   (optional-text manifest-digest)
                   (and (not (null-pointer? manifest-digest))
                        manifest-size)))))

(define (status->symbol status)
  "Return the name of STATUS, a number, as a symbol, or 'unknown' if the library
has none."
  (let ((name ((library-function "guix_docker_status_name" '* (list int32))
               status)))
    (if (or (zero? status) (null-pointer? name))
        'unknown
        (string->symbol
         (string-map (lambda (char)
                       (if (char=? char #\_) #\- (char-downcase char)))
                     (pointer->string name))))))

(define (scheme-message message argument)
  "Return MESSAGE, which begins with ARGUMENT, the name of a member of the
options, with the parameter's name instead."
  (string-append (match argument
                   ;; A port is an image here.
                   ("image_fd" "image")
                   (_ (string-map (lambda (char)
                                    (if (char=? char #\_) #\- char))
                                  argument)))
                 (string-drop message (string-length argument))))

(define (read-error pointer)
  "Return the error at POINTER as an exception object."
  (match (read-structure pointer %error)
    ((status system-error message argument)
     (let ((message (pointer->text message)))
       (build-error (status->symbol status)
                    (if (null-pointer? argument)
                        message
                        (scheme-message message (pointer->text argument)))
                    system-error)))))


;;;
;;; Progress.
;;;

;; The library calls back from frames of C, on the thread that called it, and
;; these must be left by returning alone: threads work on what they hold.  But
;; signal handlers, which may raise exceptions, run wherever Scheme does.  So
;; the library is called on a thread of its own, and PROGRESS on the caller's,
;; which may be left in any way.

(define %interval
  ;; How often progress is told of, in microseconds.
  50000)

(define %phases
  ;; Values of GUIX_DOCKER_PHASE_.  Later libraries may have more.
  '((1 . scanning)
    (2 . comparing)
    (3 . writing)))

(define (takes-phase? progress)
  "Can the procedure PROGRESS be called with three arguments?"
  (match (procedure-minimum-arity progress)
    ((required optional rest?)
     (and (<= required 3)
          (or rest? (>= (+ required optional) 3))))
    (_ #f)))

(define (tell progress phase done total)
  "Call PROGRESS with what an event of the library says.  Procedures of two
arguments take DONE for a part of TOTAL, which files found are not."
  (let ((name (or (assv-ref %phases phase) 'unknown)))
    (cond ((takes-phase? progress)
           (progress done total name))
          ((eq? name 'scanning)
           (progress 0 0))
          (else
           (progress done total)))))

(define (after microseconds)
  "Return the time in MICROSECONDS as 'wait-condition-variable' takes it."
  (match (gettimeofday)
    ((seconds . fraction)
     (let ((sum (+ fraction microseconds)))
       (cons (+ seconds (quotient sum 1000000))
             (remainder sum 1000000))))))

(define %over
  (build-error 'cancelled
               "progress: the build that it was called for is over"))

(define (call-watched prepare progress)
  "Call PREPARE with a procedure that is to be called from C, and the thunk that
it returns on another thread; return what that returns.  Call PROGRESS
meanwhile; leaving it by anything but a return stops the build."
  (define mutex (make-mutex))
  (define finished (make-condition-variable))
  (define status #f)
  (define news '(1 0 0))               ;phase, done, total
  (define stopped? #f)

  (define (callback data event)
    (set! news (read-structure event %event))
    (if stopped? 1 0))

  (define build
    (prepare callback))

  (define (work)
    (let ((result (with-exception-handler identity build
                    #:unwind? #t)))
      (with-mutex mutex
        (set! status result)
        (signal-condition-variable finished))))

  (define (wait)
    "Return the status, or #f if there is none yet."
    (with-mutex mutex
      (or status
          (begin
            (wait-condition-variable finished mutex (after %interval))
            status))))

  (define thread
    (call-with-new-thread work))

  (dynamic-wind
    (lambda ()
      ;; A continuation of PROGRESS that is called later.
      (when stopped?
        (raise-exception %over)))
    (lambda ()
      (let loop ()
        (match (wait)
          (#f
           (unless (eq? progress no-progress)
             (apply tell progress news))
           (loop))
          ((? exception? exception)
           (raise-exception exception))
          (status status))))
    (lambda ()
      (set! stopped? #t)
      (call-with-blocked-asyncs
       (lambda ()
         (join-thread thread))))))


;;;
;;; The call.
;;;

(define (call-library arguments arguments->options name types call)
  "Call CALL with the library's function NAME, whose arguments are of TYPES, with
a pointer to the options that ARGUMENTS->OPTIONS makes of ARGUMENTS, an
association list of the names of parameters and their values, and with one to a
cell for the address of an error.  Raise that error, or the exception that
PROGRESS raised."
  (define progress
    (assq-ref arguments 'progress))

  (define (prepare error)
    (lambda (callback)
      (let* ((arena (make-arena))
             (options (arguments->options arena
                                          (acons 'progress callback
                                                 arguments)))
             (function (library-function name int32 types)))
        (lambda ()
          (let ((status (call function options (bytevector->pointer error))))
            ;; This also keeps the arena alive until here.
            (release-arena! arena)
            status)))))

  (unless (procedure? progress)
    (argument-error "progress" "~s is not a procedure" progress))
  (call-with-cell free-error
    (lambda (error)
      (unless (zero? (dynamic-wind
                       (const #t)
                       (lambda ()
                         (call-watched (prepare error) progress))
                       (lambda ()
                         (finish-progress progress))))
        (raise-exception (read-error (cell-content error)))))))

(define (call-build-docker-image arguments)
  "Call the library with ARGUMENTS, an association list of the names of
parameters of 'build-docker-image' and their values.  Return its report, or
raise its error or the exception that PROGRESS raised."
  (call-with-cell free-report
    (lambda (report)
      (call-library arguments arguments->options
                    "build_docker_image" '(* * *)
                    (lambda (build options error)
                      (build options (bytevector->pointer report) error)))
      (read-report (cell-content report)))))

(define (call-merge-image-layouts arguments)
  "Call the library with ARGUMENTS, an association list of the names of
parameters of 'merge-image-layouts' and their values."
  (call-library arguments arguments->merge-options
                "guix_docker_merge_layouts" '(* *)
                (lambda (merge options error)
                  (merge options error))))

;;; ffi.scm ends here
