;;; SPDX-License-Identifier: GPL-3.0-or-later

;;; The garbage collector: what the library was given stays where it is.

(use-modules (support)
             (guix docker)
             (ice-9 match)
             (rnrs bytevectors)
             (srfi srfi-1)
             (srfi srfi-19)
             (srfi srfi-64))

(define (litter count)
  "Make garbage of many sizes, and collect it."
  (for-each (lambda (number)
              (make-bytevector (+ 8 (modulo (* number 37) 5000)) 255)
              (make-string (modulo number 300) #\x))
            (iota count))
  (gc))

(define (arguments)
  "Return many large arguments, all new."
  (list #:repository (string-copy "name")
        #:extra-files
        (append-map (lambda (number)
                      (let ((directory (format #f "/d~a" number)))
                        `((directory ,directory)
                          (file ,(string-append directory "/file")
                                ,(make-string 2000 #\c))
                          (,(string-append directory "/link") -> "file"))))
                    (iota 300))
        #:transformations
        (map (lambda (number)
               `(,(format #f "/old~a" number) -> ,(format #f "/new~a" number)))
             (iota 300))
        #:entry-point (map (lambda (number)
                             (make-string 500 #\e))
                           (iota 100))
        #:environment (map (lambda (number)
                             (cons (format #f "NAME~a" number)
                                   (make-string 1000 #\v)))
                           (iota 300))
        #:creation-time (make-time time-utc 0 1)))

(define (make-slow-item)
  "Return a directory that is not read in one moment."
  (let ((directory (string-append input "/slow")))
    (mkdir directory)
    (call-with-output-file (string-append directory "/sparse")
      (lambda (port)
        (truncate-file port (expt 2 29))))
    directory))

(define* (image-id* paths #:rest more)
  (let ((report (apply build-docker-image (string-copy image)
                       (map string-copy paths)
                       (string-copy "/prefix")
                       (append (arguments) more))))
    (delete-file image)
    (image-report-id report)))

(define (image-id . more)
  (apply image-id* (list item-a item-b) more))

(run-tests "collector"
 (lambda ()
   (define expected
     (image-id))

   (for-each
    (match-lambda
      ((name paths compressor)
       (test-equal (string-append "collecting in the callback, " name)
         (list (image-id* paths) #t)
         (let* ((count 0)
                (id (image-id* paths
                               #:compressor compressor
                               #:max-layers #f
                               #:progress (lambda (done total)
                                            (set! count (+ count 1))
                                            (litter 3000)))))
           (list id (positive? count))))))
    `(("uncompressed" (,(make-slow-item)) #f)
      ("a slow filter" (,item-a ,item-b) ("sh" "-c" "sleep 0.5; cat"))))
   (test-assert "collecting between fifty builds"
     (every (lambda (_)
              (litter 500)
              (string=? expected (image-id)))
            (iota 50)))
   (test-assert "reports outlive what they were made from"
     (let* ((reports (map (lambda (_)
                            (let ((report (build)))
                              (delete-file image)
                              report))
                          (iota 20))))
       (litter 5000)
       (every (lambda (report)
                (equal? (list (list item-a))
                        (map layer-report-items
                             (image-report-layers report))))
              reports)))
   (test-assert "errors outlive what they were made from"
     (let ((errors (map (lambda (number)
                          (raised (lambda ()
                                    (build #:system
                                           (format #f "system~a" number)))))
                        (iota 20))))
       (litter 5000)
       (every (lambda (error number)
                (string-contains (message-of error)
                                 (format #f "\"system~a\"" number)))
              errors
              (iota 20))))
   (test-assert "memory does not grow with the number of builds"
     (let ((resident (lambda ()
                       (gc)
                       (gc)
                       (call-with-input-file "/proc/self/statm"
                         (lambda (port)
                           (read port)
                           (read port))))))
       (for-each (lambda (_) (image-id)) (iota 10))
       (let ((before (resident)))
         (for-each (lambda (_) (image-id)) (iota 60))
         ;; In pages; an image's arguments alone are more than 200 of them.
         (< (- (resident) before) (* 60 100)))))
   (test-assert "nothing was left" (clean?))))
