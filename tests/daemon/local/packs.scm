;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; The packs that are built twice, with Guix's module and with ours: what is
;;; given to Guix's own 'docker-image'.

(define-module (local packs)
  #:use-module (gnu compression)
  #:use-module (guix profiles)
  #:use-module (guix scripts pack)
  #:use-module (guix store)
  #:use-module (ice-9 match)
  #:use-module (local samples)
  #:use-module (srfi srfi-1)
  #:export (pack-derivations))

(define decorated
  '(#:symlinks (("/bin" -> "bin")
                ("/opt/deep/down/profile" -> "")
                ("/usr/bin/env" -> "bin/env"))
    #:entry-point "bin/bash"
    #:image-tag "My_Image/of an unusual.Name"
    #:entry-point-argument ("-c" "echo \"$0\" \\ ü\n")))

(define specifications
  ;; Name, contents, compressor, maximum of layers, and what else is asked for.
  `((single-plain     sample "none" #f)
    (single-gzip      sample "gzip" #f ,@decorated)
    (single-zstd      sample "zstd" #f)
    (single-xz        sample "xz"   #f)
    (single-database  sample "none" #f #:localstatedir? #t)
    (single-empty     empty  "none" #f)
    (single-cross     empty  "gzip" #f #:target "aarch64-linux-gnu")
    (single-twins     twins  "none" #f)
    (layers-2         sample "none" 2)
    (layers-10        sample "none" 10 ,@decorated)
    (layers-100       sample "none" 100 #:localstatedir? #t)
    (layers-10-gzip   sample "gzip" 10 #:localstatedir? #t ,@decorated)
    (layers-10-plain  sample "none" 10)
    (layers-10-zstd   sample "zstd" 10)
    (layers-10-xz     sample "xz"   10)
    (layers-empty     empty  "none" 3)
    (layers-twins     twins  "none" 4)))

(define (manifest-named name store)
  (match name
    ('sample (sample-manifest store))
    ('twins  (twins-manifest store))
    ('empty  (manifest '()))))

(define* (pack-derivation store name contents compression max-layers
                          #:key target (symlinks '()) entry-point localstatedir?
                          image-tag (entry-point-argument '()))
  (run-with-store store
    ;; The arguments are those that 'guix pack' gives.
    (docker-image (symbol->string name)
                  (profile (content (manifest-named contents store))
                           (hooks '()))
                  #:target target
                  #:compressor (lookup-compressor compression)
                  #:symlinks symlinks
                  #:localstatedir? localstatedir?
                  #:entry-point entry-point
                  #:profile-name "guix-profile"
                  #:extra-options
                  `(#:image-tag ,image-tag
                    #:entry-point-argument ,entry-point-argument
                    #:max-layers ,max-layers))
    #:guile-for-build (%guile-for-build)))

(define (pack-derivations store names)
  "Return an association list from the name of each pack to its derivation;
only those in NAMES unless it is empty."
  (filter-map (match-lambda
                ((name . arguments)
                 (and (or (null? names) (memq name names))
                      (cons name
                            (apply pack-derivation store name arguments)))))
              specifications))
