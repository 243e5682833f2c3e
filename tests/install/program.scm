;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; usage: guile program.scm IMAGE PATH
;;;
;;; Build IMAGE of PATH with the modules that are installed.

(use-modules (guix docker)
             (ice-9 match))

(match (program-arguments)
  ((_ image path)
   (unless (image-report? (build-docker-image image (list path) path))
     (error "no report about" image))
   (delete-file image)))
