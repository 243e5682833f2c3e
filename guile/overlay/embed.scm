;;; guix-docker --- Docker images from Guile and C
;;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:
;;;
;;; usage: guile -s embed.scm LIBRARY TEMPLATE OUTPUT
;;;
;;; Write to OUTPUT the module of the file TEMPLATE, with the string
;;; "@LIBRARY@" in it replaced by the bytes of LIBRARY, a character for each.
;;; Guile reads such a string ten times as fast as a literal bytevector.
;;;
;;; Code:

(use-modules (ice-9 binary-ports)
             (ice-9 match)
             (ice-9 textual-ports)
             (rnrs bytevectors))

(define %mark
  "\"@LIBRARY@\"")

(define (write-byte byte port)
  "Write BYTE to PORT as a character of a string literal."
  (let ((char (integer->char byte)))
    (cond ((memv char '(#\" #\\))
           (put-char port #\\)
           (put-char port char))
          ((or (< byte 32) (<= 127 byte 160))
           (put-string port "\\x")
           (put-string port (string-pad (number->string byte 16) 2 #\0)))
          (else
           (put-char port char)))))

(define (embed library template output)
  "Write the module TEMPLATE with LIBRARY in it to OUTPUT."
  (let* ((text (call-with-input-file template get-string-all
                 #:encoding "UTF-8"))
         (mark (string-contains text %mark))
         (bytes (call-with-input-file library get-bytevector-all
                  #:binary #t)))
    (call-with-output-file output
      (lambda (port)
        (put-string port (substring text 0 mark))
        (put-char port #\")
        (let loop ((index 0))
          (when (< index (bytevector-length bytes))
            (write-byte (bytevector-u8-ref bytes index) port)
            (loop (+ index 1))))
        (put-char port #\")
        (put-string port (substring text (+ mark (string-length %mark)))))
      #:encoding "UTF-8")))

(match (command-line)
  ((_ library template output)
   (embed library template output)))
