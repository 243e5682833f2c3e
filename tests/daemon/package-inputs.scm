;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; usage: guile package-inputs.scm DERIVATION
;;;
;;; Print what DERIVATION is built of: "source ITEM", "crate NAME HASH URL" for
;;; each crate that is downloaded, with its SHA-256 in base 16, and "input NAME"
;;; for all else.

(use-modules (guix base16)
             (guix derivations)
             (ice-9 match))

(define (show-input drv)
  (match (derivation-outputs drv)
    ((("out" . ($ <derivation-output> _ 'sha256 (? identity hash) #f)))
     (format #t "crate ~a ~a ~a~%"
             (derivation-name drv)
             (bytevector->base16-string hash)
             (assoc-ref (derivation-builder-environment-vars drv) "url")))
    (_
     (format #t "input ~a~%" (derivation-name drv)))))

(match (command-line)
  ((_ file)
   (let ((drv (read-derivation-from-file file)))
     (for-each (lambda (source)
                 (when (string-suffix? "-guix-docker-checkout" source)
                   (format #t "source ~a~%" source)))
               (derivation-sources drv))
     (for-each (compose show-input derivation-input-derivation)
               (derivation-inputs drv)))))
