;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; usage: guile refused.scm EXTENSIONS
;;;
;;; Run 'guix docker', which is in the directory EXTENSIONS, with arguments that
;;; it refuses.  Exit with 0 if it says why each time.

(use-modules (guix diagnostics)
             (guix ui)
             (ice-9 match)
             (local packages)
             (srfi srfi-1))

(define %package
  '("-e" "(@ (gnu packages bash) bash)"))

(define %library
  '("--library=/session/library.so"))

(define %refused
  ;; What the message has, and the arguments.
  `(("missing action")
    ("bake: unknown action" "bake")
    ("no packages specified" "build" ,@%library)
    ("'/no/such.so' is not there; correct --library or GUIX_DOCKER_LIBRARY"
     "build" "--library=/no/such.so" ,@%package)
    ("rpm: unknown format; there are docker-archive, oci-archive, oci"
     "build" "-f" "rpm")
    ("pax: compressor not found" "build" "-C" "pax")
    ("--label: 'word' is not of the form NAME=VALUE" "build" "--label=word")
    ("--env: '=x' is not of the form NAME=VALUE" "build" "--env==x")
    ("--max-layers: 'many' is not a number" "build" "--max-layers=many")
    ("--layering: 'luck' is none of size, references"
     "build" "--layering=luck")
    ("--ownership: '/a=1' is not of the form PATH=UID:GID"
     "build" "--ownership=/a=1")
    ("--ownership: '/a' is not of the form PATH=UID:GID"
     "build" "--ownership=/a")
    ("--base: there is no file '/no/such.tar'" "build" "--base=/no/such.tar")
    ("both a manifest and a package list were given"
     "build" "-m" "/checkout/tests/daemon/manifest.scm" ,@%package)
    ("xz: layers of OCI images are compressed by gzip, zstd or none"
     "build" "-f" "oci" "-C" "xz" ,@%library ,@%package)))

(define (run arguments)
  "Run the command with ARGUMENTS.  Return its status and its messages."
  (let ((status 0))
    (values
     (call-with-output-string
       (lambda (port)
         (parameterize ((current-output-port port)
                        (current-error-port port)
                        (current-warning-port port)
                        (guix-warning-port port))
           (catch 'quit
             (lambda ()
               (apply run-guix-command 'docker arguments))
             (lambda (_ code)
               (set! status code))))))
     status)))

(match (command-line)
  ((_ extensions)
   (setenv "GUIX_EXTENSIONS_PATH" extensions)
   (exit
    (fold (match-lambda*
            (((message . arguments) good?)
             (call-with-values
                 (lambda () (run arguments))
               (lambda (output status)
                 (let ((refused? (and (eqv? status 1)
                                      (string-contains output message)
                                      (not (string-contains output
                                                            "Backtrace")))))
                   (unless refused?
                     (format #t "~s: status ~a, ~s~%"
                             arguments status output))
                   (and refused? good?))))))
          #t
          %refused))))
