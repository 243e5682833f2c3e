;;; SPDX-License-Identifier: GPL-3.0-or-later
;;;
;;; usage: guile -L OVERLAY by-references.scm GRAPH IMAGE MAX-LAYERS
;;;
;;; Build IMAGE of the items in GRAPH, as the daemon has written it, with layers
;;; by references; fail unless what an item refers to is in its layer or in a
;;; lower one.

(use-modules (guix build store-copy)
             (guix docker)
             (ice-9 match)
             (srfi srfi-1))

(match (command-line)
  ((_ graph image max-layers)
   (let* ((infos  (call-with-input-file graph read-reference-graph))
          (items  (map store-info-item infos))
          (report (build-docker-image image items (last items)
                                      #:max-layers (string->number max-layers)
                                      #:layering 'references
                                      #:references-graphs (list graph)))
          (layers (map layer-report-items (image-report-layers report))))
     (define (layer-of item)
       (list-index (lambda (items) (member item items)) layers))

     (for-each (lambda (items)
                 (format #t "~a items: ~a~%" (length items) items))
               layers)
     (exit (and (= (length items) (length (concatenate layers)))
                (<= (length layers) (string->number max-layers))
                (every (lambda (info)
                         (every (lambda (reference)
                                  (<= (layer-of reference)
                                      (layer-of (store-info-item info))))
                                (store-info-references info)))
                       infos))))))
