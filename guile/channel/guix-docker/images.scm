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

(define-module (guix-docker images)
  #:use-module (gnu compression)
  #:autoload   (gnu packages base) (libc-utf8-locales-for-target)
  #:autoload   (gnu packages gnupg) (guile-gcrypt)
  #:autoload   (gnu packages guile) (guile-sqlite3)
  #:use-module (guix diagnostics)
  #:use-module (guix gexp)
  #:use-module (guix i18n)
  #:use-module (guix modules)
  #:use-module (guix monads)
  #:use-module (guix packages)
  #:use-module (guix profiles)
  #:use-module (guix records)
  #:use-module (guix search-paths)
  #:use-module ((guix self) #:select (make-config.scm))
  #:use-module (guix store)
  #:use-module (guix-docker builder)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-34)
  #:export (container-image
            container-image?
            this-container-image
            container-image-name
            container-image-content
            container-image-format
            container-image-compression
            container-image-symlinks
            container-image-entry-point
            container-image-entry-point-arguments
            container-image-localstatedir?
            container-image-builder
            container-image-options
            %container-image-formats
            manifest->image-name))

;;; Commentary:
;;;
;;; Images as file-like objects: for 'guix build -f', for services such as
;;; 'oci-service-type', or as part of a G-expression.  Without options, an image
;;; is what 'guix pack -f docker' makes of the same packages with this project's
;;; module.
;;;
;;; Code:

