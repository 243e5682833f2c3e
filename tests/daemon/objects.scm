;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; usage: guile -L CHANNEL objects.scm LIBRARY
;;;
;;; Make derivations of images, as objects, that are said in several ways, and of
;;; some that are none.  Exit with 0 if the former are the same and the latter
;;; are refused with a message.

(use-modules (gnu packages bash)
             (guix derivations)
             (guix diagnostics)
             (guix gexp)
             (guix packages)
             (guix profiles)
             (guix store)
             (guix-docker builder)
             (guix-docker images)
             (ice-9 match)
             (local packages)
             (srfi srfi-34)
             (srfi srfi-35))

(define bash-manifest
  (packages->manifest (list bash)))

(define good? #t)

(define (expect name condition . details)
  (unless condition
    (set! good? #f)
    (format #t "~a: ~{~s ~}~%" name details)))

(define (lower store image)
  (derivation-file-name
   (run-with-store store (lower-object image))))

(define (refusal store image)
  "Return the message with which IMAGE is refused, or #f."
  (guard (c ((formatted-message? c)
             (apply format #f (formatted-message-string c)
                    (formatted-message-arguments c))))
    (lower store image)
    #f))

(match (command-line)
  ((_ library)
   (with-store store
     (parameterize ((%guile-for-build
                     (local-package-derivation store (default-guile)))
                    (%image-builder (prebuilt-image-builder library)))
       (let ((plain (lower store (container-image (content bash-manifest)))))
         (define-syntax-rule (same name field ...)
           (let ((drv (lower store (container-image field ...))))
             (expect name (string=? drv plain) drv plain)))

         (define-syntax-rule (other name field ...)
           (let ((drv (lower store (container-image field ...))))
             (expect name (not (string=? drv plain)) drv)))

         (define-syntax-rule (refused message field ...)
           (let ((have (refusal store (container-image field ...))))
             (expect message (and have (string-contains have message)) have)))

         (same "a profile" (content (profile (content bash-manifest))))
         (same "a builder of its own"
               (content bash-manifest)
               (builder (prebuilt-image-builder library)))
         (same "no options"
               (content bash-manifest)
               (options '()))
         (other "a profile without hooks"
                (content (profile (content bash-manifest) (hooks '()))))
         (other "an option"
                (content bash-manifest)
                (options '(#:user "1000")))
         (other "a file in an option"
                (content bash-manifest)
                (options `(#:base ,(plain-file "base" "none"))))

         (refused "\"bash:\" is neither a manifest nor a profile"
                  (content "bash:"))
         (refused "pax: unknown image format"
                  (content bash-manifest)
                  (format 'pax))
         (refused "bzip2: layers of OCI images"
                  (content bash-manifest)
                  (format 'oci-archive)
                  (compression "bzip2"))
         (refused "is not a list of keywords and values"
                  (content bash-manifest)
                  (options '(max-layers 2)))
         (refused "is not a list of keywords and values"
                  (content bash-manifest)
                  (options '(#:max-layers))))))
   (exit good?)))
