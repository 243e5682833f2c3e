;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; Build an image with gzip and print the most memory it took, in KiB.
;;;
;;; usage: guile -s sparse.scm IMAGE PATH

(use-modules (guix docker)
             (ice-9 match)
             (ice-9 rdelim))

(define (peak-memory)
  (call-with-input-file "/proc/self/status"
    (lambda (port)
      (let loop ((line (read-line port)))
        (match (string-tokenize line)
          (("VmHWM:" kibibytes "kB") kibibytes)
          (_ (loop (read-line port))))))))

(match (command-line)
  ((_ image path)
   (build-docker-image image (list path) "/gnu/store/profile"
                       #:compressor '("gzip" "-9n"))
   (display (peak-memory))
   (newline)))
