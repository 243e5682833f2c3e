;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; usage: guile pull.scm SOURCE OUTPUT
;;;
;;; Do with the channel in SOURCE what 'guix pull' does: compile the modules in
;;; the directory that its .guix-channel names to OUTPUT, and link that directory
;;; there.

(use-modules (guix build compile)
             (guix build utils)
             (ice-9 match))

(match (command-line)
  ((_ source output)
   (let* ((directory
           (match (call-with-input-file (string-append source "/.guix-channel")
                    read)
             (('channel ('version 0) properties ...)
              (match (assq 'directory properties)
                ((_ directory) (string-append source "/" directory))))))
          (scm (string-append output "/share/guile/site/"
                              (effective-version)))
          (go  (string-append output "/lib/guile/" (effective-version)
                              "/site-ccache")))
     (compile-files directory go (find-files directory "\\.scm$"))
     (mkdir-p (dirname scm))
     (symlink directory scm))))
