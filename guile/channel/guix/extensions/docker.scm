;;; guix-docker --- Docker images from Guile and C
;;; Copyright © 2026 The guix-docker authors
;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; This file is part of guix-docker.
;;;
;;; guix-docker is free software; you can redistribute it and/or modify it
;;; under the terms of the GNU General Public License as published by
;;; the Free Software Foundation; either version 3 of the License, or (at
;;; your option) any later version.
;;;
;;; guix-docker is distributed in the hope that it will be useful, but
;;; WITHOUT ANY WARRANTY; without even the implied warranty of
;;; MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the
;;; GNU General Public License for more details.
;;;
;;; You should have received a copy of the GNU General Public License
;;; along with guix-docker.  If not, see <http://www.gnu.org/licenses/>.

;; Guix has the modules of channels on its load path.  Those beside a file that it
;; finds by GUIX_EXTENSIONS_PATH, in a checkout or in the share/guile/site of the
;; same package, it has not.
(eval-when (expand load eval)
  (let ((module-directories
         (lambda (extensions)
           (let ((top (dirname (dirname extensions))))
             (list top
                   (string-append top "/guile/site/" (effective-version)))))))
    (unless (search-path %load-path "guix-docker/images.scm")
      (for-each (lambda (directory)
                  (when (file-exists? (string-append directory
                                                     "/guix-docker/images.scm"))
                    ;; Last, so that no module of Guix is taken from there.
                    (set! %load-path (append %load-path (list directory)))))
                (apply append
                       (map module-directories
                            (parse-path (getenv "GUIX_EXTENSIONS_PATH"))))))))

