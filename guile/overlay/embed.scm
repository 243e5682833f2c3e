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
