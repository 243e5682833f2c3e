;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; Build an image with the (guix docker) that is first on the load path.
;;;
;;; usage: guile -s build-image.scm ours|reference IMAGE LIST MAX-LAYERS
;;;                                 [COMPRESSOR...]
;;;
;;; LIST is a file with a path on each line; MAX-LAYERS is 0 for one layer.

(use-modules (guix docker)
             (ice-9 match)
             (ice-9 rdelim)
             (srfi srfi-19))

(define (read-lines port)
  (let loop ((lines '()))
    (match (read-line port)
      ((? eof-object?) (reverse lines))
      (line (loop (cons line lines))))))

(match (command-line)
  ((_ side image list max-layers . compressor)
   ;; A comparison of a module with itself would be of no use.
   (unless (eq? (string=? side "ours")
                (->bool (module-variable (resolve-module '(guix docker))
                                         'image-report-id)))
     (error "not the (guix docker) of" side))
   (build-docker-image image (call-with-input-file list read-lines)
                       "/gnu/store/profile"
                       #:system "x86_64-linux"
                       #:creation-time (make-time time-utc 0 1)
                       ;; The reference wants one in layered images.
                       #:extra-files '((directory "/tmp" 0 0 #o1777))
                       #:max-layers (match (string->number max-layers)
                                      (0 #f)
                                      (number number))
                       #:compressor (match compressor
                                      (() #f)
                                      (command command)))))
