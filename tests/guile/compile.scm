;;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Compile the modules below the directory FROM to the directory TO, with all
;;; warnings, which go to the standard error.
;;;
;;; usage: compile.scm FROM TO

(use-modules (ice-9 ftw)
             (ice-9 match)
             (system base compile))

(match (command-line)
  ((_ from to)
   (ftw from
        (lambda (file stat flag)
          (when (string-suffix? ".scm" file)
            (compile-file file
                          #:output-file
                          (string-append to
                                         (string-drop (string-drop-right file 4)
                                                      (string-length from))
                                         ".go")
                          #:warning-level 3))
          #t))))
