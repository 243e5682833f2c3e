;;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Loaded before each file of tests: a runner that prints one line per test,
;;; and input in the current directory.

(define-module (support)
  #:use-module (guix docker)
  #:use-module (ice-9 binary-ports)
  #:use-module (ice-9 exceptions)
  #:use-module (ice-9 ftw)
  #:use-module (ice-9 match)
  #:use-module (ice-9 textual-ports)
  #:use-module (rnrs bytevectors)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-64)
  #:export (run-tests

            input
            item-a
            item-b
            long-item
            image
            build
            image-text
            image-bytes
            clean?
            task-count
            descriptor-count

            raised
            message-of
            failure))

(setvbuf (current-output-port) 'none)


;;;
;;; The runner.
;;;

(define (detail runner)
  (string-join
   (filter-map (lambda (key)
                 (and=> (test-result-ref runner key)
                        (lambda (value)
                          (format #f "~a: ~s" key value))))
               '(source-file source-line expected-value actual-value
                 actual-error))
   ", "))

(define (report-test runner)
  (define name
    (string-append (string-join (test-runner-group-path runner) ": ")
                   ": " (test-runner-test-name runner)))

  (match (test-result-kind runner)
    ((or 'pass 'xfail)
     (format #t "ok - ~a~%" name))
    ('skip
     (format #t "skip - ~a: not here~%" name))
    (_
     (format #t "not ok - ~a~%#   ~a~%" name (detail runner)))))

(define (run-tests group thunk)
  "Run the tests of THUNK as GROUP and leave Guile with their status."
  (let ((runner (test-runner-null)))
    (test-runner-on-test-end! runner report-test)
    (test-runner-current runner)
    (test-begin group)
    (thunk)
    (test-end group)
    (exit (zero? (+ (test-runner-fail-count runner)
                    (test-runner-xpass-count runner))))))


;;;
;;; Input and images.
;;;

(define input
  (string-append (getcwd) "/input"))

(define item-a
  (string-append input "/item-a"))

(define item-b
  (string-append input "/item-b"))

(define long-item
  ;; Sparse: takes no space, but a while to read.
  (string-append input "/long"))

(define image
  (string-append (getcwd) "/image.tar"))

(define (make-input)
  (for-each (lambda (directory)
              (unless (file-exists? directory)
                (mkdir directory)))
            (list input item-a item-b long-item))
  (call-with-output-file (string-append item-a "/file")
    (lambda (port)
      (display "hello\n" port)))
  (call-with-output-file (string-append item-b "/file")
    (lambda (port)
      (display (make-string 100000 #\b) port)))
  (call-with-output-file (string-append long-item "/sparse")
    (lambda (port)
      (truncate-file port (expt 2 33)))))

(define* (build #:rest arguments)
  "Build IMAGE of one item with further ARGUMENTS."
  (apply build-docker-image image (list item-a) "/prefix" arguments))

(define (image-bytes)
  (call-with-input-file image get-bytevector-all #:binary #t))

(define (image-text)
  "Return the image as text, a character a byte, and remove it."
  (let ((text (call-with-input-file image get-string-all
                #:encoding "ISO-8859-1")))
    (delete-file image)
    text))

(define (clean?)
  "Is there nothing in the current directory but the input?"
  (null? (lset-difference string=? (scandir (getcwd))
                          '("." ".." "input"))))

(define (entry-count directory)
  (length (scandir directory)))

(define (task-count)
  "Return the number of threads of this process.  Those that have been waited
for are given a moment to go."
  (let loop ((attempts 50)
             (least 100000))
    (let ((count (min least (entry-count "/proc/self/task"))))
      (if (zero? attempts)
          count
          (begin
            (usleep 1000)
            (loop (- attempts 1) count))))))

(define (descriptor-count)
  (entry-count "/proc/self/fd"))


;;;
;;; Errors.
;;;

(define (raised thunk)
  "Return what THUNK raises, or #f."
  (with-exception-handler
      (lambda (exception) exception)
    (lambda ()
      (thunk)
      #f)
    #:unwind? #t))

(define (message-of exception)
  (and (exception? exception)
       (exception-with-message? exception)
       (exception-message exception)))

(define (failure thunk)
  "Return the status and the message of the error that THUNK raises, or what
else came of it."
  (let ((exception (raised thunk)))
    (if (docker-error? exception)
        (list (docker-error-status exception) (message-of exception))
        (list 'no-docker-error exception))))

(make-input)
