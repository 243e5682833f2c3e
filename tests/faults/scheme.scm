;;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Failures as Scheme programs see them: run by scheme.py with the names of
;;; the image, of a small and of a large directory.

(use-modules (guix docker)
             (ice-9 exceptions)
             (ice-9 match)
             (ice-9 textual-ports)
             (rnrs bytevectors)
             (srfi srfi-1))

(define-values (%image %small %large)
  (match (command-line)
    ((_ image small large)
     (values image small large))))

(define %old-image
  "the old image\n")

(define (say good? name detail)
  (format #t "~a - Scheme: ~a~%" (if good? "ok" "not ok") name)
  (unless good?
    (format #t "#   ~a~%" detail)))

(define (outcome thunk)
  "Call THUNK and return what it raises, or #f."
  (with-exception-handler
      (lambda (exception) exception)
    (lambda ()
      (thunk)
      #f)
    #:unwind? #t))

(define (untouched? old?)
  (if old?
      (string=? %old-image (call-with-input-file %image get-string-all))
      (not (file-exists? %image))))

(define* (check-failure name status says build)
  "Check that BUILD, called with the name of an image, raises an error of
STATUS with all of the strings SAYS, twice: with and without an image there."
  (for-each
   (lambda (old?)
     (when old?
       (call-with-output-file %image
         (lambda (port)
           (display %old-image port))))
     (let ((error (outcome (lambda () (build %image)))))
       (say (and (docker-error? error)
                 (eq? status (docker-error-status error))
                 (exception-with-message? error)
                 (every (lambda (part)
                          (string-contains (exception-message error) part))
                        says)
                 (untouched? old?))
            (string-append name (if old? ", an image is there" ""))
            error))
     (when old?
       (delete-file %image)))
   '(#f #t)))

(define (building . arguments)
  "Return a procedure that builds an image with the keyword ARGUMENTS."
  (lambda (image)
    (apply build-docker-image image (list %small) "/prefix" arguments)))

(define (with-compressor . words)
  (building #:compressor words))

(define (building-large compressor)
  (lambda (image)
    (build-docker-image image (list %large) "/prefix"
                        #:compressor compressor
                        #:progress (lambda (done total)
                                     (when (positive? done)
                                       (throw 'stop))))))

(check-failure "a path that does not exist" 'input '("/no/such/path")
               (lambda (image)
                 (build-docker-image image '("/no/such/path") "/prefix")))
(check-failure "a relative path" 'invalid-argument '("paths" "relative")
               (lambda (image)
                 (build-docker-image image '("relative") "/prefix")))
(check-failure "an empty prefix" 'invalid-argument '("prefix")
               (lambda (image)
                 (build-docker-image image '() "")))
(check-failure "an empty image name" 'invalid-argument '("image")
               (lambda (image)
                 (build-docker-image "" (list %small) "/prefix")))
(check-failure "an image in no directory" 'output '("image" "/no/such")
               (lambda (image)
                 (build-docker-image "/no/such/image.tar" (list %small)
                                     "/prefix")))
(check-failure "an image that is a directory" 'output '("image" "directory")
               (lambda (image)
                 (build-docker-image %small (list %small) "/prefix")))
(check-failure "an image that is a device" 'output '("image" "/dev/full")
               (lambda (image)
                 (build-docker-image "/dev/full" (list %small) "/prefix")))
(check-failure "an unsupported system" 'unsupported-system
               '("system" "sparc64-linux")
               (building #:system "sparc64-linux"))
(for-each (lambda (count)
            (check-failure (format #f "max-layers ~a" count) 'invalid-argument
                           (list "max-layers" (number->string count) "2")
                           (building #:max-layers count)))
          '(1 0 -3))
(check-failure "a directive with '..'" 'invalid-argument
               '("extra-files" "..")
               (building #:extra-files '((directory "/a/../b"))))
(check-failure "a directive of the wrong shape" 'invalid-argument
               '("extra-files" "(directory)")
               (building #:extra-files '((directory))))
(check-failure "a transformation of the wrong shape" 'invalid-argument
               '("transformations" "(\"/a\" . \"/b\")")
               (building #:transformations '(("/a" . "/b"))))
(check-failure "a link to nothing" 'invalid-argument
               '("extra-files" "/no/such/file")
               (building #:extra-files '(("/link" -> "/no/such/file"))))
(check-failure "a variable with '='" 'invalid-argument '("environment" "A=B")
               (building #:environment '(("A=B" . "c"))))
(check-failure "a variable with no name" 'invalid-argument '("environment")
               (building #:environment '(("" . "c"))))
(check-failure "text that is not UTF-8" 'invalid-text '("repository" "UTF-8")
               (building #:repository #vu8(97 255)))
(check-failure "no such compressor" 'compressor
               '("compressor" "no-such-compressor")
               (with-compressor "no-such-compressor"))
(check-failure "a compressor that fails" 'compressor
               '("compressor" "exit status 3" "why")
               (with-compressor "sh" "-c" "cat; echo why >&2; exit 3"))
(check-failure "a compressor that dies" 'compressor
               '("compressor" "signal 9")
               (with-compressor "sh" "-c" "kill -KILL $$"))
(check-failure "a compressor that does not read" 'compressor
               '("compressor" "stopped reading")
               (with-compressor "true"))

;; An exception in the callback stops the build, whatever writes it.
(for-each
 (lambda (compressor)
   (let ((error (outcome (lambda ()
                           ((building-large compressor) %image)))))
     (say (and (exception? error)
               (eq? 'stop (exception-kind error))
               (untouched? #f))
          (format #f "stopped by the callback, compressor ~s" compressor)
          error)))
 '(#f ("gzip" "-1") ("cat") ("sh" "-c" "sleep 3600")))
