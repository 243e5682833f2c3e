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

(define-module (guix docker arguments)
  #:use-module (guix docker json)
  #:use-module (guix docker results)
  #:use-module (guix docker structures)
  #:use-module (ice-9 match)
  #:use-module (rnrs bytevectors)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-19)
  #:use-module (system foreign)
  #:export (default-threads
            arguments->options
            arguments->merge-options))

;;; Commentary:
;;;
;;; The parameters of 'build-docker-image' and of 'merge-image-layouts', and what
;;; the library gets for their values.  The tables of them are at the end.
;;;
;;; The library checks values.  What is checked here is what it could not see:
;;; that a value has the shape of a C value at all, and is not one that means
;;; something else to C.
;;;
;;; Code:


;;;
;;; Converters.
;;;

;; They take an arena, the name of the argument, for errors, and its value, and
;; return a list: the values of the members that the parameter has in the
;; options, or those of one element of a list.

(define (text->c arena argument value)
  "Convert VALUE, a string or the bytevector of a file name."
  (define nul
    (cond ((string? value) (string-index value #\nul))
          ((bytevector? value) (memv 0 (bytevector->u8-list value)))
          (else (argument-error argument "~s is not a string" value))))

  (when nul
    (argument-error argument "~s contains a NUL" value))
  (list (bytes->pointer arena
                        (if (string? value)
                            (string->utf8 value)
                            value))))

(define (list-of structure element->c)
  "Return a converter of lists to an array of STRUCTURE and its length.
ELEMENT->C converts an element to the values of the structure's members."
  (lambda (arena argument value)
    (unless (list? value)
      (argument-error argument "~s is not a list" value))
    (list (rows->pointer arena structure
                         (map (lambda (element)
                                (element->c arena argument element))
                              value))
          (length value))))

(define (optional converter . values)
  "Return a converter like CONVERTER, but with VALUES for #f."
  (lambda (arena argument value)
    (if value
        (converter arena argument value)
        values)))

(define %ranges
  ;; The least and the greatest value of types.
  `((,uint32 0 ,(- (expt 2 32) 1))
    (,int64 ,(- (expt 2 63)) ,(- (expt 2 63) 1))))

(define (integer type)
  "Return a converter of numbers to TYPE."
  (match (assv-ref %ranges type)
    ((least greatest)
     (lambda (arena argument value)
       (unless (exact-integer? value)
         (argument-error argument "~s is not an integer" value))
       (unless (<= least value greatest)
         (argument-error argument "~a is out of range" value))
       (list value)))))

(define texts->c
  (list-of '((text *)) text->c))

(define (image->c arena argument value)
  "Convert VALUE, which may be a port: that has no name."
  (if (port? value)
      (list %null-pointer)
      (text->c arena argument value)))

(define (flush argument port)
  "Write what PORT, which is ARGUMENT, still has.  Nobody may read that any more:
this is an error and no signal."
  (let ((old #f))
    (dynamic-wind
      (lambda ()
        (set! old (sigaction SIGPIPE SIG_IGN)))
      (lambda ()
        (catch 'system-error
          (lambda ()
            (force-output port))
          (lambda arguments
            (let ((number (system-error-errno arguments)))
              (raise-exception
               (build-error (if (memv number (list ENOSPC EDQUOT))
                                'no-space
                                'output)
                            (string-append argument ": writing what the port \
still had: " (strerror number))
                            number))))))
      (lambda ()
        (sigaction SIGPIPE (car old) (cdr old))))))

(define (image->descriptor arena argument value)
  "Return the descriptor of VALUE if it is a port, and write what it still has."
  (define (descriptor)
    (false-if-exception (fileno value)))

  (cond ((not (port? value))
         '(0))
        ((and (output-port? value) (descriptor))
         => (lambda (number)
              (when (zero? number)
                (argument-error argument "~s is the standard input" value))
              (flush argument value)
              (list number)))
        (else
         (argument-error argument "~s is not an output port of a descriptor"
                         value))))

(define (json->c arena argument value)
  "Convert VALUE, a JSON text or, as guile-json has it, what it stands for."
  (text->c arena argument
           (if (string? value)
               value
               (catch 'not-json
                 (lambda ()
                   (scm->json value))
                 (lambda (key part)
                   (argument-error argument "~s has no JSON form" part))))))

(define (boolean->flag arena argument value)
  (unless (boolean? value)
    (argument-error argument "~s is neither #t nor #f" value))
  (list (if value 1 0)))

(define %no-permissions
  ;; GUIX_DOCKER_NO_PERMISSIONS: to C, 0 is GUIX_DOCKER_DEFAULT_MODE.
  #o10000)

(define (directive->c arena argument directive)
  "Convert an element of EXTRA-FILES to the members of a directive."
  (define (pointer text)
    (match (text->c arena argument text)
      ((pointer) pointer)))

  (define (id? value)
    (and (exact-integer? value) (>= value -1)))

  (define (directory name mode)
    (list 1 mode (pointer name) %null-pointer %null-pointer 0))

  (define (file name content)
    (list 2 0 (pointer name) %null-pointer
          (bytes->pointer arena content) (bytevector-length content)))

  (define (link name target)
    (list 3 0 (pointer name) (pointer target) %null-pointer 0))

  (match directive
    (('directory name)
     (directory name 0))
    (('directory name (? id?) (? id?))
     (directory name 0))
    (('directory name (? id?) (? id?) 0)
     (directory name %no-permissions))
    (('directory name (? id?) (? id?) (? exact-integer? mode))
     (when (= mode %no-permissions)
       (argument-error argument "the mode 10000 of the directory ~s is above \
7777" name))
     (match ((integer uint32) arena argument mode)
       ((mode)
        (directory name mode))))
    (('file name)
     (file name #vu8()))
    (('file name (? string? content))
     (file name (string->utf8 content)))
    ((new '-> old)
     (link new old))
    (_
     (argument-error argument "~s is none of (directory NAME [UID GID [MODE]]), \
(file NAME [CONTENT]) and (NEW -> OLD)" directive))))

(define (transformation->c arena argument transformation)
  "Convert an element of TRANSFORMATIONS to the members of a transformation."
  (match transformation
    ((old '-> new)
     (append (text->c arena argument old)
             (text->c arena argument new)))
    (_
     (argument-error argument "~s is not of the form (OLD -> NEW)"
                     transformation))))

(define (variable->c arena argument variable)
  "Convert an element of ENVIRONMENT to the members of a variable."
  (match variable
    (((? string? name) . (? string? value))
     (append (text->c arena argument name)
             (text->c arena argument value)))
    (_
     (argument-error argument "~s is not a pair of strings (NAME . VALUE)"
                     variable))))

(define (ownership->c arena argument ownership)
  "Convert an element of OWNERSHIP to the members of an ownership."
  (match ownership
    ((path (? exact-integer? uid) (? exact-integer? gid))
     (append (text->c arena argument path)
             ((integer uint32) arena argument uid)
             ((integer uint32) arena argument gid)))
    (_
     (argument-error argument "~s is not of the form (PATH UID GID)"
                     ownership))))

(define %now
  ;; GUIX_DOCKER_NOW.
  (- (expt 2 63)))

(define (source-date-epoch argument)
  "Return the time that SOURCE_DATE_EPOCH in the environment says."
  (let ((value (getenv "SOURCE_DATE_EPOCH")))
    (match (and value
                (string-every char-set:digit value)
                (string->number value))
      ((? exact-integer? seconds)
       (make-time time-utc 0 seconds))
      (_
       (if value
           (argument-error argument "SOURCE_DATE_EPOCH is ~s, not a number of \
seconds" value)
           (argument-error argument "SOURCE_DATE_EPOCH is not set"))))))

(define (creation-time->c arena argument value)
  (define time
    (if (eq? value 'source-date-epoch)
        (source-date-epoch argument)
        value))

  (unless (and (time? time)
               (eq? (time-type time) time-utc))
    (argument-error argument "~s is not a SRFI-19 time-utc object" time))
  (let ((seconds (time-second time)))
    (when (eqv? seconds %now)
      (argument-error argument "~a seconds is not in the years 0 to 9999"
                      seconds))
    ((integer int64) arena argument seconds)))

(define (max-layers->c arena argument value)
  (match value
    (#f
     '(0))
    ;; What #f is to C.
    (0
     (argument-error argument
                     "0 is below 2; a layered image has 2 layers or more"))
    ((? exact-integer? count)
     ;; No number of layers is too large.
     ((integer int64) arena argument (min count (- (expt 2 63) 1))))
    (_
     (argument-error argument "~s is neither #f nor an integer" value))))

(define (one-of . words)
  "Return a converter of WORDS, symbols, to their numbers from 0 on."
  (lambda (arena argument value)
    (let ((number (list-index (lambda (word)
                                (eq? word value))
                              words)))
      (unless number
        (argument-error argument "~s is none of ~a" value words))
      (list number))))

(define (callback->c arena argument value)
  "Convert VALUE, a procedure of the address of data and that of an event which
returns 0 or, for the build to stop, another number."
  (list (keep! arena (procedure->pointer int value '(* *)))))


;;;
;;; The table.
;;;

(define %parameters
  ;; A row for each parameter, (NAME CONVERTER (MEMBER TYPE) ...): its name in
  ;; Scheme, and the members of struct guix_docker_options that its value is
  ;; converted to.  The members are in the order of the structure; those that
  ;; are of no parameter have rows too, with #f and a thunk that returns the
  ;; value.
  ;;
  ;; A new parameter is a row here, and an argument of 'build-docker-image'.
  `((#f ,(lambda () (structure-size %options)) (size ,size_t))
    (image ,image->c (image *))
    (paths ,texts->c (paths *) (path_count ,size_t))
    (prefix ,text->c (prefix *))
    (repository ,text->c (repository *))
    (extra-files ,(list-of %directive directive->c)
                 (extra_files *) (extra_file_count ,size_t))
    (transformations ,(list-of %transformation transformation->c)
                     (transformations *) (transformation_count ,size_t))
    (system ,text->c (system *))
    (database ,(optional text->c %null-pointer) (database *))
    (entry-point ,(optional texts->c %null-pointer 0)
                 (entry_point *) (entry_point_count ,size_t))
    (environment ,(list-of %variable variable->c)
                 (environment *) (environment_count ,size_t))
    (compressor ,(optional texts->c %null-pointer 0)
                (compressor *) (compressor_count ,size_t))
    (creation-time ,creation-time->c (creation_time ,int64))
    (max-layers ,max-layers->c (max_layers ,int64))
    (root-system ,(optional text->c %null-pointer) (root_system *))
    (history ,(one-of 'layers 'one 'none) (history ,uint32))
    (threads ,(integer uint32) (threads ,uint32))
    (#f ,(const %null-pointer) (progress *))
    (#f ,(const %null-pointer) (progress_data *))
    (progress ,callback->c (monitor *))
    (#f ,(const (structure-size %directive)) (directive_size ,uint32))
    (#f ,(const (structure-size %transformation)) (transformation_size ,uint32))
    (#f ,(const (structure-size %variable)) (variable_size ,uint32))
    (#f ,(const 0) (reserved ,uint32))
    (ownership ,(list-of %ownership ownership->c)
               (ownership *) (ownership_count ,size_t))
    (#f ,(const (structure-size %ownership)) (ownership_size ,size_t))
    (variant ,(optional text->c %null-pointer) (variant *))
    (whiteouts ,(one-of 'refuse 'allow) (whiteouts ,uint32))
    (modes ,(one-of 'reference 'keep) (modes ,uint32))
    (xattrs ,(one-of 'drop 'keep) (xattrs ,uint32))
    (parent-directories ,boolean->flag (parent_directories ,uint32))
    (config-keys ,(one-of 'reference 'spec) (config_keys ,uint32))
    (format ,(one-of 'docker-archive 'oci-archive 'oci) (format ,uint32))
    (names ,texts->c (names *) (name_count ,size_t))
    (cmd ,(optional texts->c %null-pointer 0) (cmd *) (cmd_count ,size_t))
    (user ,(optional text->c %null-pointer) (user *))
    (working-directory ,(optional text->c %null-pointer) (working_directory *))
    (exposed-ports ,texts->c (exposed_ports *) (exposed_port_count ,size_t))
    (volumes ,texts->c (volumes *) (volume_count ,size_t))
    (labels ,(list-of %variable variable->c) (labels *) (label_count ,size_t))
    (stop-signal ,(optional text->c %null-pointer) (stop_signal *))
    (health-check ,(optional json->c %null-pointer) (health_check *))
    (author ,(optional text->c %null-pointer) (author *))
    (config ,(optional json->c %null-pointer) (config *))
    (image ,image->descriptor (image_fd ,int32))
    (archive-digest ,boolean->flag (archive_digest ,uint32))
    (annotations ,(list-of %variable variable->c)
                 (annotations *) (annotation_count ,size_t))
    (reuse ,(optional texts->c %null-pointer 0)
           (reuse *) (reuse_count ,size_t))
    (references-graphs ,texts->c
                       (references_graphs *) (references_graph_count ,size_t))
    (layering ,(one-of 'size 'references) (layering ,uint32))
    (immutable-paths ,boolean->flag (immutable_paths ,uint32))
    (base ,(optional text->c %null-pointer) (base *))
    (base-name ,(optional text->c %null-pointer) (base_name *))))

(define %options
  ;; struct guix_docker_options, like the structures of (guix docker
  ;; structures).
  (append-map cddr %parameters))

(define %merge-parameters
  ;; The same of struct guix_docker_merge.
  `((#f ,(lambda () (structure-size %merge-options)) (size ,size_t))
    (target ,text->c (target *))
    (sources ,texts->c (sources *) (source_count ,size_t))
    (progress ,callback->c (monitor *))
    (#f ,(const %null-pointer) (progress_data *))))

(define %merge-options
  (append-map cddr %merge-parameters))

(define (arguments->options arena arguments)
  "Return a pointer to the options for ARGUMENTS, an association list of the
names of parameters and their values.  PROGRESS is what C is to call."
  (arguments->pointer arena %options %parameters arguments))

(define (arguments->merge-options arena arguments)
  "Like 'arguments->options', for those of 'merge-image-layouts'."
  (arguments->pointer arena %merge-options %merge-parameters arguments))

(define (arguments->pointer arena structure parameters arguments)
  "Return a pointer to a STRUCTURE with what ARGUMENTS are by the table
PARAMETERS."
  (define (row->values row)
    (match (take row 2)
      ((#f value)
       (list (value)))
      ((name converter)
       (match (assq name arguments)
         ((name . value)
          (converter arena (symbol->string name) value))))))

  (rows->pointer arena structure
                 (list (append-map row->values parameters))))


;;;
;;; Defaults.
;;;

(define (default-threads)
  "Return the number of threads that Guix's builders may use, or 0, for as
many as the process can run at once."
  (match (and=> (getenv "NIX_BUILD_CORES") string->number)
    ((? exact-integer? (? positive? count)) (min count #xffffffff))
    (_ 0)))

;;; arguments.scm ends here
