;;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Errors: arguments of the wrong shape, and how conditions are caught.

(use-modules (support)
             (guix docker)
             (ice-9 exceptions)
             (ice-9 match)
             ((rnrs conditions) #:prefix rnrs:)
             ((rnrs exceptions) #:prefix rnrs:)
             (srfi srfi-1)
             (srfi srfi-19)
             ((srfi srfi-34) #:prefix srfi-34:)
             ((srfi srfi-35) #:prefix srfi-35:)
             (srfi srfi-64))

(define (circular)
  (let ((list (list item-a)))
    (set-cdr! list list)
    list))

(define wrong-shapes
  ;; The argument, how to give it a value, and values that it may not have.
  `(("image" ,(lambda (value)
                (build-docker-image value (list item-a) "/prefix"))
     #f 1 image (,image) "" "a\x00b" "/no/such/directory/" #vu8(97 0 98))
    ("paths" ,(lambda (value)
                (build-docker-image image value "/prefix"))
     #f 1 "/a" (1) (#f) ("relative") ("") ("/a/../b") ("/a" . "/b")
     ,(circular) #("/a"))
    ("prefix" ,(lambda (value)
                 (build-docker-image image (list item-a) value))
     #f 1 "" "a\x00b")
    ("repository" ,(lambda (value) (build #:repository value))
     #f 1 name "a\x00b")
    ("extra-files" ,(lambda (value) (build #:extra-files value))
     #f 1 "/a" ("/a") (directory "/a") ((directory)) ((directory 1))
     ((directory "/a" 0)) ((directory "/a" "root" "root"))
     ((directory "/a" 0 -2)) ((directory "/a" 0 0 #o10000))
     ((directory "/a" 0 0 -1)) ((directory "/a" 0 0 7.0))
     ((directory "/a" 0 0 #o755 1)) ((directory "/a/.."))
     ((file)) ((file 1)) ((file "/a" 1)) ((file "/a" "b" "c"))
     ((file "/a/b")) ((file "/")) (("/a" -> 1)) ((1 -> "/a")) (("/a" -> ""))
     (("/a" => "/b")) (("/a" -> "/no/such/file")) ((device "/dev/null"))
     ((directory . "/a")) (()) ((directory "/a") . x) ,(circular))
    ("transformations" ,(lambda (value) (build #:transformations value))
     #f 1 ("/a") (("/a")) (("/a" . "/b")) (("/a" "/b")) (("/a" -> 1))
     ((1 -> "/b")) (("/a" -> "/b" "/c")) (("/a" -> "/../b"))
     (("/a" -> "/b") . x))
    ("system" ,(lambda (value) (build #:system value))
     #f 1 x86_64 "" "pdp11")
    ("database" ,(lambda (value) (build #:database value))
     1 "" "relative" ("/a") #t)
    ("entry-point" ,(lambda (value) (build #:entry-point value))
     1 "/bin/sh" (1) (#f) ("a" . "b") #t)
    ("environment" ,(lambda (value) (build #:environment value))
     #f 1 ("A") (("A")) (("A" "b")) (("A" . 1)) ((1 . "b")) (("" . "b"))
     (("A=" . "b")) (("A" . "b") . x))
    ("compressor" ,(lambda (value) (build #:compressor value))
     1 "gzip" (1) ("") (#f) ("gzip" . "-9") #t)
    ("creation-time" ,(lambda (value) (build #:creation-time value))
     #f 1 "now" ,(make-time time-tai 0 1) ,(make-time time-duration 0 1)
     ,(make-time time-utc 0 (expt 10 30)) ,(make-time time-utc 0 1/2)
     ,(make-time time-utc 0 1.5)
     ,(make-time time-utc 0 (- (expt 2 63)))
     ,(make-time time-utc 0 253402300800))
    ("max-layers" ,(lambda (value) (build #:max-layers value))
     -3 0 1 "2" 2.0 5/2 #t two)
    ("root-system" ,(lambda (value) (build #:root-system value))
     1 "" "relative" #t)
    ("history" ,(lambda (value) (build #:history value))
     #f 1 "layers" all ())
    ("threads" ,(lambda (value) (build #:threads value))
     #f -1 1.0 "1" ,(expt 2 32) many)
    ("progress" ,(lambda (value) (build #:progress value))
     #f 1 display-it)))

(define (tell value)
  "Return the beginning of VALUE's text, which may have no end."
  (if (and (pair? value) (not (proper-or-dotted? value)))
      "a circular list"
      (object->string value)))

(define (proper-or-dotted? value)
  (or (list? value) (dotted-list? value)))

(define (fails)
  (build-docker-image image (list "/no/such/path") "/prefix"))

(define (names-path? text)
  (and (string? text)
       (string-contains text "/no/such/path")))

(run-tests "errors"
 (lambda ()
   (for-each
    (match-lambda
      ((argument set . values)
       (for-each
        (lambda (value)
          (test-assert (format #f "~a is ~a" argument (tell value))
            (match (failure (lambda () (set value)))
              (((or 'invalid-argument 'unsupported-system) message)
               (and (string-prefix? argument message)
                    (clean?))))))
        values)))
    wrong-shapes)
   (test-equal "an unknown keyword" 'keyword-argument-error
               (exception-kind
                (raised (lambda () (build #:no-such-keyword 1)))))

   ;; What is raised.
   (let ((error (raised fails)))
     (test-assert "it is an exception" (exception? error))
     (test-assert "it is an error" (error? error))
     (test-assert "it is of our type" (docker-error? error))
     (test-equal "the status" 'input (docker-error-status error))
     (test-equal "the system's error number" ENOENT
                 (docker-error-system-error error))
     (test-equal "the origin" 'build-docker-image (exception-origin error))
     (test-assert "the message" (names-path? (exception-message error)))
     (test-assert "the message as SRFI-35 has it"
       (and (srfi-35:message-condition? error)
            (names-path? (srfi-35:condition-message error))))
     (test-assert "it is an error to SRFI-35"
       (and (srfi-35:condition? error)
            (srfi-35:serious-condition? error)))
     (test-assert "the message as R6RS has it"
       (and (rnrs:message-condition? error)
            (names-path? (rnrs:condition-message error))
            (rnrs:serious-condition? error)
            (eq? 'build-docker-image (rnrs:condition-who error))))
     (test-assert "a system error's number when there is none"
       (zero? (docker-error-system-error
               (raised (lambda () (build #:max-layers 1)))))))

   ;; How it is caught.
   (test-assert "R6RS guard"
     (names-path?
      (rnrs:guard (condition ((docker-error? condition)
                              (rnrs:condition-message condition)))
        (fails))))
   (test-assert "SRFI-34 guard"
     (names-path?
      (srfi-34:guard (condition ((srfi-35:message-condition? condition)
                                 (srfi-35:condition-message condition)))
        (fails))))
   (test-assert "Guile's guard"
     (names-path?
      (guard (condition ((docker-error? condition)
                         (exception-message condition)))
        (fails))))
   (test-equal "a guard that does not match lets it through" 'outer
     (guard (condition (#t 'outer))
       (guard (condition ((string? condition) 'inner))
         (fails))))
   (test-assert "with-exception-handler, without unwinding"
     (names-path?
      (call-with-current-continuation
       (lambda (return)
         (with-exception-handler
             (lambda (error)
               (return (exception-message error)))
           fails)))))
   (test-assert "catch #t"
     (match (catch #t fails list)
       (('%exception error)
        (names-path? (exception-message error)))))
   (test-assert "catch '%exception"
     (names-path? (catch '%exception fails
                    (lambda (key error)
                      (exception-message error)))))
   (test-assert "false-if-exception" (not (false-if-exception (fails))))
   (test-assert "dynamic-wind is run"
     (let ((left? #f))
       (false-if-exception
        (dynamic-wind (const #t) fails (lambda () (set! left? #t))))
       left?))
   (test-assert "print-exception shows the message"
     (names-path? (call-with-output-string
                    (lambda (port)
                      (catch #t fails
                        (lambda (key . arguments)
                          (print-exception port #f key arguments)))))))
   (test-assert "an error that nobody catches is shown with its message"
     (let* ((file "uncaught.txt")
            (status (system
                     (string-append
                      (or (getenv "GUILE") "guile") " -q --no-auto-compile -c "
                      "'(use-modules (guix docker)) (build-docker-image \""
                      image "\" (list \"/no/such/path\") \"/prefix\")' 2>"
                      file)))
            (text (call-with-input-file file (@ (ice-9 textual-ports)
                                                get-string-all))))
       (delete-file file)
       (and (not (zero? status))
            (names-path? text))))

   ;; After errors.
   (test-equal "a hundred errors leave no descriptor and no thread" '(#t #t)
     (let ()
       (define (fail-often times)
         (for-each (lambda (_)
                     (raised fails)
                     (raised (lambda () (build #:compressor '("false")))))
                   (iota times))
         ;; What Guile's own threads had is collected.
         (gc)
         (list (descriptor-count) (task-count)))

       ;; Not one more for every few errors.
       (let ((before (fail-often 10)))
         (map (lambda (one other)
                (or (<= other (+ one 3))
                    (list one other)))
              before
              (fail-often 50)))))
   (test-assert "and builds go on working"
     (let ((report (build)))
       (delete-file image)
       (image-report? report)))
   (test-assert "nothing was left" (clean?))))
