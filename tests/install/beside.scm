;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; usage: guile beside.scm WHOSE
;;;
;;; Fail unless (guix docker) is Guix's own, if WHOSE is 'guix', and then also the
;;; one that builds get; or this project's, if it is 'this'.

(use-modules (ice-9 match))

(define ours?
  ;; Guix's returns no reports.
  (->bool (module-variable (resolve-interface '(guix docker))
                           'image-report-id)))

(define (given-to-builds module)
  "Return the modules that Guix has a build with MODULE import."
  ((module-ref (resolve-interface '(guix modules)) 'source-module-closure)
   (list module)))

(match (program-arguments)
  ((_ ... "guix")
   (exit (and (not ours?)
              (not (member '(guix docker ffi)
                           (given-to-builds '(guix docker)))))))
  ((_ ... "this")
   (exit ours?)))
