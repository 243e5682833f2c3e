;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; What 'guix docker build -m' is given.

(use-modules (gnu packages base)
             (gnu packages bash))

(packages->manifest (list bash coreutils))
