;;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Leaving the progress callback in every way there is, and interrupting a
;;; build.

(use-modules (support)
             (guix docker)
             (ice-9 control)
             (ice-9 exceptions)
             (ice-9 match)
             (ice-9 threads)
             (srfi srfi-1)
             (srfi srfi-64))

(define calls 0)

(define (slowly proc)
  "Build an image that takes long, with PROC as the callback."
  (set! calls 0)
  (build-docker-image image (list long-item) "/prefix"
                      #:compressor '("sh" "-c" "sleep 60")
                      #:progress (lambda (done total)
                                   (set! calls (+ calls 1))
                                   (proc))))

(define writers
  '(("uncompressed" #f)
    ("gzip" ("gzip" "-1"))
    ("a filter" ("cat"))))

(define tasks-before
  ;; Set when Guile has started its own threads.
  0)

(define (stopped-cleanly?)
  "Was the callback called once, and is nothing left of the build?"
  (and (= 1 calls)
       (clean?)
       (<= (task-count) tasks-before)))

(define (interrupted)
  "Send this process SIGINT in a while and return a thread to join."
  (let ((self (getpid)))
    (call-with-new-thread
     (lambda ()
       (usleep 300000)
       (kill self SIGINT)))))

(run-tests "callbacks"
 (lambda ()
   ;; So that Guile's own thread for signals is there.
   (sigaction SIGALRM (const #t))
   (test-assert "a callback that returns anything"
     (every (lambda (value)
              (build #:compressor '("sh" "-c" "sleep 0.2; cat")
                     #:progress (lambda (done total) value))
              (delete-file image)
              #t)
            '(#f 0 1 "text" ())))
   (test-assert "a callback that returns no value, or several"
     (begin
       (build #:compressor '("sh" "-c" "sleep 0.2; cat")
              #:progress (lambda (done total) (values)))
       (build #:compressor '("sh" "-c" "sleep 0.2; cat")
              #:progress (lambda (done total) (values 1 2)))
       (delete-file image)
       #t))
   (set! tasks-before (task-count))

   ;; Exceptions.
   (let ((object (make-exception-with-message "mine")))
     (test-eq "the object that was raised is raised again" object
       (raised (lambda () (slowly (lambda () (raise-exception object))))))
     (test-assert "the build was stopped" (stopped-cleanly?)))
   (let ((object (list 'not 'an 'exception)))
     (test-eq "any object can be raised" object
       (raised (lambda () (slowly (lambda () (raise-exception object))))))
     (test-assert "the build was stopped, any object" (stopped-cleanly?)))
   (test-eq "raised as continuable" 'again
     (raised (lambda ()
               (slowly (lambda ()
                         (raise-exception 'again #:continuable? #t))))))
   (test-equal "throw keeps its key and arguments" '(my-key 1 "two")
     (catch 'my-key
       (lambda ()
         (slowly (lambda () (throw 'my-key 1 "two"))))
       list))
   (test-assert "the build was stopped, throw" (stopped-cleanly?))
   (test-equal "error keeps its message" "what: 5"
     (catch 'misc-error
       (lambda ()
         (slowly (lambda () (error "what:" 5))))
       (lambda (key who format-string arguments . rest)
         (apply format #f "~a ~a" arguments))))
   (test-equal "exit keeps its status" '(quit 3)
     (catch 'quit
       (lambda ()
         (slowly (lambda () (exit 3))))
       list))
   (test-assert "the build was stopped, exit" (stopped-cleanly?))
   (test-equal "a callback that takes other arguments" 'wrong-number-of-args
     (exception-kind
      (raised (lambda ()
                (build-docker-image image (list long-item) "/prefix"
                                    #:progress (lambda () #t))))))
   (for-each
    (match-lambda
      ((name compressor)
       (test-equal (string-append "stopped in the middle, " name) 'stop
         (exception-kind
          (raised (lambda ()
                    (build-docker-image image (list long-item) "/prefix"
                                        #:compressor compressor
                                        #:progress
                                        (lambda (done total)
                                          (when (positive? done)
                                            (throw 'stop))))))))
       (test-assert (string-append "nothing is left, " name)
         (and (clean?)
              (<= (task-count) tasks-before)))))
    writers)
   (test-assert "exceptions that the callback handles are its own business"
     (begin
       (build #:compressor '("sh" "-c" "sleep 0.2; cat")
              #:progress (lambda (done total)
                           (false-if-exception (error "handled"))
                           (catch 'key (lambda () (throw 'key)) (const #t))
                           (call/ec (lambda (return) (return 1)))))
       (delete-file image)
       #t))
   (test-assert "nothing is printed about them"
     (string-null?
      (call-with-output-string
        (lambda (port)
          (with-error-to-port port
            (lambda ()
              (raised (lambda () (slowly (lambda () (throw 'stop)))))))))))

   ;; Other exits: the build is stopped, and the caller learns of it.
   (test-assert "an escape continuation"
     (let ((result (raised (lambda ()
                             (call/ec (lambda (return)
                                        (slowly return)))))))
       (and (or (not result) (docker-error? result))
            (stopped-cleanly?))))
   (test-assert "a full continuation"
     (let ((result (raised (lambda ()
                             (call/cc (lambda (return)
                                        (slowly return)))))))
       (and (or (not result) (exception? result))
            (stopped-cleanly?))))
   (test-assert "an exit to a prompt"
     (let* ((tag (make-prompt-tag))
            (result (raised (lambda ()
                              (call-with-prompt tag
                                (lambda ()
                                  (slowly (lambda ()
                                            (abort-to-prompt tag))))
                                (const 'aborted))))))
       (and (or (not result) (docker-error? result))
            (stopped-cleanly?))))
   (test-assert "coming back to the callback when the build is over"
     (let ((saved #f))
       (define result
         (raised (lambda ()
                   (build #:compressor '("sh" "-c" "sleep 0.2; cat")
                          #:progress (lambda (done total)
                                       (call/cc (lambda (here)
                                                  (set! saved here)))))
                   (let ((again saved))
                     (set! saved #f)
                     (again 1)))))
       (delete-file image)
       (exception? result)))
   (test-assert "a build within the callback"
     (let ((inner #f))
       (build #:compressor '("sh" "-c" "sleep 0.2; cat")
              #:progress (lambda (done total)
                           (unless inner
                             (set! inner
                                   (build-docker-image
                                    (string-append image ".inner")
                                    (list item-b) "/prefix")))))
       (delete-file image)
       (delete-file (string-append image ".inner"))
       (image-report? inner)))

   ;; Ctrl-C.
   (let ((old (sigaction SIGINT)))
     (sigaction SIGINT
       (lambda (signal)
         (throw 'interrupted signal)))
     (for-each
      (match-lambda
        ((name compressor)
         (test-equal (string-append "a signal handler that throws, " name)
           'interrupted
           (let ((thread (interrupted)))
             (let ((result (raised
                            (lambda ()
                              (build-docker-image image (list long-item)
                                                  "/prefix"
                                                  #:compressor compressor)))))
               (join-thread thread)
               (and (clean?)
                    (<= (task-count) tasks-before)
                    (exception-kind result)))))))
      (cons '("a compressor that hangs" ("sh" "-c" "sleep 60")) writers))
     (let ((count 0))
       (sigaction SIGINT
         (lambda (signal)
           (set! count (+ count 1))))
       (test-equal "a signal handler that returns is run while building" 1
         (let ((thread (interrupted)))
           (build #:compressor '("sh" "-c" "sleep 0.8; cat"))
           (delete-file image)
           (join-thread thread)
           count)))
     (sigaction SIGINT (car old) (cdr old)))

   ;; Threads of Guile's own.
   (test-assert "builds in several threads at once"
     (let ((names (map (lambda (number)
                         (format #f "~a.~a" image number))
                       (iota 4))))
       (let ((ids (par-map (lambda (name)
                             (image-report-id
                              (build-docker-image
                               name (list item-a item-b) "/prefix"
                               #:creation-time
                               ((@ (srfi srfi-19) make-time)
                                (@ (srfi srfi-19) time-utc) 0 1)
                               #:progress (lambda (done total) (gc)))))
                           names)))
         (for-each delete-file names)
         (= 1 (length (delete-duplicates ids))))))
   (test-assert "other threads run during a build"
     (let* ((count 0)
            (done? #f)
            (thread (call-with-new-thread
                     (lambda ()
                       (while (not done?)
                         (set! count (+ count 1))
                         (usleep 10000))))))
       (build #:compressor '("sh" "-c" "sleep 0.5; cat"))
       (delete-file image)
       (set! done? #t)
       (join-thread thread)
       (> count 10)))
   (test-assert "nothing was left" (clean?))))
