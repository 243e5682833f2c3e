;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; What the test images hold: a shell, and store items whose files have every
;;; shape an archive must get right.

(define-module (local samples)
  #:use-module (gnu packages base)
  #:use-module (gnu packages bash)
  #:use-module (guix profiles)
  #:use-module (guix store)
  #:use-module (local packages)
  #:export (sample-manifest
            twins-manifest))

(define filler "
repeat () { # TEXT TIMES
  local i; for ((i = 0; i < $2; i++)); do printf '%s %d\\n' \"$1\" $i; done
}
mkdir -p \"$out/share/$name\"
cd \"$out/share/$name\"
")

(define (sample store name script)
  "Return a manifest entry for the item NAME, filled by the shell SCRIPT in its
directory share/NAME."
  (manifest-entry
    (name name)
    (version "0")
    (item (shell-derivation store name (string-append filler script)
                            #:env `(("name" . ,name))))))

(define (plain-samples store)
  (map (lambda (n)
         (let ((name (string-append "plain-" (number->string n))))
           (sample store name
                   (format #f "repeat ~a ~a >text\n" name (* n n 400)))))
       '(1 2 3 4 5 6 7)))

(define shapes "
: >empty; mkdir empty-directory
repeat script 100 >program; chmod +x program
cat \"$shell\" \"$shell\" >.hidden
ln -s program relative; ln -s \"$out/share/$name/program\" absolute
ln -s nowhere dangling; ln -s . loop
# Derivations hold no text beyond Latin-1: e-acute and a Cyrillic d.
mkdir -p $'\\303\\251t/\\320\\264'
repeat world 3 >$'\\303\\251t/\\320\\264/with space'
mkdir a-b; for file in B a a.b a-b/c; do repeat order 2 >$file; done
long=0123456789012345678901234567890123456789012345678901234567890123456789
mkdir -p $long/$long; repeat long 5 >$long/$long/$long
ln -s ../$long/$long/$long long-target
ln -s short $long/$long-link
printf '%0512d' 0 >block; printf '%0513d' 0 >more-than-a-block\n")

(define (sample-manifest store)
  "Return the manifest of the pack that most tests build."
  (manifest
   (append (manifest-entries (packages->manifest (list bash coreutils)))
           (list (sample store "shapes" shapes)
                 ;; These two share a file: the store's deduplication makes it
                 ;; one file with two names.
                 (sample store "shared-1"
                         "repeat shared 3000 >one; repeat 1 9000 >more\n")
                 (sample store "shared-2"
                         "repeat shared 3000 >two; repeat 2 9999 >more\n"))
           (plain-samples store))))

(define (twins-manifest store)
  "Return a manifest of one item that has the same file twice, which the store
makes two names of one file."
  (manifest
   (list (sample store "twins"
                 "repeat twin 3000 >castor; repeat twin 3000 >pollux\n"))))
