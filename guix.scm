;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; The package of this checkout, for 'guix build -f guix.scm', 'guix install -f
;;; guix.scm' and 'guix shell -D -f guix.scm'.

(eval-when (expand load eval)
  (set! %load-path
        (cons (string-append (dirname (canonicalize-path (current-filename)))
                             "/guile/channel")
              %load-path)))

(use-modules (guix-docker packages))

guix-docker
