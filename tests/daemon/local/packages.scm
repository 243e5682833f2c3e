;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; Guix's packages, made of this Debian's files.
;;;
;;; Nothing can be built or downloaded here.  Loading this module makes every
;;; <package> record that a G-expression meets lower to a derivation that
;;; copies a tree laid out by 'debian-items', whatever the package's own
;;; source and build system say; a package that has no such tree becomes an
;;; empty directory.  Everything else of Guix stays as it is.

(define-module (local packages)
  #:use-module (guix derivations)
  #:use-module (guix gexp)
  #:use-module (guix packages)
  #:use-module (guix store)
  #:use-module (ice-9 match)
  #:export (shell-derivation
            local-package-derivation))

(define libraries (getenv "LIBRARIES"))           ;a store item
(define trees (getenv "TREES"))                   ;what 'debian-items' made

(define tree-name
  ;; The name of the tree that stands for the package of the given name.
  (match-lambda
    ("bash-minimal" "bash")
    ((? (lambda (name)
          (file-exists? (string-append trees "/" name)))
        name)
     name)
    (_ "nothing")))

(define intern
  (let ((interned (make-hash-table)))
    (lambda (store tree)
      "Return the store item that holds TREE."
      (or (hash-ref interned tree)
          (let ((item (add-to-store store tree #t "sha256"
                                    (string-append trees "/" tree))))
            (hash-set! interned tree item)
            item)))))

(define* (shell-derivation store name script
                           #:key (inputs '()) (sources '()) (env '()))
  "Return the derivation NAME that runs the shell SCRIPT."
  (let ((bash      (intern store "bash"))
        (coreutils (intern store "coreutils")))
    (derivation store name (string-append bash "/bin/bash")
                (list "-euc" script)
                #:inputs (map derivation-input inputs)
                #:sources (cons* bash coreutils libraries sources)
                #:env-vars `(("PATH" . ,(string-append coreutils "/bin"))
                             ("shell" . ,(string-append bash "/bin/bash"))
                             ("coreutils" . ,coreutils)
                             ("libraries" . ,libraries)
                             ,@env)
                #:local-build? #t
                #:substitutable? #f)))

;; Debian's Guile looks for its own modules, and its C library for locales and
;; character sets, in places under /usr.  The shell would drop the variables
;; that Guix gives names with a space in them: pass on the environment as it
;; came.
(define wrap-guile "
chmod u+w \"$out/bin\"
cat >\"$out/bin/guile\" <<END
#!$shell
mapfile -d '' -t environment </proc/self/environ
exec $coreutils/bin/env -i \"\\${environment[@]}\" \\
  GUILE_SYSTEM_PATH=$out/share/guile/3.0 \\
  GUILE_SYSTEM_COMPILED_PATH=$out/lib/guile/3.0/ccache \\
  GUILE_SYSTEM_EXTENSIONS_PATH=$libraries/lib \\
  GCONV_PATH=$libraries/lib/gconv \\
  LOCPATH=$libraries/lib/locale \\
  $out/bin/guile-program \"\\$@\"
END
chmod 755 \"$out/bin/guile\"\n")

(define (local-package-derivation store package)
  "Return the derivation that stands for PACKAGE."
  (let* ((name (tree-name (package-name package)))
         (tree (intern store name)))
    (shell-derivation store
                      (string-append "debian-" name)
                      (string-append "cp -R \"$tree\" \"$out\"\n"
                                     (if (string=? name "guile")
                                         wrap-guile
                                         ""))
                      #:sources (list tree)
                      #:env `(("tree" . ,tree)))))

(define lift-package (store-lift local-package-derivation))

(define-gexp-compiler (local-package-compiler (package (@@ (guix packages)
                                                           <package>))
                                              system target)
  (lift-package package))

;; Other modules of Guix lower packages, above all the Guile that runs the
;; builds, by these procedures, without a G-expression.
(define (replace-export! name value)
  (module-set! (resolve-module '(guix packages)) name value))

(replace-export! 'package-derivation
                 (lambda* (store package #:rest _)
                   (local-package-derivation store package)))
(replace-export! 'package->derivation
                 (lambda* (package #:rest _)
                   (lift-package package)))
(replace-export! 'default-guile-derivation
                 (lambda _
                   (lift-package (default-guile))))
(replace-export! 'set-guile-for-build
                 (lambda (guile)
                   (lambda (store)
                     (%guile-for-build (local-package-derivation store guile))
                     (values *unspecified* store))))
