;;; SPDX-License-Identifier: GPL-3.0-or-later

;;; The record that build-docker-image returns.

(use-modules (support)
             (guix docker)
             (ice-9 match)
             (srfi srfi-1)
             (srfi srfi-64))

(define (digest? text)
  (and (string-prefix? "sha256:" text)
       (= 71 (string-length text))
       (string-every (string->char-set "0123456789abcdef") text 7)))

(run-tests "report"
 (lambda ()
   (let* ((report (build))
          (layers (image-report-layers report))
          (size (stat:size (stat image)))
          (text (image-text)))
     (test-assert "it is a report" (image-report? report))
     (test-assert "nothing else is" (not (image-report? (list report))))
     (test-assert "the ID is a digest" (digest? (image-report-id report)))
     (test-equal "the size is that of the file" size
                 (image-report-size report))
     (match layers
       ((layer)
        (test-assert "there is one layer" (layer-report? layer))
        (test-assert "its diff ID is a digest, and in the image"
          (and (digest? (layer-report-diff-id layer))
               (string-contains text (layer-report-diff-id layer))))
        (test-assert "its size is that of an archive"
          (zero? (modulo (layer-report-size layer) 10240)))
        (test-equal "it holds the path" (list item-a)
                    (layer-report-items layer))))
     (test-assert "it is printed with its ID"
       (string-contains (object->string report) (image-report-id report))))

   (let* ((paths (list item-a item-b))
          (report (build-docker-image image paths "/prefix" #:max-layers 5
                                      #:extra-files '((directory "/tmp"))))
          (layers (image-report-layers report))
          (digest-right?
           (zero? (system* "sh" "-c" "tar -xOf \"$0\" config.json |
sha256sum | grep -q \"^${1#sha256:} \"" image (image-report-id report))))
          (text (image-text)))
     (test-equal "a layered image: items by layer"
       (list (list item-b) (list item-a) '())
       (map layer-report-items layers))
     (test-assert "the ID is the digest of the configuration"
       digest-right?)
     (test-equal "diff IDs are in the order of the configuration"
       (map (lambda (layer)
              (string-contains text (layer-report-diff-id layer)
                               (string-contains text "\"diff_ids\"")))
            layers)
       (sort (map (lambda (layer)
                    (string-contains text (layer-report-diff-id layer)
                                     (string-contains text "\"diff_ids\"")))
                  layers)
             <)))

   (let ((report (build #:names '("a:1" "b") #:archive-digest #t)))
     (test-equal "the names" '("a:1" "b:latest")
       (image-report-names report))
     (test-assert "the archive's digest"
       (zero? (system* "sh" "-c" "sha256sum <\"$0\" | grep -q \"^${1#sha256:} \""
                       image (image-report-archive-digest report))))
     (test-assert "as JSON"
       (string-contains (image-report->json report)
                        (string-append "\"image_id\":\""
                                       (image-report-id report) "\""))))
   (test-equal "no digest unless asked for" #f
     (image-report-archive-digest (build)))
   (test-equal "there is nothing to warn of" '()
     (image-report-warnings (build)))
   (let* ((file (string-append item-a "/socket"))
          (socket (socket AF_UNIX SOCK_STREAM 0)))
     (bind socket AF_UNIX file)
     (test-assert "warnings are lines about files"
       (match (image-report-warnings (build))
         ((line)
          (and (string-prefix? "sockets are left out: " line)
               (string-contains line file)))))
     (close-port socket)
     (delete-file file))

   (let ((report (build #:compressor '("gzip"))))
     (test-equal "the size is the compressed file's"
       (stat:size (stat image))
       (image-report-size report))
     (delete-file image))
   (test-equal "no layers' items without paths" '(())
     (map layer-report-items
          (let ((report (build-docker-image image '() "/prefix")))
            (delete-file image)
            (image-report-layers report))))))
