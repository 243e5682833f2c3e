;;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Showing progress: the text, when it is written, and that nothing of it is
;;; left on a terminal.

(use-modules (guix docker)
             (guix docker progress)
             (ice-9 match)
             (ice-9 regex)
             (ice-9 textual-ports)
             (srfi srfi-1)
             (srfi srfi-64)
             (support))

(define describe
  (@@ (guix docker progress) describe))

(define make-progress
  (@@ (guix docker progress) make-progress))

(define (count-matches pattern text)
  (length (list-matches pattern text)))

;; Frames begin with this, in which the terminal is told not to wrap lines.
(define frame "\r\x1b\\[\\?7l")

(define clear "\r\x1b[K")

(define (written redraw? interval events)
  "Return what is written when EVENTS, a list of times and arguments, are told
to a progress of that kind."
  (call-with-output-string
    (lambda (port)
      (let* ((time 0)
             (progress (make-progress port redraw? interval
                                      (lambda () time))))
        (for-each (match-lambda
                    ('finish
                     (finish-progress progress))
                    ((now . arguments)
                     (set! time now)
                     (apply progress arguments)))
                  events)))))

(define (script-prints terminal? . expressions)
  "Run EXPRESSIONS, strings, in another Guile, on a terminal if TERMINAL? is
true, and return what it prints to its standard output and error."
  (call-with-output-file "child.scm"
    (lambda (port)
      (for-each (lambda (expression)
                  (display expression port)
                  (newline port))
                (cons "(use-modules (guix docker) (guix docker progress))"
                      expressions))))
  (let ((command (string-append (or (getenv "GUILE") "guile")
                                " --no-auto-compile -q child.scm")))
    (if terminal?
        (system* "env" "TERM=xterm" "script" "-q" "-c" command
                 "child.txt")
        (system* "sh" "-c" (string-append command " >child.txt 2>&1"))))
  (let ((text (call-with-input-file "child.txt" get-string-all)))
    (for-each delete-file '("child.scm" "child.txt"))
    ;; 'script' has a line of its own at the beginning and at the end.
    (if terminal?
        (regexp-substitute/global
         #f "(^Script started[^\n]*\n|\n*Script done[^\n]*\n$)" text
         'pre 'post)
        text)))

(define slow-build
  ;; An expression that builds an image for a second or two.
  (format #f "(build-docker-image ~s (list ~s) \"/prefix\"
 #:compressor '(\"sh\" \"-c\" \"sleep 1.5; cat\")
 #:progress (progress-bar))"
          image item-b))

(define script?
  (zero? (system* "sh" "-c" "command -v script >/dev/null")))

(run-tests "progress"
 (lambda ()
   ;; The text.
   (for-each
    (match-lambda
      ((expected arguments ...)
       (test-equal (string-append "text: " expected) expected
         (apply describe arguments))))
    `(("listing 0 files" 0 0 scanning 0 #t)
      ("listing: 1234 files" 1234 0 scanning 9 #f)
      ("writing: 0 bytes of 999 bytes (0 %)" 0 999 writing 0 #f)
      ("writing: 500 bytes of 1 kB (50 %)" 500 1000 writing 1/10 #f)
      ("writing: 500 bytes of 1 kB (50 %), 250 bytes/s, 2 s left"
       500 1000 writing 2 #f)
      ("reading: 1.2 MB of 3 MB (40 %), 120 kB/s, 15 s left"
       1200000 3000000 comparing 10 #f)
      ("writing: 999 kB of 1 MB (100 %), 999 kB/s, 0 s left"
       999499 999500 writing 1 #f)
      ("writing: 1 byte of 3.6 kB (0 %), 1 byte/s, 59:59 left"
       1 3600 writing 1 #f)
      ("writing: 1 byte of 10 kB (0 %), 1 byte/s, 2:46:39 left"
       1 10000 writing 1 #f)
      ("writing: 2 GB of 2 GB (100 %), 1 GB/s, 0 s left"
       2000000000 2000000000 writing 2 #f)
      ("writing: 5000 EB of 5000 EB (100 %)"
       ,(* 5 (expt 10 21)) ,(* 5 (expt 10 21)) writing 0 #f)
      ;; No more than all.
      ("writing: 10 bytes of 10 bytes (100 %), 10 bytes/s, 0 s left"
       11 10 writing 1 #f)
      ("writing [>                             ] 0 bytes of 100 bytes"
       0 100 writing 0 #t)
      ("writing [===============>              ] 50 bytes of 100 bytes"
       50 100 writing 0 #t)
      ("writing [==============================] 100 bytes of 100 bytes"
       100 100 writing 0 #t)))

   ;; When it is written.
   (test-equal "a bar is drawn at once, and ten times a second at most" 11
     (count-matches frame
                    (written #t 1/10
                             (map (lambda (step)
                                    (list (/ step 50) step 50 'writing))
                                  (iota 51)))))
   (test-assert "it is removed at the end"
     (string-suffix? clear
                     (written #t 1/10 '((0 0 10 writing) finish))))
   (test-equal "it is removed once" 1
     (count-matches "\r\x1b\\[K"
                    (written #t 1/10
                             '((0 0 10 writing) finish finish))))
   (test-equal "nothing is removed if nothing was drawn" ""
     (written #t 1/10 '(finish)))
   (test-equal "it can be used again" 2
     (count-matches frame
                    (written #t 1/10
                             '((0 0 10 writing) finish
                               (1/100 0 10 writing) finish))))
   (test-equal "the rate is that of the phase"
     "writing: 0 bytes of 100 bytes (0 %)
writing: 50 bytes of 100 bytes (50 %), 5 bytes/s, 10 s left\n"
     (written #f 5 '((0 1 0 scanning) (4 1 0 scanning)
                     (20 0 100 writing) (30 50 100 writing)
                     finish)))
   (test-equal "a log has a line every few seconds"
     "writing: 50 bytes of 100 bytes (50 %), 10 bytes/s, 5 s left
writing: 95 bytes of 100 bytes (95 %), 9 bytes/s, 1 s left\n"
     (written #f 5 (append (map (lambda (second)
                                  (list second (* 10 second) 100 'writing))
                                (iota 10))
                           '((10 95 100 writing) finish))))
   (test-equal "and nothing about a build that takes no time" ""
     (written #f 5 '((0 0 10 writing) (1 10 10 writing) finish)))
   (test-equal "a procedure of two arguments does, too"
     "writing: 5 bytes of 10 bytes (50 %), 1 byte/s, 5 s left\n"
     (written #f 5 '((0 0 10) (5 5 10))))
   (test-assert "a port that cannot be written to stops nothing"
     (call-with-output-file "/dev/full"
       (lambda (port)
         (let ((progress (make-progress port #t 0 (const 0))))
           (progress 0 10 'writing)
           (progress 5 10 'writing)
           (finish-progress progress)
           #t))))
   (test-assert "other procedures have nothing to finish"
     (begin
       (finish-progress (lambda (done total) #t))
       (finish-progress +)
       #t))

   ;; Builds.
   (test-equal "where there is no terminal, a short build says nothing" "done\n"
     (let ((text (script-prints #f slow-build
                                "(display \"done\\n\")")))
       (delete-file image)
       text))
   ;; They take longer to load than a small image to build.
   (test-equal "no module of Guile's debugger is loaded where nothing is shown"
     "(#f #f)\n"
     (let ((text (script-prints
                  #f
                  (format #f "(build-docker-image ~s (list ~s) \"/prefix\"
 #:compressor '(\"sh\" \"-c\" \"sleep 0.2; cat\"))"
                          image item-b)
                  "(write (map (lambda (name)
  (resolve-module (list 'system 'vm name) #f #:ensure #f))
 '(program debug)))"
                  "(newline)")))
       (delete-file image)
       text))
   (unless script?
     (test-skip 3))
   (test-assert "on a terminal the bar is drawn, and removed"
     (let ((text (script-prints #t slow-build
                                "(display \"done\\n\")")))
       (delete-file image)
       (and (<= 5 (count-matches frame text) 40)
            (string-contains text "writing [")
            (string-contains text (string-append clear "done")))))
   (test-assert "also when the build fails"
     (let ((text (script-prints
                  #t
                  "(catch #t (lambda ()"
                  (format #f "(build-docker-image ~s (list ~s) \"/prefix\"
 #:compressor '(\"sh\" \"-c\" \"sleep 0.5; exit 3\")
 #:progress (progress-bar)))"
                          image item-b)
                  "(lambda _ (display \"failed\\n\")))")))
       (and (positive? (count-matches frame text))
            (string-contains text (string-append clear "failed")))))
   (test-assert "and when the terminal can do nothing"
     (let ((text (script-prints
                  #t "(setenv \"TERM\" \"dumb\")" slow-build
                  "(display \"done\\n\")")))
       (delete-file image)
       (string=? "done" (string-trim-both text))))
   (test-assert "nothing was left" (clean?))))
