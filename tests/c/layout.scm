;;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Print what layout.c prints, by the types that the Scheme module gives the
;;; members of structures; their names are in the order of layout.c's lines,
;;; which are read from standard input.

(use-modules (guix docker ffi)
             (ice-9 match)
             (ice-9 rdelim)
             (srfi srfi-1)
             (system foreign))

(define-syntax-rule (type-of name)
  (@@ (guix docker ffi) name))

(define %types
  `(("options" . ,(type-of %options-type))
    ("directive" . ,(type-of %directive-type))
    ("transformation" . ,(type-of %pair-type))
    ("variable" . ,(type-of %pair-type))
    ("report" . ,(type-of %report-type))
    ("layer" . ,(type-of %layer-type))
    ("error" . ,(type-of %error-type))))

(define (offset type index)
  "Return where in a structure of TYPE the member with INDEX begins."
  (let ((before (take type index))
        (alignment (alignof (list-ref type index))))
    (if (null? before)
        0
        ;; The end of what is before, without padding at the end.
        (let* ((last (list-ref type (- index 1)))
               (end (+ (offset type (- index 1)) (sizeof last))))
          (* alignment (ceiling-quotient end alignment))))))

(let loop ((line (read-line))
           (index 0))
  (unless (eof-object? line)
    (match (string-split (first (string-split line #\space)) #\.)
      ((structure)
       (format #t "~a ~a~%" structure
               (sizeof (assoc-ref %types structure)))
       (loop (read-line) 0))
      ((structure member)
       (let ((type (assoc-ref %types structure)))
         (format #t "~a.~a ~a~%" structure member
                 (if (< index (length type))
                     (offset type index)
                     "missing")))
       (loop (read-line) (+ index 1))))))
