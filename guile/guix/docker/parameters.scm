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

(define-module (guix docker parameters)
  #:export (define-parameters
            define-procedure

            row-name
            row-converter
            row-members))

;;; Commentary:
;;;
;;; Tables of parameters, and procedures that take them.
;;;
;;;   (define-parameters SYNTAX TABLE ROW ...)
;;;
;;; defines TABLE, a list of the parameters of the rows, for the conversion of their
;;; values, and SYNTAX, for 'define-procedure'.  A ROW is one of
;;;
;;;   (required NAME DESCRIPTION CONVERTER (MEMBER TYPE) ...)
;;;   (optional NAME DEFAULT DESCRIPTION CONVERTER (MEMBER TYPE) ...)
;;;   (hidden VALUE (MEMBER TYPE))
;;;
;;; NAME is that of an argument or, if there is a DEFAULT, of a keyword; DESCRIPTION
;;; is a part of the procedure's documentation.  CONVERTER takes an arena, the
;;; parameter's name as a string, and its value, and returns a list: the values of
;;; the members that the parameter has in the options.
;;;
;;; Code:

(define (row-name row)
  "Return the name of the parameter of ROW, a symbol, or #f for hidden members."
  (car row))

(define (row-converter row)
  "Return the converter of ROW, or a thunk that returns the value of hidden members."
  (cadr row))

(define (row-members row)
  "Return the members that ROW has in the options, a list of (MEMBER TYPE)."
  (cddr row))

(define-syntax row->record
  (syntax-rules (required optional hidden)
    ((_ (hidden value (member type)))
     (list #f (lambda () value) (list 'member type)))
    ((_ (required name description converter (member type) ...))
     (list 'name converter (list 'member type) ...))
    ((_ (optional name default description converter (member type) ...))
     (list 'name converter (list 'member type) ...))))

(define-syntax-rule (define-parameters syntax table row ...)
  (begin
    (define table
      (list (row->record row) ...))
    (define-syntax syntax
      (syntax-rules ()
        ((_ keyword . rest)
         (keyword (row ...) . rest))))))

(define-syntax define-procedure-of-rows
  (lambda (form)
    "Define a procedure that takes the parameters of rows."
    (define (symbol-of row)
      (syntax-case row ()
        ((kind . rest)
         (syntax->datum #'kind))))

    (define (description row)
      (syntax-case row ()
        ((_ name description converter member ...)
         (string? (syntax->datum #'description))
         (syntax->datum #'description))
        ((_ name default description converter member ...)
         (syntax->datum #'description))))

    (define (of-kind kind rows)
      (let loop ((rows rows))
        (cond ((null? rows) '())
              ((eq? kind (symbol-of (car rows)))
               (cons (car rows) (loop (cdr rows))))
              (else (loop (cdr rows))))))

    (syntax-case form ()
      ((_ (row ...) name (arguments) before after body)
       (let* ((rows #'(row ...))
              (required (of-kind 'required rows))
              (optional (of-kind 'optional rows))
              (texts (map description (append required optional))))
         (with-syntax ((((_ argument . _) ...) required)
                       (((_ keyword default . _) ...) optional)
                       (documentation
                        (datum->syntax
                         #'name
                         (string-append
                          (syntax->datum #'before)
                          (apply string-append
                                 (map (lambda (text)
                                        (string-append "\n\n" text))
                                      texts))
                          "\n\n" (syntax->datum #'after)))))
           #'(define* (name argument ... #:key (keyword default) ...)
               documentation
               (let ((arguments (list (cons 'argument argument) ...
                                      (cons 'keyword keyword) ...)))
                 body))))))))

(define-syntax-rule (define-procedure syntax (name arguments) before after body)
  "Define NAME, a procedure that takes the parameters of SYNTAX, see
'define-parameters'.  Its documentation is BEFORE, the descriptions of the
parameters, and AFTER.  In BODY, ARGUMENTS is an association list of the names of
the parameters and their values."
  (syntax define-procedure-of-rows name (arguments) before after body))

;;; parameters.scm ends here
