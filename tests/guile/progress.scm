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
    '(("scanning" 0 0 scanning 0 #t)
      ("scanning: 1234 files" 1234 0 scanning 9 #t)
      ("writing" 0 0 writing 0 #f)
      ("writing: 0%, 0 B of 999 B" 0 999 writing 0 #f)
      ("writing: 50%, 500 B of 1.0 kB" 500 1000 writing 1/10 #f)
      ("writing: 50%, 500 B of 1.0 kB, 250 B/s, 0:02 left"
       500 1000 writing 2 #f)
      ("comparing: 33%, 1.0 MB of 3.0 MB, 100.0 kB/s, 0:20 left"
       1000000 3000000 comparing 10 #f)
      ("writing: 99%, 999.9 kB of 1.0 MB, 999.9 kB/s, 0:01 left"
       999949 999950 writing 1 #f)
      ("writing: 0%, 1 B of 3.6 kB, 1 B/s, 59:59 left"
       1 3600 writing 1 #f)
      ("writing: 0%, 1 B of 10.0 kB, 1 B/s, 2:46:39 left"
       1 10000 writing 1 #f)
      ("writing: 100%, 2.0 GB of 2.0 GB, 1.0 GB/s, 0:00 left"
       2000000000 2000000000 writing 2 #f)
      ;; No more than all.
      ("writing: 100%, 10 B of 10 B, 10 B/s, 0:00 left"
       11 10 writing 1 #f)
      ("writing [------------------------] 0%, 0 B of 100 B"
       0 100 writing 0 #t)
      ("writing [############------------] 50%, 50 B of 100 B"
       50 100 writing 0 #t)
      ("writing [########################] 100%, 100 B of 100 B"
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
     "writing: 0%, 0 B of 100 B
writing: 50%, 50 B of 100 B, 5 B/s, 0:10 left\n"
     (written #f 5 '((0 1 0 scanning) (4 1 0 scanning)
                     (20 0 100 writing) (30 50 100 writing)
                     finish)))
   (test-equal "a log has a line every few seconds"
     "writing: 50%, 50 B of 100 B, 10 B/s, 0:05 left
writing: 95%, 95 B of 100 B, 9 B/s, 0:01 left\n"
     (written #f 5 (append (map (lambda (second)
                                  (list second (* 10 second) 100 'writing))
                                (iota 10))
                           '((10 95 100 writing) finish))))
   (test-equal "and nothing about a build that takes no time" ""
     (written #f 5 '((0 0 10 writing) (1 10 10 writing) finish)))
   (test-equal "a procedure of two arguments does, too"
     "writing: 50%, 5 B of 10 B, 1 B/s, 0:05 left\n"
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
