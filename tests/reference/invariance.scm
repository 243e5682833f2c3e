;;; SPDX-License-Identifier: GPL-3.0-or-later
;;; -*- coding: utf-8 -*-
;;;
;;; Build the images of the invariance test, with text beyond ASCII in every
;;; argument.
;;;
;;; usage: guile -s invariance.scm DIRECTORY [THREADS]

(use-modules (guix docker)
             (ice-9 match)
             (srfi srfi-1)
             (srfi srfi-19))

(define paths
  (append (map (lambda (name) (string-append "/gnu/store/" name))
               '("sizes" "many" "bytes" "names" "order" "plain" "élan-日本"
                 "equal-3" "equal-1" "equal-2" "a-link" "size-6" "size-1"))))

(define common
  `(#:repository "Élan"
    #:environment (("LANG" . "é日本"))
    #:entry-point ("/bin/é")
    #:extra-files ((directory "/tmp" 0 0 #o1777)
                   (directory "/é/b")
                   (directory "/E")
                   (file "/é/a" "日本\n")
                   ("/bin" -> "/gnu/store/plain/bin"))
    #:database "/gnu/database/db.sqlite"
    #:system "x86_64-linux"
    #:creation-time ,(make-time time-utc 0 1700000000)))

(match (command-line)
  ((_ directory . threads)
   (for-each (match-lambda
               ((name . arguments)
                (apply build-docker-image (string-append directory "/" name)
                       paths "/gnu/store/élan-日本"
                       (append (match threads
                                 (() '())
                                 ((n) `(#:threads ,(string->number n))))
                               arguments common))))
             `(("single.tar")
               ("single.tar.gz" #:compressor ("gzip" "-9n"))
               ("single.tar.xz" #:compressor ("/usr/bin/xz" "-1"))
               ("transformed.tar" #:transformations (("/gnu" -> "/é")))
               ("layered.tar" #:max-layers 5)
               ("layered.tar.gz" #:max-layers 100 #:compressor ("gzip" "-9n"))
               ("root.tar" #:max-layers 100 #:root-system "/gnu/root")))))
