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


(define-module (guix docker json)
  #:use-module (ice-9 match)
  #:export (scm->json))

;;; Commentary:
;;;
;;; JSON texts of Scheme data, in the form that guile-json has them: objects
;;; are association lists, arrays are vectors, and 'null' is the symbol.
;;;
;;; Code:

(define (write-text text port)
  "Write TEXT to PORT as a JSON string."
  (write-char #\" port)
  (string-for-each
   (lambda (char)
     (cond ((memv char '(#\" #\\))
            (write-char #\\ port)
            (write-char char port))
           ((char<? char #\space)
            (display "\\u" port)
            (display (string-pad (number->string (char->integer char) 16)
                                 4 #\0)
                     port))
           (else
            (write-char char port))))
   text)
  (write-char #\" port))

(define (write-separated write-one items port)
  "Write ITEMS by WRITE-ONE, a procedure of an item, with commas between."
  (let loop ((items items)
             (first? #t))
    (match items
      (() #t)
      ((item rest ...)
       (unless first?
         (write-char #\, port))
       (write-one item)
       (loop rest #f)))))

(define (key->text key)
  "Return the string for KEY of an object, or #f."
  (cond ((string? key) key)
        ((symbol? key) (symbol->string key))
        (else #f)))

(define (write-value value port)
  "Write VALUE to PORT.  Throw to 'not-json' what is not to be written."
  (match value
    (#t (display "true" port))
    (#f (display "false" port))
    ('null (display "null" port))
    ((? string?) (write-text value port))
    ((? exact-integer?) (display value port))
    ((and (? real?) (? inexact?) (? finite?))
     (display value port))
    ((? vector?)
     (write-char #\[ port)
     (write-separated (lambda (item)
                        (write-value item port))
                      (vector->list value) port)
     (write-char #\] port))
    (((? pair?) ...)
     (write-char #\{ port)
     (write-separated (match-lambda
                        ((key . value)
                         (write-text (or (key->text key)
                                         (throw 'not-json key))
                                     port)
                         (write-char #\: port)
                         (write-value value port)))
                      value port)
     (write-char #\} port))
    (_ (throw 'not-json value))))

(define (scm->json value)
  "Return the JSON text of VALUE.  Throw to 'not-json' the part of it that is not
of the form above."
  (call-with-output-string
    (lambda (port)
      (write-value value port))))

;;; json.scm ends here