(define %container-image-formats
  '(docker-archive oci-archive oci))

(define-record-type* <container-image>
  container-image make-container-image
  container-image?
  this-container-image

  ;; The base name of the file.
  (name          container-image-name
                 (default "docker-image"))
  ;; What is in it: a manifest or a <profile>.
  (content       container-image-content)
  ;; One of %container-image-formats, as 'build-docker-image' has them.
  (format        container-image-format
                 (default 'docker-archive))
  ;; The name of one of %compressors.
  (compression   container-image-compression
                 (default "gzip"))
  ;; A list of '(NAME -> TARGET)', TARGET being relative to the profile.
  (symlinks      container-image-symlinks
                 (default '()))
  ;; The program that containers run, relative to the profile, or #f.
  (entry-point   container-image-entry-point
                 (default #f))
  (entry-point-arguments container-image-entry-point-arguments
                 (default '()))
  ;; Whether there is a store database in it.
  (localstatedir? container-image-localstatedir?
                 (default #f))
  ;; What builds it, see (guix-docker builder), or #f for '%image-builder'.
  (builder       container-image-builder
                 (default #f))
  ;; Keyword arguments of 'build-docker-image': symbols, strings, numbers, lists
  ;; and file-like objects, as in '(#:max-layers 100 #:user "1000")'.
  (options       container-image-options
                 (default '())))

(define (option image keyword default)
  "Return the value of KEYWORD in the options of IMAGE, or DEFAULT."
  (match (memq keyword (container-image-options image))
    ((_ value . _) value)
    (_ default)))

(define (check image)
  "Raise an error if IMAGE has fields that no image can be built of."
  (define-syntax-rule (ensure condition message value)
    (unless condition
      (raise (formatted-message message value))))

  (define (keyword-list? options)
    (match options
      (() #t)
      (((? keyword?) _ . rest) (keyword-list? rest))
      (_ #f)))

  (match image
    (($ <container-image> name content format compression)
     (ensure (or (manifest? content) (profile? content))
             (G_ "content of an image: ~s is neither a manifest nor a profile")
             content)
     (ensure (memq format %container-image-formats)
             (G_ "~a: unknown image format; there are docker-archive, \
oci-archive and oci")
             format)
     (ensure (or (eq? format 'docker-archive)
                 (member compression '("none" "gzip" "zstd")))
             (G_ "~a: layers of OCI images are compressed by gzip, zstd or none")
             compression)
     (ensure (keyword-list? (container-image-options image))
             (G_ "options of an image: ~s is not a list of keywords and values")
             (container-image-options image)))))

(define (image-profile image)
  "Return the profile in IMAGE."
  (match (container-image-content image)
    ((? manifest? content) (profile (content content)))
    (profile profile)))

(define (image-manifest image)
  "Return the manifest of what is in IMAGE."
  (match (container-image-content image)
    ((? manifest? manifest) manifest)
    (profile (profile-content profile))))

(define (file-name image)
  "Return the name of the file that IMAGE is."
  (string-append (container-image-name image)
                 (match (container-image-format image)
                   ('oci         "")
                   ('oci-archive ".tar")
                   ('docker-archive
                    (string-append ".tar"
                                   (compressor-extension
                                    (lookup-compressor
                                     (container-image-compression image))))))))

(define (image-compressor image)
  "Return a G-expression of the command that compresses IMAGE.  What the library
does by itself needs no package."
  (match (container-image-compression image)
    ("none" #~'("none"))
    ("gzip" #~'("gzip" "-9n"))
    ("zstd" #~'("zstd" "-3"))
    (name   (compressor-command (lookup-compressor name)))))

(define (repository image)
  "Return the name that IMAGE gets in Docker if its options give none: the names
of the packages, as many as there are in 'guix pack'."
  (manifest->image-name (image-manifest image)))

(define (manifest->image-name manifest)
  "Return the names of the first entries of MANIFEST, joined by hyphens: as many
as make less than 40 characters, or one."
  (match (map manifest-entry-name (manifest-entries manifest))
    (() "")
    ((name . names)
     (let loop ((result name)
                (names names))
       (match names
         (() result)
         ((name . rest)
          (let ((longer (string-append result "-" name)))
            (if (< (string-length longer) 40)
                (loop longer rest)
                result))))))))


;;;
;;; The store database.
;;;

(define (with-propagated package)
  "Return PACKAGE and what it propagates."
  (cons package
        (map second (package-transitive-propagated-inputs package))))

(define not-config?
  (match-lambda
    (('guix 'config) #f)
    (((or 'guix 'gnu) _ ...) #t)
    (_ #f)))

(define (store-database profile)
  "Return a file-like object: the database of the store items in PROFILE."
  (define schema
    (local-file (search-path %load-path "guix/store/schema.sql")))

  (define build
    (with-extensions (append (with-propagated guile-gcrypt)
                             (with-propagated guile-sqlite3))
      (with-imported-modules `(((guix config) => ,(make-config.scm))
                               ,@(source-module-closure
                                  '((guix build store-copy)
                                    (guix store database))
                                  #:select? not-config?))
        #~(begin
            (use-modules (guix build store-copy)
                         (guix store database))

            (sql-schema #$schema)
            ;; File names may have any characters.
            (setenv "GUIX_LOCPATH"
                    #+(file-append (libc-utf8-locales-for-target
                                    (%current-system))
                                   "/lib/locale"))
            (setlocale LC_ALL "en_US.utf8")
            (with-database #$output db
              (register-items db
                              (call-with-input-file "profile"
                                read-reference-graph)
                              #:registration-time %epoch))))))

  (computed-file "store-database.sqlite" build
                 #:options `(#:references-graphs (("profile" ,profile)))))


;;;
;;; The build.
;;;

(define (build image profile target)
  "Return the G-expression that builds IMAGE of PROFILE for TARGET, a triplet or
#f."
  (define builder
    (or (container-image-builder image)
        (%image-builder)
        (default-image-builder)))

  (define specifications
    (map search-path-specification->sexp
         (manifest-search-paths (image-manifest image))))

  ;; (guix docker) is that of BUILDER, not this Guix's.  (guix build store-copy)
  ;; needs Guile-Gcrypt.
  (with-extensions (list builder guile-gcrypt)
    (with-imported-modules `(((guix config) => ,(make-config.scm))
                             ,@(source-module-closure
                                '((guix build store-copy)
                                  (guix build utils)
                                  (guix search-paths))
                                #:select? not-config?))
      #~(begin
          (use-modules (guix build store-copy)
                       (guix build utils)         ;for %xz-parallel-args
                       (guix docker)
                       (guix search-paths)
                       (ice-9 match)
                       (srfi srfi-1)
                       (srfi srfi-19))

          (define profile #$profile)

          (define (in-profile file)
            (string-append profile "/" file))

          (define environment
            ;; Later variables take the place of those of the profile.
            (let ((given '#$(option image #:environment '())))
              (append (filter-map (match-lambda
                                    ((specification . value)
                                     (let ((name
                                            (search-path-specification-variable
                                             specification)))
                                       (and (not (assoc name given))
                                            (cons name value)))))
                                  (evaluate-search-paths
                                   (map sexp->search-path-specification
                                        '#$specifications)
                                   (list profile)
                                   (const #f)))
                      given)))

          (define extra-files
            `((directory "/tmp" 0 0 #o1777)
              (directory #$(%store-prefix) 0 0 #o755)
              ,@(append-map (match-lambda
                              ((name '-> target)
                               `((directory ,(dirname name))
                                 (,name -> ,(in-profile target)))))
                            '#$(container-image-symlinks image))
              ,@'#$(option image #:extra-files '())))

          (define options
            ;; What is given besides the two above.
            (let loop ((options '#$(container-image-options image)))
              (match options
                (() '())
                (((or #:environment #:extra-files) _ . rest)
                 (loop rest))
                ((keyword value . rest)
                 (cons* keyword value (loop rest))))))

          (apply build-docker-image #$output
                 (map store-info-item
                      (call-with-input-file "profile" read-reference-graph))
                 profile
                 #:repository #$(repository image)
                 #:database #+(and (container-image-localstatedir? image)
                                   (store-database profile))
                 #:system (or #$target %host-type)
                 #:environment environment
                 #:entry-point
                 #$(and=> (container-image-entry-point image)
                          (lambda (program)
                            #~(cons (in-profile #$program)
                                    '#$(container-image-entry-point-arguments
                                        image))))
                 #:extra-files extra-files
                 #:compressor #+(image-compressor image)
                 #:creation-time (make-time time-utc 0 1)
                 #:format '#$(container-image-format image)
                 #:references-graphs
                 #$(if (eq? 'references (option image #:layering 'size))
                       #~(list (string-append (getcwd) "/profile"))
                       #~'())
                 ;; The last one of a keyword counts.
                 options)))))

(define-gexp-compiler (container-image-compiler (image <container-image>)
                                                system target)
  (check image)
  (let ((profile (image-profile image)))
    (gexp->derivation (file-name image)
                      (build image profile target)
                      #:system system
                      #:target target
                      #:references-graphs `(("profile" ,profile)))))

;;; images.scm ends here
