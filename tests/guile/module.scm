;;; SPDX-License-Identifier: GPL-3.0-or-later

;;; The module itself: what it exports, and life without the library.

(use-modules (guix docker)
             (support)
             (ice-9 exceptions)
             (ice-9 ftw)
             (ice-9 match)
             (ice-9 textual-ports)
             (srfi srfi-1)
             (srfi srfi-64))

(define (symbol<? one other)
  (string<? (symbol->string one) (symbol->string other)))

(define (exports module)
  (sort (module-map (lambda (name variable) name)
                    (resolve-interface module))
        symbol<?))

(define public
  '(%docker-image-max-layers
    build-docker-image
    merge-image-layouts

    image-report?
    image-report-id
    image-report-size
    image-report-layers
    image-report-warnings
    image-report-archive-digest
    image-report-manifest-digest
    image-report-manifest-size
    image-report-names
    image-report->json

    layer-report?
    layer-report-diff-id
    layer-report-size
    layer-report-items
    layer-report-blob-digest
    layer-report-blob-size
    layer-report-media-type

    &docker-error
    docker-error?
    docker-error-status
    docker-error-system-error))

(define keywords
  '(#:format #:archive-digest #:compressor #:extra-files
    #:transformations #:database #:root-system #:ownership #:modes
    #:xattrs #:whiteouts #:max-layers #:layering #:parent-directories
    #:references-graphs #:base #:base-name #:reuse #:immutable-paths
    #:names #:repository #:system #:variant #:author #:creation-time
    #:labels #:annotations #:config #:history #:config-keys
    #:entry-point #:cmd #:environment #:user #:working-directory
    #:exposed-ports #:volumes #:stop-signal #:health-check #:threads
    #:progress))

(define modules
  ;; The files' directory has others than the first.
  (let ((directory (dirname (search-path %load-path "guix/docker/ffi.scm"))))
    (cons '(guix docker)
          (map (lambda (file)
                 `(guix docker ,(string->symbol (basename file ".scm"))))
               (scandir directory
                        (lambda (file)
                          (string-suffix? ".scm" file)))))))

(define (with-library name thunk)
  "Call THUNK with GUIX_DOCKER_LIBRARY set to NAME, or not set if it is #f."
  (let ((old (getenv "GUIX_DOCKER_LIBRARY")))
    (dynamic-wind
      (lambda ()
        (setenv "GUIX_DOCKER_LIBRARY" name))
      thunk
      (lambda ()
        (setenv "GUIX_DOCKER_LIBRARY" old)))))

;; A checkout in the current directory, whose library is found by the place of
;; its modules.

(define (make-checkout)
  (let ((modules (dirname (search-path %load-path "guix/docker.scm"))))
    (system* "mkdir" "-p" "guile/guix" "target/release")
    (system* "cp" "-Rp" (string-append modules "/docker.scm")
             (string-append modules "/docker") "guile/guix")
    (symlink (getenv "GUIX_DOCKER_LIBRARY")
             "target/release/libguix_docker.so")))

(define (remove-checkout)
  (system* "rm" "-r" "guile" "target"))

(define (build-script . expressions)
  "Return a script that builds an image after EXPRESSIONS, strings."
  (string-append
   (format #f "(use-modules (guix docker))
(define library ~s)
~a
(build-docker-image ~s (list ~s) \"/prefix\")
(delete-file ~s)"
           (string-append (getcwd) "/target/release/libguix_docker.so")
           (string-join expressions "\n")
           image item-a image)))

(define (run-in-child variables script)
  "Run SCRIPT in another Guile, which has the modules of the checkout, with
VARIABLES in its environment, and return what it prints."
  (let ((file "child.txt"))
    (apply system* "sh" "-c" "exec \"$@\" >child.txt 2>&1" "sh"
           "env" (append variables
                         (list (or (getenv "GUILE") "guile") "-q"
                               "--no-auto-compile" "-L" "guile"
                               "-c" script)))
    (let ((text (call-with-input-file file get-string-all)))
      (delete-file file)
      text)))

(run-tests "module"
 (lambda ()
   ;; First, as the library is opened once.
   (for-each
    (lambda (name)
      (with-library name
        (lambda ()
          (let ((error (raised build)))
            (test-assert (format #f "no library at ~s" name)
              (and (docker-error? error)
                   (string-contains (message-of error) name)
                   (string-contains (message-of error) "GUIX_DOCKER_LIBRARY")
                   (clean?)))))))
    (list "/no/such/library.so" "/etc/passwd" "/tmp" "no-such-library.so"))
   (with-library #f
     (lambda ()
       (let ((paths %load-path))
         ;; As if installed elsewhere.
         (set! %load-path '("/no/such/place/share/guile/site/3.0"))
         (let ((error (raised build)))
           (set! %load-path paths)
           (test-assert "places that were tried are in the message"
             (and (exception? error)
                  (string-contains (message-of error)
                                   "libguix_docker.so.0")
                  (string-contains (message-of error) "/no/such/place")))))))
   (test-assert "arguments are checked even so"
     (with-library "/no/such/library.so"
       (lambda ()
         (eq? 'invalid-argument
              (docker-error-status
               (raised (lambda () (build #:max-layers 0))))))))
   (test-assert "the library is found when it is there again"
     (let ((report (build)))
       (delete-file image)
       (image-report? report)))
   (test-assert "and then kept"
     (with-library "/no/such/library.so"
       (lambda ()
         (build)
         (delete-file image)
         #t)))

   ;; Names that are relative to a directory that is left.
   (make-checkout)
   (for-each
    (match-lambda
      ((name variables script)
       (test-equal (string-append "found after chdir: " name) ""
         (run-in-child variables script))))
    `(("by a relative load path" ("GUILE_LOAD_PATH=" "GUIX_DOCKER_LIBRARY=")
       ,(build-script "(chdir \"/\")"))
      ("by a relative GUIX_DOCKER_LIBRARY"
       ("GUIX_DOCKER_LIBRARY=target/release/libguix_docker.so")
       ,(build-script "(chdir \"/\")"))
      ("by a name given later"
       ("GUIX_DOCKER_LIBRARY=")
       ,(build-script
         "(chdir \"/\")"
         "(setenv \"GUIX_DOCKER_LIBRARY\" (string-drop library 1))"))
      ("by a name given before"
       ("GUIX_DOCKER_LIBRARY=/no/such/library.so")
       ,(build-script
         "(setenv \"GUIX_DOCKER_LIBRARY\" \"target/release/../release/libguix_docker.so\")"))))
   (test-assert "the modules load where the directory is gone"
     (string-null?
      (run-in-child '() "(mkdir \"gone\") (chdir \"gone\")
(rmdir \"../gone\") (use-modules (guix docker))")))
   (remove-checkout)

   (test-equal "the module exports what is documented"
     (sort public symbol<?)
     (exports '(guix docker)))
   (for-each
    (lambda (module)
      (test-assert (format #f "~a loads alone" module)
        (zero? (system* (or (getenv "GUILE") "guile") "-q"
                        "--no-auto-compile" "-c"
                        (format #f "(use-modules ~a)" module)))))
    modules)
   (test-assert "it needs no module that is not Guile's or its own"
     (every (lambda (module)
              (match module
                (((or 'guile 'ice-9 'oop 'rnrs 'srfi 'system 'language) . _)
                 #t)
                (('guix 'docker . _) #t)
                (_ #f)))
            (map module-name
                 (append-map (lambda (name)
                               (module-uses (resolve-module name)))
                             modules))))
   (test-equal "the keywords" keywords
     (match (assq-ref (procedure-properties build-docker-image)
                      'arglist)
       (#f
        (map car
             (assq-ref ((@ (system vm program) program-arguments-alist)
                        build-docker-image)
                       'keyword)))
       (arguments arguments)))
   (test-assert "the positional arguments come first"
     (equal? '(image paths prefix)
             (assq-ref ((@ (system vm program) program-arguments-alist)
                        build-docker-image)
                       'required)))
   (let ((documentation (procedure-documentation build-docker-image)))
     (test-assert "the documentation names every argument"
       (and documentation
            (every (lambda (name)
                     (string-contains documentation name))
                   (cons* "IMAGE" "PATHS" "PREFIX"
                          (map (compose string-upcase symbol->string
                                        keyword->symbol)
                               keywords))))))
   (for-each
    (lambda (module)
      (test-equal (format #f "exported procedures of ~a that are documented"
                          module)
        '()
        (filter-map
         (lambda (name)
           (let ((value (module-ref (resolve-interface module) name)))
             ;; Accessors, constructors and predicates of records say it all.
             (and (procedure? value)
                  (not (string-contains (symbol->string name) "-report"))
                  (not (string-contains (symbol->string name) "docker-error"))
                  (not (procedure-documentation value))
                  name)))
         (exports module))))
    modules)))
