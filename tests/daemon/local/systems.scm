;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; The system images that are built twice, with Guix's module and with ours:
;;; what is given to Guix's own 'system-docker-image'.

(define-module (local systems)
  #:use-module (gnu)
  #:use-module (gnu image)
  #:use-module (gnu packages bash)
  #:use-module (guix derivations)
  #:use-module (guix gexp)
  #:use-module (guix monads)
  #:use-module (guix store)
  #:use-module (ice-9 match)
  #:use-module (local packages)
  #:use-module (srfi srfi-1)
  #:export (system-derivations))

;; An operating system takes a thousand packages.  Whatever is declared, its
;; derivation here is a directory with a boot script and a shell.
(define-gexp-compiler (local-system-compiler (os (@@ (gnu system)
                                                     <operating-system>))
                                             system target)
  (lambda (store)
    (let ((bash (local-package-derivation store bash)))
      (values (shell-derivation store "system" "
mkdir \"$out\" \"$out/etc\"
echo '(display \"booted\")' >\"$out/boot\"
echo local >\"$out/etc/hostname\"
ln -s \"$bash\" \"$out/profile\"\n"
                                #:inputs (list bash)
                                #:env `(("bash"
                                         . ,(derivation->output-path bash))))
              store))))

(define (system services)
  (operating-system
    (host-name "local")
    (bootloader (bootloader-configuration
                 (bootloader grub-bootloader)))
    (file-systems %base-file-systems)
    (services services)))

(define specifications
  ;; Name, services, maximum of layers.  The service of Guix itself brings the
  ;; store database.
  `((system-single          ,%base-services #f)
    (system-single-bare     () #f)
    (system-layers-2        () 2)
    (system-layers-10       ,%base-services 10)))

(define (system-derivations store names)
  "Return an association list from the name of each system image to its
derivation; only those in NAMES unless it is empty."
  (filter-map (match-lambda
                ((name services max-layers)
                 (and (or (null? names) (memq name names))
                      (cons name
                            (run-with-store store
                              (lower-object
                               ((@@ (gnu system image) system-docker-image)
                                (image (format 'docker)
                                       (operating-system (system services))
                                       (partitions '())
                                       (max-layers max-layers))
                                #:name (symbol->string name)))
                              #:guile-for-build (%guile-for-build))))))
              specifications))
