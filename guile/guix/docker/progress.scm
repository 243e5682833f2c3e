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

(define-module (guix docker progress)
  #:use-module (ice-9 match)
  #:export (no-progress
            progress-bar
            finish-progress))

;;; Commentary:
;;;
;;; Showing how far a build has come, on a terminal or in a log:
;;;
;;;   (build-docker-image … #:progress (progress-bar))
;;;
;;; Code:

(define %bar-interval
  ;; Seconds from one drawing of the bar to the next.
  1/10)

(define %line-interval
  ;; Seconds from one line of a log to the next.
  3)

(define %least-time
  ;; Seconds after which a rate can be told.
  1/2)

(define %bar-width 30)

;; A terminal is told not to wrap lines while the bar is written: what is too
;; long for it is cut off.
(define %draw-start "\r\x1b[?7l")
(define %draw-end "\x1b[K\x1b[?7h")
(define %clear "\r\x1b[K")


;;;
;;; Text.
;;;

(define (round-to-integer number)
  (inexact->exact (floor (+ number 1/2))))

(define (size->string bytes)
  "Return the number of BYTES as text, such as \"12.3 MB\" or \"845 kB\"."
  (if (< bytes 1000)
      (string-append (number->string bytes) (if (= bytes 1) " byte" " bytes"))
      (let loop ((size (/ bytes 1000))
                 (units '("kB" "MB" "GB" "TB" "PB" "EB")))
        (let ((whole (round-to-integer size))
              (tenths (round-to-integer (* 10 size))))
          (match units
            ((unit rest ...)
             (cond ((and (>= whole 1000) (pair? rest))
                    (loop (/ size 1000) rest))
                   ((and (< tenths 1000) (positive? (remainder tenths 10)))
                    (string-append (number->string (quotient tenths 10)) "."
                                   (number->string (remainder tenths 10))
                                   " " unit))
                   (else
                    (string-append (number->string whole) " " unit)))))))))

(define (duration->string seconds)
  "Return SECONDS as text, such as \"7 s\" or \"1:03:07\"."
  (let* ((seconds (round-to-integer seconds))
         (minutes (quotient seconds 60)))
    (define (two-digits number)
      (string-pad (number->string number) 2 #\0))

    (cond ((zero? minutes)
           (string-append (number->string seconds) " s"))
          ((< minutes 60)
           (string-append (number->string minutes)
                          ":" (two-digits (remainder seconds 60))))
          (else
           (string-append (number->string (quotient minutes 60))
                          ":" (two-digits (remainder minutes 60))
                          ":" (two-digits (remainder seconds 60)))))))

(define (bar done total)
  "Return a bar that is as full as DONE of TOTAL."
  (let* ((full (quotient (* %bar-width done) total))
         (tip (if (< full %bar-width) ">" "")))
    (string-append "[" (make-string full #\=)
                   (string-pad-right tip (- %bar-width full)) "]")))

(define (percentage done total)
  (string-append "(" (number->string (round-to-integer (/ (* 100 done) total)))
                 " %)"))

(define (speed done total seconds)
  "Return the words for the rate of DONE bytes in SECONDS and for the time that
the rest of TOTAL takes at this rate, or none if there is too little to tell it
from."
  (if (and (>= seconds %least-time) (positive? done))
      (string-append ", " (size->string (floor (/ done seconds))) "/s, "
                     (duration->string (/ (* (- total done) seconds) done))
                     " left")
      ""))

(define (describe done total phase seconds bar?)
  "Return a line about a PHASE of which DONE of TOTAL has been done in SECONDS,
with a bar if BAR? is true."
  (define word
    ;; Those that the program 'guix-docker' has.
    (match phase
      ('scanning "listing")
      ('comparing "reading")
      ('writing "writing")
      (_ "working")))

  (if (and (positive? total) (not (eq? phase 'scanning)))
      (let* ((done (min done total))
             (bytes (string-append (size->string done) " of "
                                   (size->string total)))
             (speed (speed done total seconds)))
        (if bar?
            (string-append word " " (bar done total) " " bytes speed)
            (string-append word ": " bytes " " (percentage done total) speed)))
      (string-append word (if bar? " " ": ") (number->string done) " files")))


;;;
;;; Drawing.
;;;

(define (terminal? port)
  "Can a line on PORT be drawn again?"
  (and (file-port? port)
       (isatty? port)
       (not (member (getenv "TERM") '(#f "" "dumb")))))

(define (now)
  "Return the number of seconds since Guile began, exact."
  (/ (get-internal-real-time) internal-time-units-per-second))

(define finish-of
  ;; What removes the line of a procedure.  Guile loads its debugger's modules
  ;; to look up a property of a procedure in its code.
  (make-object-property))

(define (make-progress port redraw? interval now)
  "Return a procedure to be the PROGRESS of a build that writes to PORT, every
INTERVAL seconds at most by the clock NOW, and, if REDRAW? is true, always the
same line."
  (define drawn? #f)                    ;is there a line to be removed?
  (define broken? #f)                   ;has PORT failed?
  (define phase-now #f)
  (define phase-start #f)
  (define last-time #f)

  (define (write-text text)
    (unless broken?
      (catch 'system-error
        (lambda ()
          ;; At once, so that others' output is not in the middle of it.
          (display text port)
          (force-output port))
        (lambda _
          (set! broken? #t)))))

  (define (show text)
    (if redraw?
        (begin
          (set! drawn? #t)
          (write-text (string-append %draw-start text %draw-end)))
        (write-text (string-append text "\n"))))

  (define* (progress done total #:optional (phase 'writing))
    (let ((time (now)))
      (unless (eq? phase phase-now)
        (set! phase-now phase)
        (set! phase-start time))
      ;; A log tells of builds that take long only.
      (unless (or last-time redraw?)
        (set! last-time time))
      (when (or (not last-time) (>= (- time last-time) interval))
        (set! last-time time)
        (show (describe done total phase (- time phase-start) redraw?)))))

  (define (finish)
    (when drawn?
      (write-text %clear))
    (set! drawn? #f)
    (set! phase-now #f)
    (set! last-time #f))

  (set! (finish-of progress) finish)
  progress)

(define (no-progress done total)
  "Show nothing of the DONE of TOTAL: the PROGRESS of a build that has no other."
  #t)

(define* (progress-bar #:optional (port (current-error-port)))
  "Return a procedure to be the PROGRESS of 'build-docker-image' or of
'merge-image-layouts', which takes the amount done, the whole, and the phase.
It shows them on PORT.  On a terminal this is one line with a bar, the bytes, how
many there are a second, and the time left; it is drawn ten times a second at
most, and removed when the call ends, in whatever way.  Elsewhere it is a line
of text every few seconds, without control characters.

A PORT that cannot be written to does not stop a build.  The procedure may be
used for one call after the other, but not for several at once."
  (let ((redraw? (terminal? port)))
    (make-progress port redraw?
                   (if redraw? %bar-interval %line-interval)
                   now)))

(define (finish-progress progress)
  "Have PROGRESS, a procedure that 'progress-bar' has returned, remove its line.
'build-docker-image' and 'merge-image-layouts' do this themselves.  Nothing is
done about other procedures."
  (match (finish-of progress)
    (#f #f)
    (finish (finish))))

;;; progress.scm ends here
