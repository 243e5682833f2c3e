;;; SPDX-License-Identifier: GPL-3.0-or-later
;;; -*- coding: utf-8 -*-
;;;
;;; Build all cases with the (guix docker) that is first on the load path.
;;;
;;; usage: guile -s build.scm reference|ours DIRECTORY
;;;
;;; For the Nth case DIRECTORY gets N.image, or N.error with the message.  The
;;; reference's DIRECTORY also gets N.same, the image a promise refers to, and
;;; the file "index": a line of tab-separated words for each case.

(use-modules (cases)
             (guix docker)
             (ice-9 format)
             (ice-9 match)
             (srfi srfi-1)
             (srfi srfi-19))

(define side (string->symbol (second (command-line))))
(define directory (third (command-line)))
(define ours? (eq? side 'ours))

;; A comparison of a module with itself would always succeed.
(unless (eq? ours? (->bool (module-variable (resolve-module '(guix docker))
                                            'image-report-id)))
  (format (current-error-port) "not the (guix docker) of ~a~%" side)
  (exit 1))

(define %work "/tmp/docker-image")      ;where the reference works

(define (clean-up)
  "Remove what a failure of the reference left behind."
  (chdir "/tmp")
  (when (file-exists? %work)
    (system* "rm" "-rf" %work)))

(define (build image paths keywords)
  (let loop ((keywords keywords)
             (image    image)
             (prefix   "/gnu/store/profile")
             (system   "x86_64-linux")
             (time     1)
             (result   '()))
    (match keywords
      (()
       (apply build-docker-image image paths prefix
              (append (if (eq? system 'default) '() `(#:system ,system))
                      `(#:creation-time ,(make-time time-utc 0 time))
                      (if ours? '(#:history one) '())
                      (reverse result))))
      ((#:image image . rest)
       (loop rest image prefix system time result))
      ((#:prefix prefix . rest)
       (loop rest image prefix system time result))
      ((#:system system . rest)
       (loop rest image prefix system time result))
      ((#:creation-time time . rest)
       (loop rest image prefix system time result))
      ((keyword value . rest)
       (loop rest image prefix system time (cons* value keyword result))))))

(define (write-report file report)
  "Write what ours returned to FILE, a word a line."
  (define (access name record)          ;not bound in the reference
    ((eval name (resolve-module '(guix docker))) record))

  (call-with-output-file file
    (lambda (port)
      (format port "~a~%~a~%~{~a~%~}"
              (access 'image-report-id report)
              (access 'image-report-size report)
              (map (lambda (layer) (access 'layer-report-diff-id layer))
                   (access 'image-report-layers report))))))

(define (attempt n suffix paths keywords)
  "Build a case into the file N.SUFFIX or write N.error."
  (let ((file (format #f "~a/~a" directory n)))
    (with-exception-handler
        (lambda (exception)
          (call-with-output-file (string-append file ".error")
            (lambda (port)
              (print-exception port #f (exception-kind exception)
                               (exception-args exception)))))
      (lambda ()
        (let ((report (build (string-append file suffix) paths keywords)))
          (when ours?
            (write-report (string-append file ".report") report))))
      #:unwind? #t)
    (clean-up)))

(define (word object)
  "OBJECT as a word of an index line."
  (call-with-output-string
    (lambda (port)
      (string-for-each (match-lambda
                         (#\tab (display "\\t" port))
                         (#\newline (display "\\n" port))
                         (chr (display chr port)))
                       (if (string? object)
                           object
                           (object->string object))))))

(define (index-line n name expectation paths keywords)
  (define (given keyword)
    (match (memq keyword keywords)
      (#f #f)
      ((_ value . _) value)))

  (string-join
   (map word
        (list (number->string n) name expectation
              (if (given #:max-layers) "layered" "single")
              (match (given #:compressor)
                (#f "none")
                ((command . _) (basename command)))
              ;; Whether all layers hold what is on disk under these names.
              (if (or (given #:transformations) (given #:root-system)
                      (given #:database)
                      (and (given #:extra-files)
                           (not (given #:max-layers))))
                  "no"
                  "yes")))
   "\t"))

(define (expectation promise)
  "PROMISE for compare.py: a word, and lines in a file if need be."
  (match promise
    (('error regexp) (string-append "error " regexp))
    (('config regexp) (string-append "config " regexp))
    (('same . _) "same")
    (('members . _) "members")
    (('merged) "merged")))

(define (write-members n layers)
  (call-with-output-file (format #f "~a/~a.members" directory n)
    (lambda (port)
      (for-each (lambda (layer)
                  (for-each (lambda (name)
                              (display name port)
                              (display #\nul port))
                            layer)
                  (newline port))
                layers))))

(setvbuf (current-output-port) 'line)
(setlocale LC_ALL "")
(umask #o022)
(clean-up)

(define lines
  (append
   (map (match-lambda*
          (((name paths . keywords) n)
           (attempt n ".image" paths keywords)
           (index-line n name "like" paths keywords)))
        cases (iota (length cases)))
   (map (match-lambda*
          (((name reference promise paths . keywords) n)
           (attempt n ".image" paths keywords)
           (unless ours?
             (match promise
               (('same paths . keywords) (attempt n ".same" paths keywords))
               (('members . layers) (write-members n layers))
               (_ #t)))
           (index-line n name
                       (string-append (symbol->string reference) " "
                                      (expectation promise))
                       paths keywords)))
        promises (iota (length promises) (length cases)))))

(call-with-output-file (string-append directory "/index")
  (lambda (port)
    (for-each (lambda (line)
                (display line port)
                (newline port))
              lines)))
