;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; usage: guile oci-service.scm VALUE
;;;
;;; Print the file name of the image that a container of Guix's
;;; 'oci-service-type' runs: the archive in the closure of what Shepherd starts.
;;; VALUE is 'manifest', which has Guix make the image, of 3 layers at most, or a
;;; file that evaluates to a file-like object.

(use-modules (gnu packages bash)
             (gnu packages base)
             (gnu services containers)
             (gnu services shepherd)
             (guix derivations)
             (guix gexp)
             (guix packages)
             (guix profiles)
             (guix store)
             (ice-9 match)
             (srfi srfi-1)
             (local packages))

(define image
  (match (command-line)
    ((_ "manifest")
     (oci-image (repository "local")
                (value (packages->manifest (list bash coreutils)))
                (pack-options '(#:symlinks (("/bin" -> "bin"))
                                #:max-layers 3))))
    ((_ file)
     (oci-image (repository "local")
                (value (primitive-load file))))))

(define service
  (find (lambda (service)
          (memq 'docker-local (shepherd-service-provision service)))
        (oci-configuration->shepherd-services
         (oci-configuration
          (containers (list (oci-container-configuration
                             (provision "docker-local")
                             (image image))))))))

(with-store store
  ;; What the builds say is in the daemon's logs.
  (set-build-options store #:use-substitutes? #f #:offload? #f
                     #:print-build-trace #f #:verbosity 0)
  (parameterize ((%guile-for-build
                  (local-package-derivation store (default-guile))))
    (let ((drv (run-with-store store
                 (gexp->derivation "start"
                                   #~(call-with-output-file #$output
                                       (lambda (port)
                                         (write '#$(shepherd-service-start
                                                    service)
                                                port)))))))
      (build-derivations store (list drv))
      (match (filter (lambda (item)
                       (string-contains item ".tar"))
                     (requisites store (list (derivation->output-path drv))))
        ((image)
         (display image)
         (newline))))))
