;;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Print what the program of "declarations.py layout" prints, by what the Scheme
;;; module has of each structure.

(use-modules (guix docker structures)
             (ice-9 match)
             (system foreign))

(define %structures
  `(("options" . ,(@@ (guix docker arguments) %options))
    ("merge" . ,(@@ (guix docker arguments) %merge-options))
    ("directive" . ,%directive)
    ("transformation" . ,%transformation)
    ("variable" . ,%variable)
    ("ownership" . ,%ownership)
    ("event" . ,%event)
    ("report" . ,%report)
    ("layer" . ,%layer)
    ("error" . ,%error)))

(define (print-members structure members)
  "Print where each of MEMBERS begins."
  (let loop ((members members)
             (end 0))
    (match members
      (() #t)
      (((name type) rest ...)
       (let* ((alignment (alignof type))
              (start (* alignment (ceiling-quotient end alignment))))
         (format #t "~a.~a ~a ~a~%" structure name start (sizeof type))
         (loop rest (+ start (sizeof type))))))))

(for-each (match-lambda
            ((name . structure)
             (format #t "~a ~a~%" name (structure-size structure))
             (print-members name structure)))
          %structures)
