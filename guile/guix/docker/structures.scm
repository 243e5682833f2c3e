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

(define-module (guix docker structures)
  #:use-module (ice-9 iconv)
  #:use-module (rnrs bytevectors)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:use-module (system foreign)
  #:export (%directive
            %transformation
            %variable
            %ownership
            %event
            %report
            %layer
            %error

            structure-types
            structure-size

            make-arena
            keep!
            release-arena!
            bytes->pointer
            rows->pointer
            rows->pointers

            pointer->text
            read-structure
            read-pointers))

;;; Commentary:
;;;
;;; The structures of the library, as include/guix_docker.h describes them,
;;; and the memory that they are in.  A structure is a list of its members, in
;;; their order: (NAME TYPE).  That of the options is made of the parameters
;;; in (guix docker arguments).
;;;
;;; Code:

(define %directive
  `((struct_size ,uint32)
    (kind ,uint32)
    (mode ,uint32)
    (name *)
    (target *)
    (content *)
    (content_size ,size_t)))

(define %transformation
  `((struct_size ,uint32)
    (from *)
    (to *)))

(define %variable
  `((struct_size ,uint32)
    (name *)
    (value *)))

(define %ownership
  `((struct_size ,uint32)
    (uid ,uint32)
    (gid ,uint32)
    (path *)))

(define %event
  `((struct_size ,uint32)
    (phase ,uint32)
    (done ,uint64)
    (total ,uint64)))

(define %report
  `((struct_size ,uint32)
    (image_id *)
    (archive_size ,uint64)
    (archive_digest *)
    (manifest_digest *)
    (manifest_size ,uint64)
    (names *)
    (name_count ,size_t)
    (layers *)
    (layer_count ,size_t)
    (warnings *)
    (warning_count ,size_t)))

(define %layer
  `((struct_size ,uint32)
    (diff_id *)
    (size ,uint64)
    (items *)
    (item_count ,size_t)
    (blob_digest *)
    (media_type *)
    (blob_size ,uint64)))

(define %error
  `((struct_size ,uint32)
    (status ,int32)
    (system_error ,int)
    (message *)
    (argument *)))

(define (structure-types structure)
  "Return the types of the members of STRUCTURE."
  (map second structure))

(define (structure-size structure)
  "Return the size of STRUCTURE in bytes."
  (sizeof (structure-types structure)))


;;;
;;; From Scheme to C.
;;;

;; What C structures point to is kept in a list, called an arena, until the
;; call has returned: the garbage collector does not see addresses in their
;; bytes.

(define-record-type <arena>
  (%make-arena kept)
  arena?
  (kept arena-kept set-arena-kept!))

(define (make-arena)
  "Return an empty arena."
  (%make-arena '()))

(define (keep! arena pointer)
  "Keep POINTER, and the bytes it was made from, in ARENA; return it."
  (set-arena-kept! arena (cons pointer (arena-kept arena)))
  pointer)

(define (release-arena! arena)
  "Let go of all that ARENA keeps.  Until this is called it is all there."
  (set-arena-kept! arena '()))

(define (bytes->pointer arena bytes)
  "Return a pointer to BYTES, a bytevector, with a null byte added."
  (let* ((size (bytevector-length bytes))
         (copy (make-bytevector (+ size 1) 0)))
    (bytevector-copy! bytes 0 copy 0 size)
    (keep! arena (bytevector->pointer copy))))

(define (rows->pointer arena structure rows)
  "Return a pointer to an array with a STRUCTURE for each of ROWS, lists of the
members' values.  It is not null where there are none."
  (if (null? rows)
      (bytes->pointer arena #vu8())
      (keep! arena
             (make-c-struct (append-map (const (structure-types structure))
                                        rows)
                            (concatenate rows)))))

(define (rows->pointers arena structure rows)
  "Return a pointer to an array of pointers to a STRUCTURE for each of ROWS, lists
of the values of the members after the size."
  (define size
    (structure-size structure))

  (define start
    (pointer-address (rows->pointer arena structure
                                    (map (lambda (row)
                                           (cons size row))
                                         rows))))

  (rows->pointer arena '((element *))
                 (map (lambda (index)
                        (list (make-pointer (+ start (* index size)))))
                      (iota (length rows)))))


;;;
;;; From C to Scheme.
;;;

(define (pointer->text pointer)
  "Return the string at POINTER.  What is not text in a file name becomes
question marks."
  (let ((latin1 (pointer->string pointer -1 "ISO-8859-1")))
    ;; Decoding takes many times as long.
    (if (string-every char-set:ascii latin1)
        latin1
        (bytevector->string (pointer->bytevector pointer
                                                 (string-length latin1))
                            "UTF-8" 'substitute))))

(define (read-structure pointer structure)
  "Return the values of the members of the STRUCTURE at POINTER, without the
first, which is its size.  Libraries have more members or fewer: those that
this one does not have are 0 or null."
  (define types
    (structure-types structure))

  (define size
    (car (parse-c-struct pointer (list (car types)))))

  (define known
    (let loop ((count (length types)))
      (if (or (= count 1)
              (<= (sizeof (take types count)) size))
          count
          (loop (- count 1)))))

  (append (cdr (parse-c-struct pointer (take types known)))
          (map (lambda (type)
                 (if (eq? type '*) %null-pointer 0))
               (drop types known))))

(define (read-pointers pointer count)
  "Return the COUNT pointers that are at POINTER."
  (if (zero? count)
      '()
      (parse-c-struct pointer (make-list count '*))))

;;; structures.scm ends here
