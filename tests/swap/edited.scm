;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; usage: guile edited.scm OLD NEW
;;;
;;; Read two files of Guix.  Exit with 0 if all builds of NEW that use
;;; (guix docker), and no others, have our extension, and NEW is OLD otherwise.

(use-modules (ice-9 match)
             (srfi srfi-1))

(define element
  '(@ (gnu packages guix-docker) guix-docker))

;; The syntax of G-expressions, which Guix adds to Guile's.
(read-hash-extend #\~ (lambda (char port)
                        (list 'gexp (read port))))
(for-each (lambda (char)
            (read-hash-extend char (lambda (char port)
                                     (when (eqv? (peek-char port) #\@)
                                       (read-char port))
                                     (list 'ungexp (read port)))))
          '(#\$ #\+))

(define (read-all file)
  (call-with-input-file file
    (lambda (port)
      (let loop ()
        (match (read port)
          ((? eof-object?) '())
          (form (cons form (loop))))))
    #:encoding "ISO-8859-1"))

(define (has? thing tree)
  (or (equal? thing tree)
      (and (pair? tree)
           (or (has? thing (car tree))
               (has? thing (cdr tree))))))

(define swapped-builds 0)

(define (without-element tree)
  "Return TREE with our extension removed from the builds that use
(guix docker)."
  (match tree
    (('with-extensions extensions . body)
     (cons* 'with-extensions
            (if (has? '(guix docker) body)
                (match (delete element extensions)
                  ((and rest (? (lambda (rest)
                                  (= (length extensions)
                                     (+ 1 (length rest))))))
                   (set! swapped-builds (+ swapped-builds 1))
                   (match rest
                     (('cons* one others) (list 'cons one others))
                     (_ rest)))
                  (_ extensions))
                extensions)
            body))
    ((first . rest)
     (cons (without-element first) (without-element rest)))
    (_ tree)))

(match (command-line)
  ((_ old new)
   (let ((reverted (without-element (read-all new))))
     (unless (and (= swapped-builds 1)
                  (equal? reverted (read-all old)))
       (format #t "~a: ~a builds have the extension, or other code differs~%"
               new swapped-builds)
       (exit 1)))))
