;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; Build the images of the engine suite in the directory given, from the
;;; store items that the program 'store' listed in its file "items", and
;;; print what build-docker-image reports of each:
;;;
;;;   image NAME FILE FORM COMPRESSION ID SIZE
;;;   layer DIFF-ID SIZE ITEM...
;;;   repository FILE
;;;   layers COUNT FILE

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

(define (print . words)
  (display (string-join words " "))
  (newline))

(define (print-report name file form compression report)
  (print "image" name file form compression
         (image-report-id report)
         (number->string (image-report-size report)))
  (for-each (lambda (layer)
              (apply print "layer" (layer-report-diff-id layer)
                     (number->string (layer-report-size layer))
                     (layer-report-items layer)))
            (image-report-layers report)))

(define* (build name compression compressor #:key max-layers (which "1")
                (repository "engines-test") (image-format 'docker-archive))
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
                        #:format image-format
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
  (print-report name file
                (cond ((eq? image-format 'oci-archive) "oci")
                      (max-layers "layered")
                      (else "single"))
                compression report))

(define (build-own name max-layers)
  "Build an image of a tree that is no store item, DIRECTORY/own, and of what
it takes to run: paths overlap, names are double, files have owners,
permissions and capabilities."
  (define file
    (string-append directory "/" name ".none"))
  (define own
    (string-append directory "/own"))
  (define profile
    (item "profile-1"))
  (define report
    (build-docker-image file
                        `(,@(paths-of "1") ,own ,(string-append own "/")
                          ,(string-append own "/home//user/./file")
                          ,(string-append profile "/bin") ,profile)
                        profile
                        #:repository "engines-test"
                        #:system "x86_64-linux-gnu"
                        #:creation-time (make-time time-utc 0 1)
                        #:max-layers max-layers
                        #:entry-point
                        (list (string-append profile "/bin/sh") "-c")
                        #:environment
                        `(("PATH" . ,(string-append profile "/bin")))
                        #:transformations
                        `((,(string-append own "/t1") -> "/own/t")
                          (,(string-append own "/t2") -> "/own/t")
                          (,own -> "/own"))
                        #:extra-files
                        `((directory "/own" 0 0 #o711)
                          (directory "/made" 0 0 #o755))
                        #:ownership '(("/own/home/user" 1000 1000)
                                      ("/own/large" 3000000 0)
                                      ("/made" 7 8))
                        #:modes 'keep
                        #:xattrs 'keep
                        #:parent-directories #t
                        #:config-keys 'spec))

  (print-report name file (if max-layers "layered" "single") "none" report))

(define (build-named number name)
  "Build an image without files that is to be called NAME."
  (define file
    (format #f "~a/name-~a" directory number))

  (build-docker-image file '() "/name" #:repository name
                      #:system "x86_64-linux-gnu")
  (print "repository" file))

(define (build-layers count)
  "Build an image of COUNT layers."
  (define file
    (format #f "~a/layers-~a" directory count))
  (define files
    (map (lambda (number)
           (let ((file (format #f "~a/file-~a" directory number)))
             (call-with-output-file file
               (lambda (port)
                 (display number port)))
             file))
         (iota (- count 1))))

  (build-docker-image file files "/layers"
                      #:repository "engines-test"
                      #:system "x86_64-linux-gnu"
                      #:creation-time (make-time time-utc 0 1)
                      #:max-layers count)
  (print "layers" (number->string count) file))

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

;; Here each layer is compressed by itself.
(for-each
 (match-lambda
   ((compression . compressor)
    (build "oci" compression compressor #:max-layers 8
           #:image-format 'oci-archive)))
 '(("none" . ("none"))
   ("gzip" . ("gzip" "-9"))
   ("zstd" . ("zstd"))))

;; A directory with several images, one of them for two systems.
(define* (build-layout name compressor #:key (which "1")
                       (system "x86_64-linux-gnu"))
  (define profile
    (item (string-append "profile-" which)))
  (define report
    (build-docker-image (string-append directory "/layout") (paths-of which)
                        profile
                        #:names (list name)
                        #:system system
                        #:creation-time (make-time time-utc 0 1)
                        #:compressor compressor
                        #:max-layers 100
                        #:format 'oci
                        #:entry-point
                        (list (string-append profile "/bin/sh") "-c")
                        #:environment
                        `(("PATH" . ,(string-append profile "/bin")))))
  (print "layout" name system (image-report-manifest-digest report)
         (image-report-id report)))

(build-layout "layout-gzip:1" '("gzip"))
(build-layout "layout-gzip:2" '("gzip") #:which "2")
(build-layout "layout-zstd" '("zstd"))
(build-layout "layout-zstd:2" '("zstd") #:which "2")
(build-layout "systems" '("none"))
(build-layout "systems" '("none") #:system "aarch64-linux")

;; For the registry: the same items but one, and the profile with it.
(build "first" "none" #f #:max-layers 100)
(build "second" "none" #f #:max-layers 100 #:which "2")

;; What the documentation says of trees, names and numbers of layers.
(build-own "own-single" #f)
(build-own "own-layered" 8)
(define %names
  `("gtk+" "c++" "libstdc++-doc" "日本" "日本-x" "hello-" "_under_" "a___b"
    "a..b" "a-_b" "a--b" "a__b" "Some/Name" "" "A" ,(make-string 237 #\a) ,(make-string 255 #\B)))
(for-each build-named (iota (length %names)) %names)
(for-each build-layers '(125 127 128))
