;;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Errors: arguments of the wrong shape, and how conditions are caught.

(use-modules (support)
             (guix docker)
             ((guix docker structures) #:select (%error))
             (ice-9 exceptions)
             (ice-9 match)
             (rnrs bytevectors)
             ((rnrs conditions) #:prefix rnrs:)
             ((rnrs exceptions) #:prefix rnrs:)
             (srfi srfi-1)
             (srfi srfi-19)
             ((srfi srfi-34) #:prefix srfi-34:)
             ((srfi srfi-35) #:prefix srfi-35:)
             (srfi srfi-64)
             (system foreign))

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
     ((directory "/a\x00b")) ((file "/a\x00b")) (("/a\x00b" -> "/"))
     (("/a" -> "/\x00")) ((directory "/a" 0 0 #o10001))
     ((directory "/a" 0 0 ,(expt 2 32))) ((directory "/a" 0 0 ,(expt 10 30)))
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
     (("/a\x00b" -> "/b")) (("/a" -> "/b\x00"))
     (("/a" -> "/b") . x))
    ("system" ,(lambda (value) (build #:system value))
     #f 1 x86_64 "" "pdp11" "x86_64\x00")
    ("database" ,(lambda (value) (build #:database value))
     1 "" "relative" ("/a") #t "/a\x00b")
    ("entry-point" ,(lambda (value) (build #:entry-point value))
     1 "/bin/sh" (1) (#f) ("a" . "b") #t ("a\x00b"))
    ("environment" ,(lambda (value) (build #:environment value))
     #f 1 ("A") (("A")) (("A" "b")) (("A" . 1)) ((1 . "b")) (("" . "b"))
     (("A=" . "b")) (("A" . "b") . x) (("A\x00" . "b")) (("A" . "b\x00")))
    ("compressor" ,(lambda (value) (build #:compressor value))
     1 "gzip" (1) ("") (#f) ("gzip" . "-9") #t ("gzip\x00"))
    ("creation-time" ,(lambda (value) (build #:creation-time value))
     #f 1 "now" ,(make-time time-tai 0 1) ,(make-time time-duration 0 1)
     ,(make-time time-utc 0 (expt 10 30)) ,(make-time time-utc 0 1/2)
     ,(make-time time-utc 0 1.5)
     ,(make-time time-utc 0 (- (expt 2 63)))
     ,(make-time time-utc 0 (- (expt 2 63) 1))
     ,(make-time time-utc 0 253402300800))
    ("max-layers" ,(lambda (value) (build #:max-layers value))
     -3 0 1 "2" 2.0 5/2 #t two ,(- (expt 10 30)))
    ("root-system" ,(lambda (value) (build #:root-system value))
     1 "" "relative" #t "/a\x00b")
    ("history" ,(lambda (value) (build #:history value))
     #f 1 "layers" all ())
    ("ownership" ,(lambda (value) (build #:ownership value))
     #f 1 "/a" ("/a") (("/a")) (("/a" 0)) (("/a" 0 0 0)) (("/a" 0 "root"))
     (("/a" -1 0)) (("/a" 0 ,(expt 2 32))) (("/a" ,(- (expt 2 32) 1) 0))
     (("/a" 0.0 0)) (("/.." 0 0)) (("" 0 0)) ((1 0 0)) (("/a\x00b" 0 0))
     (("/a" 0 0) . x) ,(circular))
    ("modes" ,(lambda (value) (build #:modes value))
     #f 1 "keep" drop ())
    ("xattrs" ,(lambda (value) (build #:xattrs value))
     #f 1 "keep" reference ())
    ("whiteouts" ,(lambda (value) (build #:whiteouts value))
     #f 1 "allow" keep ())
    ("parent-directories" ,(lambda (value) (build #:parent-directories value))
     0 1 "yes" yes ())
    ("variant" ,(lambda (value)
                  (build #:system "armhf-linux" #:variant value))
     1 v7 "" "7" "v4" "v7\x00" #t)
    ("config-keys" ,(lambda (value) (build #:config-keys value))
     #f 1 "spec" keep ())
    ("names" ,(lambda (value) (build #:names value))
     #f 1 "a" ("A") ("") (1) ("a" "a:latest") ("a@sha256:b") ("a\x00"))
    ("cmd" ,(lambda (value) (build #:cmd value))
     1 "a" (1) #t ("a\x00"))
    ("user" ,(lambda (value) (build #:user value))
     1 "" "a:b:c" "a b" #t)
    ("working-directory" ,(lambda (value) (build #:working-directory value))
     1 "" "a" "/a/.." #t)
    ("exposed-ports" ,(lambda (value) (build #:exposed-ports value))
     #f 80 (80) ("0") ("80/x") "80")
    ("volumes" ,(lambda (value) (build #:volumes value))
     #f "/a" ("a") (1))
    ("labels" ,(lambda (value) (build #:labels value))
     #f "a" ("a") (("a" . 1)) (("" . "b")) (("a" . "b") ("a" . "c")))
    ("stop-signal" ,(lambda (value) (build #:stop-signal value))
     9 "" "SIGNOT" #t)
    ("health-check" ,(lambda (value) (build #:health-check value))
     1 "" "{}" () ((Test . #("NO"))) ((1 . 2)) #t ,(circular))
    ("author" ,(lambda (value) (build #:author value))
     1 #t "a\x00")
    ("config" ,(lambda (value) (build #:config value))
     1 "" "[]" #(1) ((rootfs . ())) ((a . symbol)) ((a . 1/2)) ((a . ,(/ 0. 0.)))
     #t ,(circular))
    ("archive-digest" ,(lambda (value) (build #:archive-digest value))
     0 1 "yes" ())
    ("format" ,(lambda (value) (build #:format value))
     #f 1 "oci" oci-directory ())
    ("annotations" ,(lambda (value)
                      (build #:format 'oci-archive #:annotations value))
     #f "a" ("a") (("a" . 1)) (("" . "b")) (("a" . "b") ("a" . "c"))
     (("org.opencontainers.image.ref.name" . "a")))
    ("reuse" ,(lambda (value) (build #:format 'oci-archive #:reuse value))
     1 "a" (1) #t ("a\x00") (""))
    ("immutable-paths" ,(lambda (value) (build #:immutable-paths value))
     0 1 "yes" ())
    ("layering" ,(lambda (value) (build #:layering value))
     #f 1 "references" by-size ())
    ("references-graphs" ,(lambda (value)
                            (build #:layering 'references
                                   #:references-graphs value))
     #f 1 "/a" ("a") (1) ("/a\x00") ("/a/.."))
    ("base" ,(lambda (value) (build #:base value))
     1 #t ("a") "" "a\x00")
    ("base-name" ,(lambda (value) (build #:base-name value))
     1 #t ("a") "a" "a\x00")
    ("threads" ,(lambda (value) (build #:threads value))
     #f -1 1.0 "1" ,(expt 2 32) ,(expt 10 30) many)
    ("progress" ,(lambda (value) (build #:progress value))
     #f 1 display-it)))

(define messages
  ;; What is wrong with values that C would take for others, or not at all, is
  ;; said as the library says it of their neighbours.
  `(("max-layers: 0 is below 2; a layered image has 2 layers or more"
     #:max-layers 0)
    ("max-layers: 1 is below 2; a layered image has 2 layers or more"
     #:max-layers 1)
    ("max-layers: -1 is below 2; a layered image has 2 layers or more"
     #:max-layers -1)
    (,(format #f "max-layers: ~a is below 2; a layered image has 2 layers or more"
              (- (expt 10 30)))
     #:max-layers ,(- (expt 10 30)))
    ("extra-files: the mode 10000 of the directory \"/a\" is above 7777"
     #:extra-files ((directory "/a" 0 0 #o10000)))
    ("extra-files: the mode 10001 of the directory \"/a\" is above 7777"
     #:extra-files ((directory "/a" 0 0 #o10001)))
    ("extra-files: -1 is out of range"
     #:extra-files ((directory "/a" 0 0 -1)))
    ("extra-files: 4294967296 is out of range"
     #:extra-files ((directory "/a" 0 0 ,(expt 2 32))))
    (,(format #f "creation-time: ~a seconds is not in the years 0 to 9999"
              (- (expt 2 63)))
     #:creation-time ,(make-time time-utc 0 (- (expt 2 63))))
    ("creation-time: 253402300800 seconds is not in the years 0 to 9999"
     #:creation-time ,(make-time time-utc 0 253402300800))
    (,(format #f "creation-time: ~a is out of range" (expt 2 63))
     #:creation-time ,(make-time time-utc 0 (expt 2 63)))
    ("threads: -1 is out of range" #:threads -1)
    ("threads: 4294967296 is out of range" #:threads ,(expt 2 32))
    ("history: all is none of (layers one none)" #:history all)
    ("modes: all is none of (guix keep)" #:modes all)
    ("ownership: 4294967296 is out of range"
     #:ownership (("/a" 0 ,(expt 2 32))))
    ("ownership: nothing can belong to 4294967295, as \"/a\" is to"
     #:ownership (("/a" 0 ,(- (expt 2 32) 1))))
    ("variant: \"v9\" is not a variant of arm, which has v5, v6, v7, v8"
     #:system "armhf-linux" #:variant "v9")
    ("variant: \"v1\": riscv64 has no variants"
     #:system "riscv64-linux" #:variant "v1")
    ("database: \"/a\\x00b\" contains a NUL" #:database "/a\x00b")
    ("root-system: \"/a/..\" contains \"..\"" #:root-system "/a/..")))

(define (tell value)
  "Return the beginning of VALUE's text, which may have no end."
  (if (and (pair? value) (not (proper-or-dotted? value)))
      "a circular list"
      (object->string value)))

(define (proper-or-dotted? value)
  (or (list? value) (dotted-list? value)))

(define (read-error status errno message argument)
  "Return what becomes of an error of the library with these members."
  (let* ((message (string->pointer message))
         (argument (if argument (string->pointer argument) %null-pointer))
         (types (map second %error))
         (error (make-c-struct types
                               (list (sizeof types) status errno message
                                     argument)))
         (result ((@@ (guix docker ffi) read-error) error)))
    ;; So that they are not collected before.
    (and message argument
         result)))

(define* (freed proc #:optional (then identity))
  "Call PROC as those are called who read what the library returns, with a
procedure to fill in the address of that.  Return the addresses that were
freed, and what PROC returned, given to THEN, or raised."
  (define addresses '())

  (define (free pointer)
    (set! addresses (cons (pointer-address pointer) addresses)))

  (define result
    (with-exception-handler identity
      (lambda ()
        (then ((@@ (guix docker ffi) call-with-cell) free
               (lambda (cell)
                 (proc (lambda (address)
                         (bytevector-uint-set! cell 0 address
                                               (native-endianness)
                                               (bytevector-length cell))))))))
      #:unwind? #t))

  (list addresses result))

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
   (for-each
    (match-lambda
      ((message . arguments)
       (test-equal (string-append "the message " (object->string message))
         (list 'invalid-argument message)
         (failure (lambda () (apply build arguments))))))
    messages)
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

   ;; As the library hands them over.
   (for-each
    (match-lambda
      ((name status argument message expected-status expected-message)
       (test-equal (string-append "an error of the library: " name)
         (list expected-status expected-message 5)
         (let ((error (read-error status 5 message argument)))
           (list (docker-error-status error)
                 (message-of error)
                 (docker-error-system-error error))))))
    '(("the first status" 1 #f "why" invalid-argument "why")
      ("the last status" 11 #f "why" internal "why")
      ("a later library's status" 12 #f "why" unknown "why")
      ("a much later library's status" 2147483647 #f "why" unknown "why")
      ("no status" 0 #f "why" unknown "why")
      ("a negative status" -1 #f "why" unknown "why")
      ("an argument of one word" 4 "paths" "paths: a_b" input "paths: a_b")
      ("an argument of two words" 1 "max_layers" "max_layers: a_b: max_layers"
       invalid-argument "max-layers: a_b: max_layers")
      ("a later library's argument" 1 "one_of_many_words"
       "one_of_many_words: why" invalid-argument "one-of-many-words: why")
      ("a file, not an argument" 4 #f "max_layers: why" input
       "max_layers: why")))

   ;; What the library allocated is given back.
   (test-equal "what is returned is freed once, and the result kept"
     '((1234) result)
     (freed (lambda (fill)
              (fill 1234)
              'result)))
   (test-equal "nothing is freed if nothing is returned" '(() result)
     (freed (lambda (fill)
              'result)))
   (test-equal "what cannot be read is freed" '((1234) wrong)
     (freed (lambda (fill)
              (fill 1234)
              (raise-exception 'wrong))))
   (test-equal "it is freed once by those who come back" '((1234) 2)
     (let ((continuation #f)
           (times 0))
       (freed (lambda (fill)
                (fill 1234)
                (call/cc (lambda (return)
                           (set! continuation return)))
                (set! times (+ times 1))
                times)
              (lambda (result)
                (when (= times 1)
                  (continuation #f))
                result))))

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
