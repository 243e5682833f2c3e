;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; usage: guile -L CHECKOUT compile.scm CHECKOUT FILE...
;;;
;;; Compile each FILE of CHECKOUT, with all warnings that Guix's makefile asks
;;; for, and load every module that Guix would look for packages in and that
;;; came with ours.

(use-modules (guix discovery)
             (ice-9 match)
             (system base compile))

(define %warnings
  '(unbound-variable macro-use-before-definition use-before-definition
    arity-mismatch format duplicate-case-datum bad-case-datum))

(match (command-line)
  ((_ checkout files ...)
   (for-each (lambda (file)
               (let ((name (string-append checkout "/" file)))
                 (compile-file name
                               #:output-file
                               (string-append (string-drop-right name 3) "go")
                               #:optimization-level 1
                               #:opts `(#:warnings ,%warnings))))
             files)
   (match (filter (lambda (module)
                    (memq 'guix-docker module))
                  (scheme-modules* checkout "gnu/packages"))
     (() (error "no module of packages"))
     (modules (for-each resolve-interface modules)))))
