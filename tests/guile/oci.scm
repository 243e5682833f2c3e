;;; SPDX-License-Identifier: GPL-3.0-or-later

;;; OCI images: formats, layouts that are written to and merged, layers that are
;;; taken over, layering by references.

(use-modules (guix docker)
             (ice-9 match)
             (ice-9 textual-ports)
             (srfi srfi-1)
             (srfi srfi-64)
             (support))

(define layout
  (string-append (getcwd) "/layout"))

(define (remove-tree name)
  (system* "rm" "-rf" name))

(define* (build-layout #:rest arguments)
  (apply build-docker-image layout (list item-a item-b) "/prefix"
         #:format 'oci #:max-layers 10 arguments))

(define (index-of layout)
  (call-with-input-file (string-append layout "/index.json") get-string-all))

(define (message thunk)
  "Return the message of the error that THUNK raises."
  (match (failure thunk)
    ((status (? string? message)) message)))

(define (has? text . parts)
  (every (lambda (part) (string-contains text part)) parts))

(run-tests "oci"
 (lambda ()
   (test-assert "a Docker archive has no manifest"
     (let* ((report (build))
            (layer (first (image-report-layers report))))
       (delete-file image)
       (not (or (image-report-manifest-digest report)
                (image-report-manifest-size report)
                (layer-report-blob-digest layer)
                (layer-report-blob-size layer)
                (layer-report-media-type layer)))))

   (test-assert "an OCI archive is both kinds"
     (let* ((report (build #:format 'oci-archive
                           #:annotations '(("org.example" . "größer"))))
            (layer (first (image-report-layers report)))
            (text (image-text)))
       (and (string-prefix? "sha256:" (image-report-manifest-digest report))
            (positive? (image-report-manifest-size report))
            (string=? "application/vnd.oci.image.layer.v1.tar+gzip"
                      (layer-report-media-type layer))
            (< (layer-report-blob-size layer) (layer-report-size layer))
            (has? text "oci-layout" "index.json" "manifest.json"
                  (string-drop (layer-report-blob-digest layer) 7)
                  (string-drop (image-report-manifest-digest report) 7)
                  "org.example"))))

   (for-each
    (match-lambda
      ((name compressor media-type)
       (test-equal (string-append "layers by " name) media-type
         (let ((report (build #:format 'oci-archive #:compressor compressor)))
           (delete-file image)
           (layer-report-media-type (first (image-report-layers report)))))))
    '(("nothing" ("none") "application/vnd.oci.image.layer.v1.tar")
      ("gzip" ("gzip" "-9n") "application/vnd.oci.image.layer.v1.tar+gzip")
      ("zstd" ("zstd" "-19") "application/vnd.oci.image.layer.v1.tar+zstd")))
   (test-assert "other compressors are refused by name"
     (has? (message (lambda ()
                       (build #:format 'oci-archive #:compressor '("xz"))))
           "compressor: " "not by \"xz\""))

   (test-assert "a layout keeps images, and those of several systems"
     (begin
       (build-layout #:names '("app:1") #:system "x86_64-linux")
       (build-layout #:names '("app:1") #:system "aarch64-linux")
       (build-layout #:names '("other"))
       (has? (index-of layout) "\"app:1\"" "\"other:latest\""
             "application/vnd.oci.image.index.v1+json")))
   (test-equal "a layout has no size as an archive" 0
     (image-report-size (build-layout #:names '("other"))))
   (test-assert "an archive cannot take its place"
     (raised (lambda ()
               (build-docker-image layout '() "/prefix"))))
   (test-assert "nor can it go to a port"
     (has? (message
            (lambda ()
              (call-with-output-file "port"
                (lambda (port)
                  (build-docker-image port '() "/prefix" #:format 'oci)))))
           "a directory"))
   (delete-file "port")

   (test-assert "layers are taken over"
     (let ((reused (build-docker-image "reused" (list item-a item-b) "/prefix"
                                       #:format 'oci #:max-layers 10
                                       #:names '("other")
                                       #:reuse (list layout)
                                       #:immutable-paths #t))
           (blob (lambda (report)
                   (string-append "/blobs/sha256/"
                                  (string-drop (layer-report-blob-digest
                                                (first (image-report-layers
                                                        report)))
                                               7)))))
       (= (stat:ino (stat (string-append "reused" (blob reused))))
          (stat:ino (stat (string-append layout (blob reused)))))))
   (remove-tree "reused")

   (test-assert "layouts are merged"
     (begin
       (build-docker-image "one" (list item-a) "/prefix" #:format 'oci
                           #:system "x86_64-linux" #:names '("app"))
       (build-docker-image "two.tar" (list item-b) "/prefix"
                           #:format 'oci-archive #:system "aarch64-linux"
                           #:names '("app"))
       (merge-image-layouts "both" '("one" "two.tar"))
       (has? (index-of "both") "\"app:latest\""
             "application/vnd.oci.image.index.v1+json")))
   (test-assert "what cannot be merged changes nothing"
     (let ((before (index-of "both")))
       (and (has? (message (lambda ()
                              (merge-image-layouts "both" '("nowhere"))))
                  "sources: " "nowhere")
            (has? (message (lambda ()
                              (merge-image-layouts image '("one" "one"
                                                             "two.tar"
                                                             "/dev/null"))))
                  "sources: ")
            (has? (message (lambda ()
                              (merge-image-layouts 1 '("one"))))
                  "target: ")
            (has? (message (lambda ()
                              (merge-image-layouts "both" "one")))
                  "sources: ")
            (has? (message (lambda ()
                              (merge-image-layouts "both" '("one")
                                                     #:progress #f)))
                  "progress: ")
            (not (file-exists? image))
            (string=? before (index-of "both")))))
   (test-equal "an exception of PROGRESS stops one that waits for a lock" 'stop
     (let ((lock (open "both/.guix-docker.lock" (logior O_RDWR O_CREAT) #o600)))
       (flock lock LOCK_EX)
       (let ((caught (catch 'stop
                       (lambda ()
                         (merge-image-layouts "both" '("one")
                                              #:progress
                                              (lambda (done total)
                                                (throw 'stop))))
                       (lambda (key . _) key))))
         (close-port lock)
         caught)))
   (for-each remove-tree '("both" "one" "two.tar"))

   (test-equal "what others refer to is below"
     (list (list item-b) (list item-a) '())
     (begin
       (call-with-output-file "graph"
         (lambda (port)
           (format port "~a\n\n2\n~a\n~a\n~a\n\n0\n"
                   item-a item-a item-b item-b)))
       (let ((report (build-docker-image image (list item-a item-b) "/prefix"
                                         #:max-layers 10
                                         #:layering 'references
                                         #:references-graphs
                                         (list (string-append (getcwd)
                                                              "/graph")))))
         (delete-file image)
         (map layer-report-items (image-report-layers report)))))
   (for-each
    (match-lambda
      ((name part . arguments)
       (test-assert name
         (has? (message (lambda () (apply build arguments))) part))))
    `(("references want graphs" "no references graphs"
       #:layering references #:max-layers 10)
      ("and layers" "a single layer"
       #:layering references #:references-graphs ("/graph"))
      ("the graphs must be there" "/nowhere"
       #:layering references #:max-layers 10 #:references-graphs ("/nowhere"))
      ("and be graphs" "line 1 of"
       #:layering references #:max-layers 10
       #:references-graphs (,(string-append item-a "/file")))))
   (delete-file "graph")

   (remove-tree layout)
   (test-assert "nothing was left" (clean?))))
