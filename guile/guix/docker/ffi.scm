;;; guix-docker --- Docker images from Guile and C
;;; SPDX-License-Identifier: GPL-3.0-or-later

(define-module (guix docker ffi)
  #:use-module (guix docker library)
  #:use-module (ice-9 exceptions)
  #:use-module (ice-9 iconv)
  #:use-module (ice-9 match)
  #:use-module (ice-9 threads)
  #:use-module (rnrs bytevectors)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:use-module (system foreign)
  #:use-module (system foreign-library)
  #:export (call-build-docker-image

            image-report?
            image-report-id
            image-report-size
            image-report-layers

            layer-report?
            layer-report-diff-id
            layer-report-size
            layer-report-items

            &docker-error
            make-docker-error
            docker-error?
            docker-error-status
            docker-error-system-error))

;;; Commentary:
;;;
;;; The C interface of the library, as include/guix_docker.h describes it:
;;; structures are written and read here and nowhere else.
;;;
;;; Code:


;;;
;;; Results.
;;;

(define-record-type <image-report>
  (image-report id size layers)
  image-report?
  (id     image-report-id)              ;string, "sha256:..."
  (size   image-report-size)            ;bytes in the file
  (layers image-report-layers))         ;list of <layer-report>, lowest first

(define-record-type <layer-report>
  (layer-report diff-id size items)
  layer-report?
  (diff-id layer-report-diff-id)        ;string, "sha256:..."
  (size    layer-report-size)           ;bytes before compression
  (items   layer-report-items))         ;list of strings

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

(define-exception-type &docker-error &external-error
  make-docker-error
  docker-error?
  (status docker-error-status)                  ;symbol, see %statuses
  (system-error docker-error-system-error))     ;errno or 0

(define %statuses
  ;; Names of the values of enum guix_docker_status from 1 on.  There is also
  ;; 'library', when the library itself cannot be opened.
  #(invalid-argument invalid-text unsupported-system input input-changed
    output no-space compressor cancelled resources internal))


;;;
;;; Structures.
;;;

