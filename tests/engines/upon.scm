;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; Make an image upon another one, and print its ID and its diff IDs:
;;;
;;;   upon.scm BASE BASE-NAME FORMAT IMAGE PROFILE ITEM...

(use-modules (guix docker)
             (ice-9 match)
             (srfi srfi-19))

(match (cdr (command-line))
  ((base base-name format image profile . items)
   (let ((report (build-docker-image image items profile
                                     #:base base
                                     #:base-name (match base-name
                                                   ("" #f)
                                                   (name name))
                                     #:format (string->symbol format)
                                     #:repository "engines-test"
                                     #:system "x86_64-linux-gnu"
                                     #:creation-time (make-time time-utc 0 1)
                                     #:max-layers 12
                                     #:entry-point '("/bin/sh" "-c")
                                     #:environment `(("OWN" . ,profile))
                                     #:labels '(("upon" . "base"))
                                     #:config-keys 'spec)))
     (display (image-report-id report))
     (newline)
     (for-each (lambda (layer)
                 (display (layer-report-diff-id layer))
                 (newline))
               (image-report-layers report)))))