(define-module (guix extensions docker)
  #:use-module (gnu compression)
  #:use-module (gnu packages)
  #:use-module (guix derivations)
  #:use-module (guix diagnostics)
  #:use-module (guix gexp)
  #:use-module (guix i18n)
  #:use-module (guix monads)
  #:use-module (guix packages)
  #:use-module (guix profiles)
  #:use-module (guix scripts)
  #:use-module (guix scripts build)
  #:use-module (guix scripts pack)
  #:use-module ((guix status) #:select (with-status-verbosity))
  #:use-module (guix store)
  #:use-module (guix transformations)
  #:use-module (guix ui)
  #:use-module (guix-docker builder)
  #:use-module (guix-docker images)
  #:use-module (ice-9 format)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-11)
  #:use-module (srfi srfi-37)
  #:export (guix-docker))

;;; Commentary:
;;;
;;; The command 'guix docker build': what 'guix pack -f docker' does, with all
;;; that this project's module can do besides.
;;;
;;; Code:


;;;
;;; Options of images.
;;;

(define (read-pair option argument)
  "Return NAME=VALUE as a pair of strings."
  (match (string-index argument #\=)
    ((or #f 0)
     (leave (G_ "--~a: '~a' is not of the form NAME=VALUE~%") option argument))
    (index
     (cons (string-take argument index)
           (string-drop argument (+ index 1))))))

(define (read-symbol option argument)
  (string->symbol argument))

(define (read-number option argument)
  (match (string->number argument)
    ((? exact-integer? number) number)
    (_ (leave (G_ "--~a: '~a' is not a number~%") option argument))))

(define (read-ownership option argument)
  "Return PATH=UID:GID as (PATH UID GID)."
  (match (string-rindex argument #\=)
    ((? number? index)
     (match (map string->number
                 (string-split (string-drop argument (+ index 1)) #\:))
       (((? exact-integer? uid) (? exact-integer? gid))
        (list (string-take argument index) uid gid))
       (_
        (leave (G_ "--~a: '~a' is not of the form PATH=UID:GID~%")
               option argument))))
    (_
     (leave (G_ "--~a: '~a' is not of the form PATH=UID:GID~%")
            option argument))))

(define (read-file option argument)
  "Return the file or directory ARGUMENT as a file-like object."
  (unless (file-exists? argument)
    (leave (G_ "--~a: there is no file '~a'~%") option argument))
  (local-file (canonicalize-path argument) "base"
              #:recursive? (file-is-directory? argument)))

(define (read-text option argument)
  argument)

(define %image-options
  ;; Name, what it takes, the keyword of 'build-docker-image', how the argument
  ;; is read, whether it may be given several times, and a description.
  `(("image-tag" "NAME" #:repository ,read-text #f
     "make NAME the repository of the image")
    ("name" "REFERENCE" #:names ,read-text #t
     "call the image REFERENCE, as in HOST:PORT/NAME:TAG")
    ("max-layers" "N" #:max-layers ,read-number #f
     "make a layered image of at most N layers")
    ("layering" "POLICY" #:layering ,read-symbol #f
     "share out layers by 'size' or by 'references'")
    ("env" "NAME=VALUE" #:environment ,read-pair #t
     "set the environment variable NAME")
    ("cmd" "ARGUMENT" #:cmd ,read-text #t
     "add ARGUMENT to the command that is run")
    ("user" "USER" #:user ,read-text #f
     "run as USER or USER:GROUP")
    ("working-directory" "DIR" #:working-directory ,read-text #f
     "run in DIR")
    ("expose" "PORT" #:exposed-ports ,read-text #t
     "tell that PORT is listened at, as in 8080/tcp")
    ("volume" "DIR" #:volumes ,read-text #t
     "tell that DIR holds data")
    ("label" "NAME=VALUE" #:labels ,read-pair #t
     "set the label NAME")
    ("annotation" "NAME=VALUE" #:annotations ,read-pair #t
     "set the annotation NAME of an OCI image")
    ("stop-signal" "SIGNAL" #:stop-signal ,read-text #f
     "tell that SIGNAL ends what is run")
    ("health-check" "JSON" #:health-check ,read-text #f
     "tell how to find out whether it works")
    ("author" "AUTHOR" #:author ,read-text #f
     "name the AUTHOR")
    ("config" "JSON" #:config ,read-text #f
     "merge JSON into the configuration")
    ("base" "FILE" #:base ,read-file #f
     "build upon the image in FILE, an archive or a layout")
    ("base-name" "REFERENCE" #:base-name ,read-text #f
     "of the images in that file, take REFERENCE")
    ("variant" "VARIANT" #:variant ,read-text #f
     "name the VARIANT of the processor, as in v7")
    ("ownership" "PATH=UID:GID" #:ownership ,read-ownership #t
     "let PATH belong to UID and GID")
    ("modes" "MODES" #:modes ,read-symbol #f
     "take permissions as 'guix' or 'keep' says")
    ("xattrs" "XATTRS" #:xattrs ,read-symbol #f
     "'drop' or 'keep' extended attributes")
    ("whiteouts" "WHITEOUTS" #:whiteouts ,read-symbol #f
     "'refuse' or 'allow' names that begin with .wh.")
    ("history" "HISTORY" #:history ,read-symbol #f
     "write history for 'layers', 'one' entry, or 'none'")
    ("config-keys" "KEYS" #:config-keys ,read-symbol #f
     "write keys as 'guix' or 'spec' has them")))

(define %option-values
  ;; What there is for options that are symbols.
  '((#:layering size references)
    (#:modes guix keep)
    (#:xattrs drop keep)
    (#:whiteouts refuse allow)
    (#:history layers one none)
    (#:config-keys guix spec)))

(define (image-option name keyword read)
  "Return the option NAME, whose value, as READ returns it, is that of KEYWORD."
  (option (list name) #t #f
          (lambda (opt _ argument result . rest)
            (let ((value (read name argument)))
              (match (assq-ref %option-values keyword)
                (#f #t)
                (values
                 (unless (memq value values)
                   (leave (G_ "--~a: '~a' is none of ~{~a~^, ~}~%")
                          name argument values))))
              (apply values
                     (alist-cons keyword value result)
                     rest)))))

(define (image-options opts)
  "Return what OPTS say of images, as keyword arguments."
  (define (arguments keyword several?)
    (match (reverse (filter-map (match-lambda
                                  ((key . value)
                                   (and (eq? key keyword) value)))
                                opts))
      (() '())
      (values (list keyword (if several? values (last values))))))

  (append (if (assoc-ref opts 'parent-directories?)
              '(#:parent-directories #t)
              '())
          (append-map (match-lambda
                        ((_ _ keyword _ several? _)
                         (arguments keyword several?)))
                      %image-options)))


;;;
;;; Command-line options.
;;;

(define %default-options
  `((format . docker-archive)
    (system . ,(%current-system))
    (substitutes? . #t)
    (offload? . #t)
    (graft? . #t)
    (print-build-trace? . #t)
    (print-extended-build-trace? . #t)
    (multiplexed-build-output? . #t)
    (debug . 0)
    (verbosity . 1)
    (symlinks . ())
    (compression . "gzip")))

(define-syntax-rule (flag names ... key)
  (option '(names ...) #f #f
          (lambda (opt name argument result . rest)
            (apply values (alist-cons 'key #t result) rest))))

(define-syntax-rule (text names ... key)
  (option '(names ...) #t #f
          (lambda (opt name argument result . rest)
            (apply values (alist-cons 'key argument result) rest))))

(define %options
  (cons* (option '(#\h "help") #f #f
                 (lambda args
                   (leave-on-EPIPE (show-help))
                   (exit 0)))
         (option '(#\V "version") #f #f
                 (lambda args
                   (show-version-and-exit "guix docker")))
         (flag #\n "dry-run" dry-run?)
         (flag #\d "derivation" derivation-only?)
         (flag "localstatedir" localstatedir?)
         (flag "parent-directories" parent-directories?)
         (text #\e "expression" expression)
         (text #\m "manifest" manifest)
         (text "entry-point" entry-point)
         (text #\A "entry-point-argument" entry-point-argument)
         (text #\r "root" gc-root)
         (text "library" library)
         (option '(#\f "format") #t #f
                 (lambda (opt name argument result . rest)
                   (let ((format (string->symbol argument)))
                     (unless (memq format %container-image-formats)
                       (leave (G_ "~a: unknown format; there are ~{~a~^, ~}~%")
                              argument %container-image-formats))
                     (apply values (alist-cons 'format format result) rest))))
         (option '(#\C "compression") #t #f
                 (lambda (opt name argument result . rest)
                   (lookup-compressor argument)   ;or say that there is none
                   (apply values
                          (alist-cons 'compression argument result)
                          rest)))
         (option '(#\S "symlink") #t #f
                 (lambda (opt name argument result . rest)
                   (apply values
                          (symlink-spec-option-parser opt name argument result)
                          rest)))
         (option '(#\v "verbosity") #t #f
                 (lambda (opt name argument result . rest)
                   (let ((level (read-number "verbosity" argument)))
                     (apply values
                            (alist-cons 'verbosity level
                                        (alist-delete 'verbosity result))
                            rest))))
         (append (map (match-lambda
                        ((name _ keyword read _ _)
                         (image-option name keyword read)))
                      %image-options)
                 %transformation-options
                 %standard-build-options
                 %standard-cross-build-options
                 %standard-native-build-options)))

(define (show-help)
  (display (G_ "Usage: guix docker build [OPTION]... PACKAGE...
Build a Docker or OCI image of PACKAGE and print its file name.\n"))
  (display (G_ "
  -f, --format=FORMAT    build a 'docker-archive', an 'oci-archive', or 'oci',
                         a directory"))
  (display (G_ "
  -e, --expression=EXPR  consider the package EXPR evaluates to"))
  (display (G_ "
  -m, --manifest=FILE    build an image of the manifest from FILE"))
  (display (G_ "
  -C, --compression=TOOL compress using TOOL--e.g., \"zstd\""))
  (display (G_ "
  -S, --symlink=SPEC     create symlinks to the profile according to SPEC"))
  (display (G_ "
      --entry-point=PROGRAM
                         run PROGRAM, of the profile"))
  (display (G_ "
  -A, --entry-point-argument=ARGUMENT
                         run it with ARGUMENT"))
  (display (G_ "
      --localstatedir    include /var/guix in the image"))
  (display (G_ "
      --parent-directories
                         begin layers with the directories above their paths"))
  (display (G_ "
  -d, --derivation       print the derivation of the image"))
  (display (G_ "
  -r, --root=FILE        make FILE a symlink to the result, and register it
                         as a garbage collector root"))
  (display (G_ "
  -v, --verbosity=LEVEL  use the given verbosity LEVEL"))
  (display (G_ "
      --library=FILE     use the shared library FILE instead of having it built
                         from source; GUIX_DOCKER_LIBRARY is the default"))
  (newline)
  (for-each (match-lambda
              ((name argument _ _ _ description)
               (format #t "
      --~a=~a~%                         ~a" name argument (G_ description))))
            %image-options)
  (newline)
  (format #t (G_ "
These may be given several times:
  ~{--~a~^, ~}~%")
          (filter-map (match-lambda
                        ((name _ _ _ several? _) (and several? name)))
                      %image-options))
  (newline)
  (show-build-options-help)
  (newline)
  (show-cross-build-options-help)
  (newline)
  (show-native-build-options-help)
  (newline)
  (show-transformation-options-help)
  (newline)
  (display (G_ "
  -h, --help             display this help and exit"))
  (display (G_ "
  -V, --version          display version information and exit"))
  (newline))


;;;
;;; Entry point.
;;;

(define (options->manifest opts)
  "Return the manifest of the packages, or of the manifests, that OPTS name."
  (define transform
    (options->transformation opts))

  (define packages
    (reverse
     (filter-map (match-lambda
                   (('argument . spec)
                    (let-values (((package output)
                                  (specification->package+output spec)))
                      (list (transform package) output)))
                   (('expression . exp)
                    (list (transform (read/eval-package-expression exp))
                          "out"))
                   (_ #f))
                 opts)))

  (define manifests
    (reverse
     (filter-map (match-lambda
                   (('manifest . file)
                    (load* file (make-user-module '((guix profiles) (gnu)))))
                   (_ #f))
                 opts)))

  (match manifests
    (()
     (when (null? packages)
       (leave (G_ "no packages specified~%")))
     (packages->manifest packages))
    (_
     (unless (null? packages)
       (leave (G_ "both a manifest and a package list were given~%")))
     (concatenate-manifests manifests))))

(define (options->builder opts)
  "Return the builder that OPTS or the environment ask for."
  (match (or (assoc-ref opts 'library)
             (getenv "GUIX_DOCKER_LIBRARY"))
    ((or #f "")
     (default-image-builder))
    ((? file-exists? library)
     (prebuilt-image-builder library))
    (library
     (leave (G_ "the library '~a' is not there; correct --library or \
GUIX_DOCKER_LIBRARY~%")
            library))))

(define (options->image opts)
  "Return the image that OPTS describe."
  (let ((content (options->manifest opts)))
    (container-image
     (name (string-append (manifest->image-name content) "-"
                          (symbol->string (assoc-ref opts 'format))))
     (content content)
     (format (assoc-ref opts 'format))
     (compression (assoc-ref opts 'compression))
     (symlinks (assoc-ref opts 'symlinks))
     (entry-point (assoc-ref opts 'entry-point))
     (entry-point-arguments
      (reverse (filter-map (match-lambda
                             (('entry-point-argument . argument) argument)
                             (_ #f))
                           opts)))
     (localstatedir? (assoc-ref opts 'localstatedir?))
     (builder (options->builder opts))
     (options (image-options opts)))))

(define (build-image store opts)
  "Build the image that OPTS describe and print its file name."
  (define target
    (assoc-ref opts 'target))

  (define system
    (assoc-ref opts 'system))

  (run-with-store store
    (mlet %store-monad ((drv (lower-object (options->image opts) system
                                           #:target target)))
      (if (assoc-ref opts 'derivation-only?)
          (return (format #t "~a~%" (derivation-file-name drv)))
          (mbegin %store-monad
            (built-derivations (list drv))
            (match (assoc-ref opts 'gc-root)
              (#f   (return #t))
              (root (register-root* (list (derivation->output-path drv))
                                    root)))
            (return (format #t "~a~%" (derivation->output-path drv))))))
    #:target target
    #:system system))

(define (guix-docker-build . args)
  (define opts
    (parse-command-line args %options (list %default-options)))

  (with-store store
    (with-status-verbosity (assoc-ref opts 'verbosity)
      (set-build-options-from-command-line store opts)
      (with-build-handler (build-notifier #:dry-run?
                                          (assoc-ref opts 'dry-run?)
                                          #:verbosity
                                          (assoc-ref opts 'verbosity)
                                          #:use-substitutes?
                                          (assoc-ref opts 'substitutes?))
        (parameterize ((%graft? (assoc-ref opts 'graft?))
                       (%guile-for-build
                        (package-derivation store (default-guile)
                                            (assoc-ref opts 'system)
                                            #:graft?
                                            (assoc-ref opts 'graft?))))
          (build-image store opts))))))

(define-command (guix-docker . args)
  (category development)
  (synopsis "build Docker and OCI images")

  (with-error-handling
    (match args
      (("build" args ...)
       (apply guix-docker-build args))
      (((or "-h" "--help") _ ...)
       (leave-on-EPIPE (show-help)))
      (((or "-V" "--version") _ ...)
       (show-version-and-exit "guix docker"))
      (()
       (leave (G_ "missing action; try 'guix docker build --help'~%")))
      ((action _ ...)
       (leave (G_ "~a: unknown action; try 'guix docker build --help'~%")
              action)))))

;;; docker.scm ends here