(define %options-type
  ;; struct guix_docker_options
  (list size_t                          ;size
        '*                              ;image
        '* size_t                       ;paths
        '*                              ;prefix
        '*                              ;repository
        '* size_t                       ;extra_files
        '* size_t                       ;transformations
        '*                              ;system
        '*                              ;database
        '* size_t                       ;entry_point
        '* size_t                       ;environment
        '* size_t                       ;compressor
        int64                           ;creation_time
        int64                           ;max_layers
        '*                              ;root_system
        uint32                          ;history
        uint32                          ;threads
        '*                              ;progress
        '*))                            ;progress_data

(define %directive-type
  ;; struct guix_docker_directive
  (list uint32 uint32 '* '* '* size_t))

(define %pair-type
  ;; struct guix_docker_transformation, struct guix_docker_variable
  (list '* '*))

(define %report-type
  ;; struct guix_docker_report
  (list '* uint64 '* size_t))

(define %layer-type
  ;; struct guix_docker_layer
  (list '* uint64 '* size_t))

(define %error-type
  ;; struct guix_docker_error
  (list int32 int '*))

(define %default-mode
  ;; GUIX_DOCKER_DEFAULT_MODE
  #xffffffff)


;;;
;;; From Scheme to C.
;;;

;; What C structures point to is kept in a list, called an arena, until the
;; call has returned: the garbage collector does not see addresses in their
;; bytes.

(define-record-type <arena>
  (%make-arena kept)
  arena?
  (kept arena-kept set-arena-kept!))

(define (make-arena)
  (%make-arena '()))

(define (keep! arena pointer)
  "Keep POINTER, and the bytes it was made from, in ARENA; return it."
  (set-arena-kept! arena (cons pointer (arena-kept arena)))
  pointer)

(define (bytes->pointer arena bytes)
  "Return a pointer to BYTES, a bytevector, with a null byte added."
  (let* ((size (bytevector-length bytes))
         (copy (make-bytevector (+ size 1) 0)))
    (bytevector-copy! bytes 0 copy 0 size)
    (keep! arena (bytevector->pointer copy))))

(define (optional->pointer arena bytes)
  "Return a pointer to BYTES, or the null pointer if it is #f."
  (if bytes (bytes->pointer arena bytes) %null-pointer))

(define (structures->pointer arena type rows)
  "Return a pointer to an array with a structure of TYPE for each of ROWS,
lists of values."
  (if (null? rows)
      %null-pointer
      (keep! arena
             (make-c-struct (append-map (const type) rows)
                            (concatenate rows)))))

(define (strings->pointer arena strings)
  "Return a pointer to an array of pointers to STRINGS, bytevectors.  It is
null only if STRINGS is #f."
  (match strings
    (#f %null-pointer)
    (() (bytes->pointer arena #vu8()))
    (_ (structures->pointer arena '(*)
                            (map (lambda (bytes)
                                   (list (bytes->pointer arena bytes)))
                                 strings)))))

(define (pairs->pointer arena pairs)
  "Return a pointer to an array of structures of two strings for PAIRS, pairs
of bytevectors."
  (structures->pointer arena %pair-type
                       (map (match-lambda
                              ((first . second)
                               (list (bytes->pointer arena first)
                                     (bytes->pointer arena second))))
                            pairs)))

(define (directives->pointer arena directives)
  "Return a pointer to an array of directives: lists of a symbol, a name and
what belongs to the symbol."
  (define row
    (match-lambda
      (('directory name mode)
       (list 1 (or mode %default-mode) (bytes->pointer arena name)
             %null-pointer %null-pointer 0))
      (('file name content)
       (list 2 0 (bytes->pointer arena name)
             %null-pointer (bytes->pointer arena content)
             (bytevector-length content)))
      (('link name target)
       (list 3 0 (bytes->pointer arena name)
             (bytes->pointer arena target) %null-pointer 0))))

  (structures->pointer arena %directive-type (map row directives)))


;;;
;;; From C to Scheme.
;;;

(define (pointer->text pointer)
  "Return the string at POINTER.  What is not text in a file name becomes
question marks."
  (let ((latin1 (pointer->string pointer -1 "ISO-8859-1")))
    ;; Decoding takes many times as long.
    (if (string-every char-set:ascii latin1)
        latin1
        (bytevector->string (pointer->bytevector pointer
                                                 (string-length latin1))
                            "UTF-8" 'substitute))))

(define (array-elements pointer count type)
  "Return the COUNT structures of TYPE at POINTER, as lists of values."
  (map (lambda (index)
         (parse-c-struct (make-pointer (+ (pointer-address pointer)
                                          (* index (sizeof type))))
                         type))
       (iota count)))

(define read-layer
  (match-lambda
    ((diff-id size items count)
     (layer-report (pointer->text diff-id)
                   size
                   (map (match-lambda
                          ((item) (pointer->text item)))
                        (array-elements items count '(*)))))))

(define (read-report pointer)
  "Return the report at POINTER."
  (match (parse-c-struct pointer %report-type)
    ((id size layers count)
     (image-report (pointer->text id)
                   size
                   (map read-layer
                        (array-elements layers count %layer-type))))))

(define (read-error pointer)
  "Return the error at POINTER as an exception object."
  (match (parse-c-struct pointer %error-type)
    ((status system-error message)
     (make-exception
      (make-docker-error (vector-ref %statuses (- status 1)) system-error)
      (make-exception-with-origin 'build-docker-image)
      (make-exception-with-message (pointer->text message))))))


;;;
;;; The call.
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

;; The library calls back from frames of C, on the thread that called it, and
;; these must be left by returning alone: threads work on what they hold.  But
;; signal handlers, which may raise exceptions, run wherever Scheme does.  So
;; the library is called on a thread of its own, and PROGRESS on the caller's,
;; which may be left in any way.

(define %interval
  ;; How often progress is told of, in microseconds.
  50000)

(define (after microseconds)
  "Return the time in MICROSECONDS as 'wait-condition-variable' takes it."
  (match (gettimeofday)
    ((seconds . fraction)
     (let ((sum (+ fraction microseconds)))
       (cons (+ seconds (quotient sum 1000000))
             (remainder sum 1000000))))))

(define %over
  (make-exception
   (make-docker-error 'cancelled 0)
   (make-exception-with-origin 'build-docker-image)
   (make-exception-with-message
    "progress: the build that it was called for is over")))

(define (call-watched build progress)
  "Call BUILD, on another thread, with a procedure that is to be called from C,
and return what it returns.  Call PROGRESS meanwhile; leaving it by anything
but a return stops the build."
  (define mutex (make-mutex))
  (define finished (make-condition-variable))
  (define status #f)
  (define news '(0 . 0))
  (define stopped? #f)

  (define (callback data done total)
    (set! news (cons done total))
    (if stopped? 1 0))

  (define (work)
    (let ((result (with-exception-handler identity
                    (lambda ()
                      (build callback))
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
           (match news
             ((done . total)
              (progress done total)
              (loop))))
          ((? exception? exception)
           (raise-exception exception))
          (status status))))
    (lambda ()
      (set! stopped? #t)
      (call-with-blocked-asyncs
       (lambda ()
         (join-thread thread))))))

(define* (call-build-docker-image #:key image paths prefix repository
                                  extra-files transformations system database
                                  entry-point environment compressor
                                  creation-time max-layers root-system
                                  history threads progress)
  "Call the library with the given arguments and return its report, or raise
its error or the exception that PROGRESS raised.  Strings are bytevectors;
what is optional may be #f.  CREATION-TIME is a number of seconds, MAX-LAYERS
0 for a single layer, HISTORY a number."
  (define build
    (library-function "build_docker_image" int32 '(* * *)))

  (define arena
    (make-arena))

  (define options
    (list (sizeof %options-type)
          (bytes->pointer arena image)
          (strings->pointer arena paths) (length paths)
          (bytes->pointer arena prefix)
          (bytes->pointer arena repository)
          (directives->pointer arena extra-files) (length extra-files)
          (pairs->pointer arena transformations) (length transformations)
          (bytes->pointer arena system)
          (optional->pointer arena database)
          (strings->pointer arena entry-point) (length (or entry-point '()))
          (pairs->pointer arena environment) (length environment)
          (strings->pointer arena compressor) (length (or compressor '()))
          creation-time
          max-layers
          (optional->pointer arena root-system)
          history
          threads))

  (let* ((report (make-bytevector (sizeof '*) 0))
         (error (make-bytevector (sizeof '*) 0))
         (status (call-watched
                  (lambda (callback)
                    (let ((callback
                           (keep! arena
                                  (procedure->pointer
                                   int callback (list '* uint64 uint64)))))
                      (build (make-c-struct %options-type
                                            (append options
                                                    (list callback
                                                          %null-pointer)))
                             (bytevector->pointer report)
                             (bytevector->pointer error))))
                  progress)))
    ;; This also keeps the arena alive until here.
    (set-arena-kept! arena '())
    (if (zero? status)
        (take-result report read-report "guix_docker_report_free")
        (raise-exception
         (take-result error read-error "guix_docker_error_free")))))

(define (take-result cell read free)
  "Return what READ makes of the structure whose address is in CELL, and give
it back to the library's function FREE."
  (let* ((pointer (dereference-pointer (bytevector->pointer cell)))
         (result (read pointer)))
    ((library-function free void '(*)) pointer)
    result))

;;; ffi.scm ends here
