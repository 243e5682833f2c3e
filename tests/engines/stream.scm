;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; Write an image of the item given, with all that can be said of what
;;; containers start with, to standard output:
;;;
;;;   stream.scm single|layered COMPRESSOR PROFILE ITEM...

(use-modules (guix docker)
             (ice-9 match)
             (srfi srfi-19))

(match (cdr (command-line))
  ((form compressor profile . items)
   (build-docker-image (current-output-port) items profile
                       #:names '("engines-test"
                                 "registry.example:5000/team/app:1.2"
                                 "engines-test:auto")
                       #:system "x86_64-linux-gnu"
                       #:creation-time (make-time time-utc 0 1)
                       #:compressor (match compressor
                                      ("none" #f)
                                      (name (list name)))
                       #:max-layers (match form
                                      ("single" #f)
                                      ("layered" 5))
                       #:config-keys 'spec
                       #:entry-point
                       (list (string-append profile "/bin/sh") "-c")
                       #:cmd '("echo the default of $PWD")
                       #:environment
                       `(("PATH" . ,(string-append profile "/bin")))
                       #:extra-files '((directory "/srv")
                                       (directory "/data"))
                       #:ownership '(("/data" 1000 100))
                       #:user "1000:100"
                       #:working-directory "/srv"
                       #:exposed-ports '("8080/tcp" "53/udp")
                       #:volumes '("/data")
                       #:labels '(("org.opencontainers.image.title" . "Größe")
                                  ("empty" . ""))
                       #:stop-signal "SIGINT"
                       #:health-check
                       `((Test . #("CMD-SHELL" "exit 0"))
                         (Interval . 30000000000)
                         (Retries . 2))
                       #:author "Someone"
                       #:config '((config . ((OnBuild . #("RUN x"))))))))
