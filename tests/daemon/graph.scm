;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; usage: guile graph.scm
;;;
;;; Have the daemon write the references graph of a profile, and print the name
;;; of that file.

(use-modules (guix derivations)
             (guix gexp)
             (guix monads)
             (guix packages)
             (guix profiles)
             (guix store)
             (local packages)
             (local samples))

(with-store store
  (set-build-options store #:use-substitutes? #f #:offload? #f)
  (parameterize ((%guile-for-build
                  (local-package-derivation store (default-guile))))
    (let ((drv (run-with-store store
                 (mlet %store-monad ((drv (profile-derivation
                                           (sample-manifest store)
                                           #:hooks '())))
                   (gexp->derivation "graph"
                                     #~(copy-file "graph" #$output)
                                     #:references-graphs
                                     `(("graph" ,drv)))))))
      (build-derivations store (list drv))
      (display (derivation->output-path drv))
      (newline))))
