;;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Every argument of build-docker-image: what it does, and its default.

(use-modules (support)
             (guix docker)
             (ice-9 match)
             (ice-9 popen)
             (ice-9 textual-ports)
             (ice-9 threads)
             (rnrs bytevectors)
             (srfi srfi-1)
             (srfi srfi-19)
             (srfi srfi-64))

(define (text . arguments)
  "Return the text of an image built with ARGUMENTS."
  (apply build arguments)
  (image-text))

(define (has? text . parts)
  (every (lambda (part)
           (string-contains text part))
         parts))

(define (directories)
  "Return the mode and name of each directory in the layer of the image, whose
name has one part, and remove it."
  (system* "sh" "-c" "tar -xOf \"$0\" --wildcards '*/layer.tar' |
tar -tv | sed -n 's,^\\(d[^ ]*\\) .* \\(./\\)$,\\1 \\2,p' >list" image)
  (delete-file image)
  (let ((text (call-with-input-file "list" get-string-all)))
    (delete-file "list")
    (string-split (string-trim-right text) #\newline)))

(define (phase-number phase)
  (list-index (lambda (other)
                (eq? phase other))
              '(scanning comparing writing)))

(define architecture
  ;; That of this machine.
  (match (utsname:machine (uname))
    ("x86_64" "amd64")
    ("aarch64" "arm64")
    ("i686" "386")
    (other other)))

(define (same-images? one other)
  "Do the lists of keywords ONE and OTHER make the same image?"
  (define (bytes arguments)
    (apply build #:creation-time (make-time time-utc 0 1) arguments)
    (let ((bytes (image-bytes)))
      (delete-file image)
      bytes))

  (bytevector=? (bytes one) (bytes other)))

(run-tests "keywords"
 (lambda ()
   (test-equal "%docker-image-max-layers" #f %docker-image-max-layers)

   ;; Defaults.
   (test-assert "defaults"
     (has? (text)
           (string-append "\"architecture\":\"" architecture "\"")
           "guix:latest" "\"os\":\"linux\""
           "guix pack"))
   (for-each
    (match-lambda
      ((name . arguments)
       (test-assert (string-append "the default of " name)
         (same-images? '() arguments))))
    `(("repository" #:repository "guix")
      ("extra-files" #:extra-files ())
      ("transformations" #:transformations ())
      ("system" #:system ,(utsname:machine (uname)))
      ("database" #:database #f)
      ("entry-point" #:entry-point #f)
      ("environment" #:environment ())
      ("compressor" #:compressor #f)
      ("compressor, an empty list" #:compressor ())
      ("ownership" #:ownership ())
      ("modes" #:modes guix)
      ("xattrs" #:xattrs drop)
      ("whiteouts" #:whiteouts refuse)
      ("parent-directories" #:parent-directories #f)
      ("variant" #:variant #f)
      ("config-keys" #:config-keys guix)
      ("names" #:names ())
      ("cmd" #:cmd #f)
      ("user" #:user #f)
      ("working-directory" #:working-directory #f)
      ("exposed-ports" #:exposed-ports ())
      ("volumes" #:volumes ())
      ("labels" #:labels ())
      ("stop-signal" #:stop-signal #f)
      ("health-check" #:health-check #f)
      ("author" #:author #f)
      ("config" #:config #f)
      ("archive-digest" #:archive-digest #f)
      ("compressor, none" #:compressor ("none"))
      ("format" #:format docker-archive)
      ("annotations" #:annotations ())
      ("reuse" #:reuse #f)
      ("reuse, an empty list" #:reuse ())
      ("immutable-paths" #:immutable-paths #f)
      ("layering" #:layering size)
      ("references-graphs" #:references-graphs ())
      ("base" #:base #f)
      ("base-name" #:base-name #f)
      ("max-layers" #:max-layers #f)
      ("root-system" #:root-system #f)
      ("history" #:history layers)
      ("threads" #:threads 0)
      ("progress" #:progress ,(const #t))))
   (test-assert "the default of creation-time is now"
     (let* ((before (current-time time-utc))
            (text (text))
            (after (current-time time-utc)))
       (any (lambda (time)
              (has? text (string-append
                          "\"created\":\""
                          (date->string (time-utc->date time 0)
                                        "~Y-~m-~dT~H:~M:~SZ"))))
            (map (lambda (seconds)
                   (make-time time-utc 0 seconds))
                 (iota (+ 1 (- (time-second after) (time-second before)))
                       (time-second before))))))

   ;; Effects.
   (test-assert "paths may be none"
     (begin
       (build-docker-image image '() "/prefix")
       (has? (image-text) "manifest.json")))
   (test-assert "the prefix makes the layer's ID"
     (not (begin
            (build-docker-image image (list item-a) "/one"
                                #:creation-time (make-time time-utc 0 1))
            (let ((one (image-text)))
              (build-docker-image image (list item-a) "/other"
                                  #:creation-time (make-time time-utc 0 1))
              (string=? one (image-text))))))
   (test-assert "repository"
     (has? (text #:repository "A/Name") "a.name:latest"))
   (test-assert "extra-files"
     (has? (text #:extra-files '((directory "/srv")
                                 (directory "/srv/b" 0 0)
                                 (directory "/srv/c" -1 30000 #o1777)
                                 (file "/srv/empty")
                                 (file "/srv/file" "the content")
                                 ("/srv/link" -> "file")))
           "srv/b/" "srv/c/" "srv/empty" "the content" "srv/link"))
   (test-equal "extra-files, modes"
     '("drwxr-xr-x a/" "d--------- b/" "d--------- c/" "drwx------ d/"
       "drwsrwsrwt e/" "drwxr-xr-x f/")
     (begin
       (build #:extra-files '((directory "/a")
                              (directory "/b" 0 0 0)
                              (directory "/c" 0 0 #o700)
                              (directory "/c" 0 0 0)
                              (directory "/d" 0 0 #o700)
                              (directory "/d")
                              (directory "/e" 0 0 #o7777)
                              (directory "/f" 0 0)))
       (directories)))
   (test-assert "extra-files, a file may hold anything"
     (has? (text #:extra-files '((file "/file" "a\x00b"))) "a\x00b"))
   (test-assert "extra-files, text beyond ASCII"
     (has? (text #:extra-files '((file "/λ" "β")))
           "\xce\xbb" "\xce\xb2"))
   (test-assert "transformations"
     (let ((text (text #:transformations `((,input -> "/moved")))))
       (and (has? text "moved/item-a/file")
            (not (has? text (string-drop (string-append item-a "/file")
                                         1))))))
   (test-assert "system"
     (has? (text #:system "s390x-linux") "\"architecture\":\"s390x\""))
   (test-assert "database"
     (has? (text #:database (string-append item-b "/file"))
           "var/guix/db/db.sqlite" "guix-profile-1-link"))
   (test-assert "entry-point"
     (has? (text #:entry-point '("/bin/sh" "λ")) "[\"/bin/sh\",\"\xce\xbb\"]"))
   (test-assert "entry-point, an empty list is not #f"
     (not (same-images? '() '(#:entry-point ()))))
   (test-assert "environment"
     (has? (text #:environment '(("A" . "1=2") ("B" . "")))
           "\"A=1=2\"" "\"B=\""))
   (test-equal "compressor: gzip, done by the library"
     #vu8(#x1f #x8b 8)
     (begin
       (build #:compressor '("/no/such/bin/gzip" "-9n"))
       (let ((bytes (image-bytes)))
         (delete-file image)
         (u8-list->bytevector
          (list-head (bytevector->u8-list bytes) 3)))))
   (test-assert "compressor: a command"
     (has? (text #:compressor '("sh" "-c" "echo \"$0\"; cat" "compressed"))
           "compressed\n" "manifest.json"))
   (test-assert "creation-time"
     (has? (text #:creation-time (make-time time-utc 999999999 1))
           "\"created\":\"1970-01-01T00:00:01Z\""))
   (test-assert "creation-time, before 1970"
     (has? (text #:creation-time (make-time time-utc 0 -1))
           "\"created\":\"1969-12-31T23:59:59Z\""))
   (test-assert "max-layers"
     (begin
       (build-docker-image image (list item-a item-b) "/prefix"
                           #:max-layers 2)
       (has? (image-text) "sha256:" "\"diff_ids\"")))
   (test-assert "max-layers, a very large number"
     (begin
       (build #:max-layers (expt 10 30))
       (has? (image-text) "\"diff_ids\"")))
   (test-assert "root-system"
     (let ((text (text #:root-system item-b)))
       (and (has? text (make-string 1000 #\b))
            (not (has? text "hello\n")))))
   (test-assert "history"
     (let ((histories (map (lambda (history)
                             (build-docker-image image (list item-a item-b)
                                                 "/prefix" #:max-layers 5
                                                 #:history history)
                             (image-text))
                           '(layers one none))))
       (match histories
         ((layers one none)
          (and (has? layers "\"history\"" "extra files")
               (has? one "\"history\"" "guix pack")
               (not (has? one "extra files"))
               (not (has? none "\"history\"")))))))
   (test-assert "threads do not change the image"
     (same-images? '(#:threads 1 #:compressor ("gzip"))
                   '(#:threads 7 #:compressor ("gzip"))))
   (test-equal "progress may take the phase"
     '(#t #t #t)
     (let ((news '()))
       (build #:compressor '("sh" "-c" "sleep 0.3; cat")
              #:progress (lambda (done total phase)
                           (set! news (cons (list phase done total) news))))
       (delete-file image)
       (list (->bool (assq 'writing news))
             ;; Latest first.
             (apply >= (map (match-lambda
                              ((phase . _) (phase-number phase)))
                            news))
             (every (match-lambda
                      (('scanning found total) (= 0 total))
                      ((_ done total) (<= 0 done total)))
                    news))))
   (for-each
    (match-lambda
      ((name three? progress)
       (test-equal (string-append "progress is " name)
         (if three?
             '((7 0 scanning) (1 2 comparing) (1 2 writing) (1 2 unknown))
             '((0 0) (1 2) (1 2) (1 2)))
         (let ((calls '()))
           (for-each (match-lambda
                       (event
                        (apply (@@ (guix docker ffi) tell)
                               (progress (lambda call
                                           (set! calls (cons call calls))))
                               event)))
                     '((1 7 0) (2 1 2) (3 1 2) (4 1 2)))
           (reverse calls)))))
    `(("a procedure of two arguments" #f
       ,(lambda (called) (lambda (a b) (called a b))))
      ("a procedure of three" #t
       ,(lambda (called) (lambda (a b c) (called a b c))))
      ("a procedure of two and another" #t
       ,(lambda (called) (lambda* (a b #:optional c) (called a b c))))
      ("a procedure of two and a keyword" #f
       ,(lambda (called) (lambda* (a b #:key c) (called a b))))
      ("a procedure of any number" #t ,identity)))
   (test-assert "progress is told of bytes done and of all bytes"
     (let ((news '()))
       (build #:compressor '("sh" "-c" "sleep 0.3; cat")
              #:progress (lambda (done total)
                           (set! news (cons (list done total) news))))
       (delete-file image)
       (and (pair? news)
            (every (match-lambda
                     ((done total)
                      (and (exact-integer? done) (exact-integer? total)
                           (<= 0 done total))))
                   news))))

   (for-each
    (match-lambda
      ((cores threads?)
       (test-assert (format #f "NIX_BUILD_CORES=~a" cores)
         (begin
           (setenv "NIX_BUILD_CORES" cores)
           (let ((tasks (task-count))
                 (most 0))
             (build-docker-image image (list item-b) "/prefix"
                                 #:compressor '("sh" "-c" "sleep 0.4; cat")
                                 #:max-layers 2
                                 #:progress
                                 (lambda (done total)
                                   (set! most (max most (task-count)))))
             (delete-file image)
             (unsetenv "NIX_BUILD_CORES")
             (threads? (- most tasks)))))))
    ;; One more feeds the compressor.
    `(("1" ,(lambda (count) (<= 1 count 2)))
      ("5" ,(lambda (count) (<= 1 count 6)))
      ("0" ,positive?)
      ("" ,positive?)
      ("many" ,positive?)
      ("-2" ,positive?)))

   ;; How files are in the image.
   (test-assert "ownership"
     (let ((text (text #:ownership '(("/" 8 0) ("/srv" 512 0))
                       #:extra-files '((directory "/srv" 1 1 #o755)))))
       (has? text "0000755\x000001000\x000000000\x00"
             "0000644\x000000010\x000000000\x00")))
   (test-assert "modes"
     (let ((file (string-append item-a "/file")))
       (chmod file #o600)
       (let ((kept (text #:max-layers 2 #:modes 'keep))
             (changed (text #:max-layers 2)))
         (chmod file #o644)
         (and (has? kept "0000600\x00")
              (not (has? changed "0000600\x00"))))))
   (test-assert "whiteouts"
     (let ((file (string-append item-a "/.wh.x")))
       (call-with-output-file file (const #t))
       (let ((refused (raised build))
             (allowed (text #:whiteouts 'allow)))
         (delete-file file)
         (and (eq? 'input (docker-error-status refused))
              (string-contains (message-of refused) file)
              (has? allowed "/.wh.x\x00")))))
   (test-assert "xattrs"
     (let ((file (string-append item-a "/file")))
       (if (zero? (system* "sh" "-c" "setfattr -n user.x -v y \"$0\" \
2>/dev/null" file))
           (let ((kept (text #:xattrs 'keep))
                 (dropped (text)))
             (system* "setfattr" "-x" "user.x" file)
             (and (has? kept "SCHILY.xattr.user.x=y\n")
                  (not (has? dropped "SCHILY"))))
           ;; Not with this file system, or without the program.
           (not (has? (text #:xattrs 'keep) "SCHILY")))))
   (test-assert "parent-directories"
     (let ((parent (string-append (string-drop (dirname item-a) 1) "/\x00")))
       (and (has? (text #:parent-directories #t) parent)
            (not (has? (text) parent)))))
   (test-assert "variant"
     (has? (text #:system "armhf-linux" #:variant "v7")
           "\"architecture\":\"arm\"" "\"variant\":\"v7\""))
   (test-assert "config-keys"
     (has? (text #:config-keys 'spec #:environment '(("A" . "b"))
                 #:entry-point '("c"))
           "\"config\":{\"Env\":[\"A=b\"],\"Entrypoint\":[\"c\"]}"))

   ;; What the image says.
   (test-assert "names"
     (has? (text #:names '("host.example:5000/a/b:1" "c"))
           "\"RepoTags\":[\"host.example:5000/a/b:1\",\"c:latest\"]"))
   (for-each
    (match-lambda
      ((name expected . arguments)
       (test-assert name
         (has? (apply text arguments) expected))))
    `(("cmd" "\"Cmd\":[\"a\",\"b c\"]" #:cmd ("a" "b c"))
      ("cmd, an empty list" "\"Cmd\":[]" #:cmd ())
      ("user" "\"User\":\"u:7\"" #:user "u:7")
      ("working-directory" "\"WorkingDir\":\"/srv\""
       #:working-directory "/srv")
      ("exposed-ports" "\"ExposedPorts\":{\"53/udp\":{},\"80\":{}}"
       #:exposed-ports ("80" "53/udp"))
      ("volumes" "\"Volumes\":{\"/a\":{}}" #:volumes ("/a"))
      ("labels" "\"Labels\":{\"a\":\"b\",\"c\":\"\"}"
       #:labels (("c" . "") ("a" . "b")))
      ("stop-signal" "\"StopSignal\":\"SIGINT\"" #:stop-signal "SIGINT")
      ("author" "\"author\":\"Me\"" #:author "Me")
      ("health-check, as text" "\"Healthcheck\":{\"Test\":[\"NONE\"]}"
       #:health-check "{\"Test\": [\"NONE\"]}")
      ("health-check, as data"
       "\"Healthcheck\":{\"Test\":[\"CMD\",\"a\"],\"Retries\":2}"
       #:health-check ((Test . #("CMD" "a")) (Retries . 2)))
      ("config, as text" "\"os.version\":\"7\""
       #:config "{\"os.version\": \"7\"}")
      ("config, as data"
       "\"x\":[1,2.5,true,false,null,\"a\\n\\u001f\\\"\",{}]"
       #:config ((config . ((x . #(1 2.5 #t #f null "a\n\x1f\"" ()))))))))
   (test-assert "creation-time may be SOURCE_DATE_EPOCH"
     (let ((time (begin
                   (setenv "SOURCE_DATE_EPOCH" "86400")
                   (text #:creation-time 'source-date-epoch)))
           (ignored (text #:creation-time (make-time time-utc 0 1))))
       (setenv "SOURCE_DATE_EPOCH" "soon")
       (let ((wrong (raised (lambda ()
                              (build #:creation-time 'source-date-epoch)))))
         (unsetenv "SOURCE_DATE_EPOCH")
         (let ((missing (raised (lambda ()
                                  (build #:creation-time
                                         'source-date-epoch)))))
           (and (has? time "\"created\":\"1970-01-02T00:00:00Z\"")
                (has? ignored "\"created\":\"1970-01-01T00:00:01Z\"")
                (string-contains (message-of wrong) "\"soon\"")
                (string-contains (message-of missing) "not set"))))))

   ;; Ports.
   (for-each
    (lambda (arguments)
      (let* ((arguments (append arguments
                                (list #:creation-time (make-time time-utc 0 1))))
             (expected (begin
                         (apply build arguments)
                         (image-bytes))))
        (delete-file image)
        (test-assert (format #f "an open file, ~s" arguments)
          (begin
            (call-with-output-file image
              (lambda (port)
                (display "before" port)
                (apply build-docker-image port (list item-a) "/prefix"
                       arguments)))
            (let ((bytes (image-bytes)))
              (delete-file image)
              (bytevector=? bytes
                            (u8-list->bytevector
                             (append (bytevector->u8-list
                                      (string->utf8 "before"))
                                     (bytevector->u8-list expected)))))))
        (test-assert (format #f "a pipe to a command, ~s" arguments)
          (let ((port (open-pipe* OPEN_WRITE "sh" "-c" "cat >\"$0\"" image)))
            (apply build-docker-image port (list item-a) "/prefix" arguments)
            (close-pipe port)
            (let ((bytes (image-bytes)))
              (delete-file image)
              (bytevector=? bytes expected))))))
    '(() (#:max-layers 3) (#:compressor ("gzip")) (#:compressor ("zstd"))))
   (test-assert "a command that does not read is an error"
     (let* ((port (open-pipe* OPEN_WRITE "true"))
            (error (begin
                     (sleep 1)
                     (raised (lambda ()
                               (build-docker-image port (list item-b)
                                                   "/prefix"))))))
       (false-if-exception (close-pipe port))
       (and (eq? 'output (docker-error-status error))
            (string-contains (message-of error) "reader"))))
   (test-assert "what a port has does not fit"
     (let* ((port (open-output-file "/dev/full"))
            (error (begin
                     (display "pending" port)
                     (raised (lambda ()
                               (build-docker-image port (list item-a)
                                                   "/prefix"))))))
       (false-if-exception (close-port port))
       (eq? 'no-space (docker-error-status error))))
   (test-assert "a reader of the same process may go while a command writes"
     (match (pipe)
       ((reader . writer)
        (let ((thread (call-with-new-thread
                       (lambda ()
                         (read-char reader)
                         (close-port reader))))
              (noise (string-append item-a "/noise")))
          (system* "sh" "-c" "head -c 1000000 /dev/urandom >\"$0\"" noise)
          (let ((error (raised (lambda ()
                                 (build-docker-image writer (list item-a)
                                                     "/prefix"
                                                     #:compressor
                                                     '("cat"))))))
            (join-thread thread)
            (false-if-exception (close-port writer))
            (delete-file noise)
            (eq? 'output (docker-error-status error)))))))
   (test-assert "ports without a descriptor are refused"
     (every (lambda (port)
              (let ((error (raised (lambda ()
                                     (build-docker-image port (list item-a)
                                                         "/prefix")))))
                (and (eq? 'invalid-argument (docker-error-status error))
                     (string-prefix? "image: " (message-of error)))))
            (list (open-output-string) (open-input-string "")
                  (%make-void-port "w"))))

   (test-assert "a bytevector may name any file"
     (let ((latin (u8-list->bytevector
                   (append (bytevector->u8-list (string->utf8 item-a))
                           '(47 255)))))
       (system* "sh" "-c" "echo >\"$0/$(printf '\\377')\"" item-a)
       (let ((report (build-docker-image
                      (string->utf8 image) (list latin)
                      (string->utf8 "/prefix")
                      #:max-layers 3
                      #:database (string->utf8
                                  (string-append item-a "/file")))))
         (system* "sh" "-c" "rm \"$0/$(printf '\\377')\"" item-a)
         (and (= 2 (length (image-report-layers report)))
              (has? (image-text)
                    (string-append (string-drop item-a 1) "/\xff"))))))
   (test-assert "nothing else was made" (clean?))
   ;; Last, since the port goes on trying when it is closed, which would be a
   ;; signal that ends the program.
   (test-assert "what a port still has finds no reader"
     (let ((port (open-output-pipe "true")))
       (setvbuf port 'block)
       (sleep 1)
       (display "pending" port)
       (let ((error (raised (lambda ()
                              (build-docker-image port (list item-b)
                                                  "/prefix")))))
         (sigaction SIGPIPE SIG_IGN)
         (and (eq? 'output (docker-error-status error))
              (string-contains (message-of error) "still had")))))))
