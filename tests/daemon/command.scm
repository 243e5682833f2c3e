;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; usage: guile command.scm COMMAND [ARGUMENT...]
;;;
;;; Run the 'guix' command, with packages and operating systems made of this
;;; Debian's files.

(use-modules (guix ui)
             (local packages)
             (local systems))

(apply guix-main "guix" (cdr (command-line)))
