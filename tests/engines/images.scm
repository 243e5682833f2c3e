;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; Build the images of the engine suite in the directory given, from the
;;; store items that the program 'store' listed in its file "items", and
;;; print what build-docker-image reports of each:
;;;
;;;   image NAME FILE FORM COMPRESSION ID SIZE
;;;   layer DIFF-ID SIZE ITEM...

(use-modules (guix docker)
             (ice-9 match)
             (ice-9 rdelim)
             (srfi srfi-1)
             (srfi srfi-19))

(define directory
  (match (command-line)
    ((_ directory) directory)))

(define items
  (call-with-input-file (string-append directory "/items")
    (lambda (port)
      (let loop ((items '()))
        (match (read-line port)
          ((? eof-object?) (reverse items))
          (line (match (string-split line #\space)
                  ((name item) (loop (alist-cons name item items))))))))))

(define (item name)
  (or (assoc-ref items name) (error "no such item" name)))

(define (paths-of which)
  (map item (list "glibc" "libraries" "bash" "coreutils" "data" "link" "script"
                  "empty"
                  (string-append "greeting-" which)
                  (string-append "profile-" which))))

(define* (build name compression compressor #:key max-layers (which "1")
                (repository "engines-test"))
  (define file
    (string-append directory "/" name "." compression))
  (define profile
    (item (string-append "profile-" which)))
  (define report
    (build-docker-image file (paths-of which) profile
                        #:repository repository
                        #:system "x86_64-linux-gnu"
                        #:creation-time (make-time time-utc 0 1)
                        #:compressor compressor
                        #:max-layers max-layers
                        #:database (string-append directory "/db.sqlite")
                        #:entry-point
                        (list (string-append profile "/bin/sh") "-c")
                        #:environment
                        `(("PATH" . ,(string-append profile "/bin"))
                          ("GREETING" . "grüße, two words"))
                        #:extra-files
                        `((directory "/tmp" 0 0 #o1777)
                          (directory "/gnu/store" 0 0 #o755)
                          (directory "/etc" 0 0 #o755)
                          (file "/etc/extra" "an extra file\n")
                          (directory "/locked" 0 0 #o700)
                          ("/bin" -> ,(string-append profile "/bin")))))
  (define (print . words)
    (display (string-join words " "))
    (newline))

  (print "image" name file (if max-layers "layered" "single") compression
         (image-report-id report)
         (number->string (image-report-size report)))
  (for-each (lambda (layer)
              (apply print "layer" (layer-report-diff-id layer)
                     (number->string (layer-report-size layer))
                     (layer-report-items layer)))
            (image-report-layers report)))

(define compressors
  '(("none" . #f)
    ("gzip" . ("gzip" "-9n"))
    ("zstd" . ("zstd" "-3"))
    ("xz"   . ("xz" "-1"))))

(call-with-output-file (string-append directory "/db.sqlite")
  (lambda (port) (display "a database\n" port)))

(for-each
 (match-lambda
   ((compression . compressor)
    (build "single" compression compressor)
    ;; Fewer layers than items, so that one of them holds several.
    (build "layered" compression compressor #:max-layers 8)))
 compressors)

;; For the registry: the same items but one, and the profile with it.
(build "first" "none" #f #:max-layers 100)
(build "second" "none" #f #:max-layers 100 #:which "2")
