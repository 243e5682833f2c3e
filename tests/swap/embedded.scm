;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; usage: guile -L OVERLAY embedded.scm FILE
;;;
;;; Write the library that OVERLAY has in it to FILE.

(use-modules (ice-9 binary-ports)
             (ice-9 iconv)
             (ice-9 match))

(match (command-line)
  ((_ file)
   (call-with-output-file file
     (lambda (port)
       (put-bytevector port
                       (string->bytevector (@@ (guix docker library) %library)
                                           "ISO-8859-1")))
     #:binary #t)))
