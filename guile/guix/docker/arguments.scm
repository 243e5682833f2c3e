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
  #:use-module (guix docker parameters)
  #:use-module (guix docker results)
  #:use-module (guix docker structures)
  #:use-module (ice-9 match)
  #:use-module (rnrs bytevectors)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-19)
  #:use-module (system foreign)
  #:export (build-parameters
            merge-parameters
            default-threads             ;of 'build-parameters'
            arguments->options
            arguments->merge-options))

;;; Commentary:
;;;
;;; The parameters of 'build-docker-image' and of 'merge-image-layouts': their
;;; names, defaults, descriptions, and the values that the library gets for them.
;;; The tables are at the end.
;;;
;;; The library checks values.  Checks here are those that the library could not
;;; make: that a value has the shape of a C value at all, and is not one that
;;; means something else to C.
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

(define (list->rows arena argument value element->c)
  "Convert each element of the list VALUE by ELEMENT->C."
  (unless (list? value)
    (argument-error argument "~s is not a list" value))
  (map (lambda (element)
         (element->c arena argument element))
       value))

(define (list-of structure element->c)
  "Return a converter of lists to an array of pointers to STRUCTURE, and its
length.  ELEMENT->C converts an element to the values of the structure's members
after its size."
  (lambda (arena argument value)
    (let ((rows (list->rows arena argument value element->c)))
      (list (rows->pointers arena structure rows)
            (length rows)))))

(define (texts->c arena argument value)
  "Convert VALUE, a list of strings, to an array of pointers and its length."
  (let ((rows (list->rows arena argument value text->c)))
    (list (rows->pointer arena '((text *)) rows)
          (length rows))))

(define (or-null converter . values)
  "Return a converter like CONVERTER, but with a null pointer and VALUES for #f."
  (lambda (arena argument value)
    (if value
        (converter arena argument value)
        (cons %null-pointer values))))

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

(define (image->c arena argument value)
  "Convert VALUE, the name of a file or a port, to a descriptor and a name."
  (if (port? value)
      (append (port->descriptor arena argument value)
              (list %null-pointer))
      (cons -1 (text->c arena argument value))))

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

(define (port->descriptor arena argument value)
  "Return the descriptor of VALUE, a port, and write what it still has."
  (define (descriptor)
    (false-if-exception (fileno value)))

  (cond ((and (output-port? value) (descriptor))
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
  ;; GUIX_DOCKER_NO_PERMISSIONS: to C, 0 stands for the default.
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
     (append ((integer uint32) arena argument uid)
             ((integer uint32) arena argument gid)
             (text->c arena argument path)))
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
    ;; 0 stands for #f in C, and there are no numbers below.
    ((and (? exact-integer?) (? (lambda (count) (< count 1))))
     (argument-error argument
                     "~a is below 2; a layered image has 2 layers or more"
                     value))
    ((? exact-integer? count)
     ;; No number of layers is too large.
     ((integer uint32) arena argument (min count (- (expt 2 32) 1))))
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
;;; Defaults.
;;;

(define (default-threads)
  "Return the number of threads that Guix's builders may use, or 0, for as
many as the process can run at once."
  (match (and=> (getenv "NIX_BUILD_CORES") string->number)
    ((? exact-integer? (? positive? count)) (min count #xffffffff))
    (_ 0)))


;;;
;;; The tables.
;;;

;; The rows are in the order of the members of struct guix_docker_options; see
;; 'define-parameters' for their form.  A new parameter is a row.
(define-parameters build-parameters %build-parameters
  (hidden (structure-size %options) (struct_size uint32))
  (required image
"IMAGE is the name of the file to write, or an output port with a descriptor,
such as a pipe."
            image->c (image_fd int32) (image '*))
  (optional format 'docker-archive
"FORMAT is 'docker-archive', as Guix makes it, or 'oci-archive', an archive that
is an OCI image layout and a Docker archive, too, or 'oci': IMAGE is then a
directory, an OCI image layout, which keeps its other images."
            (one-of 'docker-archive 'oci-archive 'oci) (format uint32))
  (optional archive-digest #f
"ARCHIVE-DIGEST is true for the report to have the digest of the archive, see
'image-report-archive-digest'."
            boolean->flag (archive_digest uint32))
  (optional compressor #f
"COMPRESSOR is #f or a list of strings: a command that compresses from its
standard input to its standard output.  'gzip', 'pigz' and 'zstd' need not be
installed.  '(\"none\")' stands for no compression.  In OCI formats it compresses
each layer by itself and must be one of these; #f is '(\"gzip\")' there."
            (or-null texts->c 0) (compressor '*) (compressor_count size_t))
  (required paths
"PATHS is a list of absolute names of store items or of other files, which go into
the image with all files below them.  In a layer, directories of one name become
one, and the last of several files of one name stays; across layers, engines take
the upper one's.  A directory and a file of one name are an error, and so is a file
below a link."
            texts->c (paths '*) (path_count size_t))
  (required prefix
"PREFIX is the main store item, usually a profile or a system; the layer ID of a
single-layer image is derived from it."
            text->c (prefix '*))
  (optional extra-files '()
"EXTRA-FILES is a list of directives for files in the image besides PATHS:
'(directory NAME [UID GID [MODE]])', '(file NAME [CONTENT])' and '(NEW ->
OLD)' for a symbolic link.  The UID and GID are not used, see OWNERSHIP."
            (list-of %directive directive->c)
            (extra_files '*) (extra_file_count size_t))
  (optional transformations '()
"TRANSFORMATIONS is a list of '(OLD -> NEW)': names in the image that begin
with OLD begin with NEW instead."
            (list-of %transformation transformation->c)
            (transformations '*) (transformation_count size_t))
  (optional database #f
"DATABASE is the file name of a store database, or #f.  It becomes the
database of the image, where PREFIX becomes root's profile."
            (or-null text->c) (database '*))
  (optional root-system #f
"ROOT-SYSTEM is #f or a directory with the root file system, which replaces
EXTRA-FILES, DATABASE and, in a single-layer image, PATHS."
            (or-null text->c) (root_system '*))
  (optional ownership '()
"OWNERSHIP is a list of '(PATH UID GID)': files at and below PATH, a name in the
image, belong to that user and that group, numbers.  The last one that applies
wins.  All other files belong to root."
            (list-of %ownership ownership->c)
            (ownership '*) (ownership_count size_t))
  (optional modes 'guix
"MODES is 'guix' or 'keep'.  The former gives group and others, in the layers of
PATHS of a layered image, the permissions of the user but for writing: files of
mode #o600 get #o644.  The latter leaves permissions as they are."
            (one-of 'guix 'keep) (modes uint32))
  (optional xattrs 'drop
"XATTRS is 'drop' or 'keep': extended attributes are left out, or those of users
and capabilities of programs are kept."
            (one-of 'drop 'keep) (xattrs uint32))
  (optional whiteouts 'refuse
"WHITEOUTS is 'refuse' or 'allow': names that begin with \".wh.\", by which
layers delete files of those below them, are an error or files like others."
            (one-of 'refuse 'allow) (whiteouts uint32))
  (optional max-layers #f
"MAX-LAYERS is #f, for a single layer, or the maximum number of layers, 2 or
more, those of BASE included."
            max-layers->c (max_layers uint32))
  (optional layering 'size
"LAYERING is 'size', where the largest of PATHS have a layer each, or 'references':
items that many of PATHS refer to are in the lower layers, those that few refer to
in the upper ones, so that images of another version share more."
            (one-of 'size 'references) (layering uint32))
  (optional parent-directories #f
"PARENT-DIRECTORIES is true for layers that begin with the directories above
their paths, #o755 unless a path has them."
            boolean->flag (parent_directories uint32))
  (optional references-graphs '()
"REFERENCES-GRAPHS is, for LAYERING 'references', a list of absolute names of files
with the references among PATHS, in the form of Guix's '#:references-graphs': for
each item a line with its name, one with its deriver or nothing, one with the
number of its references, and one with each of these.  Other items refer to
nothing."
            texts->c (references_graphs '*) (references_graph_count size_t))
  (optional base #f
"BASE is #f or an image whose layers come first, with its environment and the rest
of its configuration as 'FROM' in a Dockerfile has them: the name of a Docker
archive, of an archive that is an OCI image layout, or of such a directory.  It may
be compressed by gzip or zstd.  Directories of EXTRA-FILES, or above their files, are
as they are in the base unless they have a MODE.  Files that would hide directories of
the base, or go through its links, are an error."
            (or-null text->c) (base '*))
  (optional base-name #f
"BASE-NAME is #f or the name of BASE where there are several images, as in NAMES."
            (or-null text->c) (base_name '*))
  (optional reuse #f
"REUSE is a list of OCI image layouts, directories or archives, that are searched for
reusable layers: a layer is reused if it is identical to the one that would be built.
#f stands for the output layout itself, if FORMAT is 'oci'."
            (or-null texts->c 0) (reuse '*) (reuse_count size_t))
  (optional immutable-paths #f
"IMMUTABLE-PATHS is true to assume that files at and below PATHS never change under
their names, like store items, and to reuse recorded layers without reading their
files."
            boolean->flag (immutable_paths uint32))
  (optional names '()
"NAMES is a list of image references, which replace REPOSITORY, such as
\"registry.example:5000/team/app:1.2\".  The default tag is \"latest\"; \"auto\"
becomes the beginning of the image's ID."
            texts->c (names '*) (name_count size_t))
  (optional repository "guix"
"REPOSITORY is the name of the image in the first column of 'docker images';
characters that may not be in it are replaced."
            text->c (repository '*))
  (optional system (utsname:machine (uname))
"SYSTEM is the GNU triplet, or its first component, of the Linux system that
PATHS are for."
            text->c (system '*))
  (optional variant #f
"VARIANT is #f or the variant of the system's architecture: \"v5\" to \"v8\" of
ARM, \"v8\" of aarch64, \"v1\" to \"v4\" of x86_64."
            (or-null text->c) (variant '*))
  (optional author #f
"AUTHOR is #f or the author of the image."
            (or-null text->c) (author '*))
  (optional creation-time (current-time time-utc)
"CREATION-TIME is the SRFI-19 time-utc in the image's metadata, or
'source-date-epoch' for that of SOURCE_DATE_EPOCH in the environment."
            creation-time->c (creation_time int64))
  (optional labels '()
"LABELS is a list of pairs of strings, key/value metadata in the configuration."
            (list-of %variable variable->c) (labels '*) (label_count size_t))
  (optional annotations '()
"ANNOTATIONS is a list of pairs of strings, key/value metadata in the manifest of an
OCI image."
            (list-of %variable variable->c)
            (annotations '*) (annotation_count size_t))
  (optional config #f
"CONFIG is #f or an object that is merged into the configuration last, as RFC 7396
says: JSON text, or an association list as guile-json has it."
            (or-null json->c) (config '*))
  (optional history 'layers
"HISTORY is 'layers' for an entry about each layer in the metadata, 'one' for the one
entry that Guix 1.5.0 writes, or 'none'."
            (one-of 'layers 'one 'none) (history uint32))
  (optional config-keys 'guix
"CONFIG-KEYS is 'guix', for the keys \"env\" and \"entrypoint\" as Guix has
them, or 'spec', for \"Env\" and \"Entrypoint\" as the specification has them."
            (one-of 'guix 'spec) (config_keys uint32))
  (optional entry-point #f
"ENTRY-POINT is #f or a list of strings, the command that containers run."
            (or-null texts->c 0) (entry_point '*) (entry_point_count size_t))
  (optional cmd #f
"CMD is #f or a list of strings, the command that containers run or the default
arguments of ENTRY-POINT."
            (or-null texts->c 0) (cmd '*) (cmd_count size_t))
  (optional environment '()
"ENVIRONMENT is a list of pairs of strings, the names and values of the variables
that containers start with."
            (list-of %variable variable->c)
            (environment '*) (environment_count size_t))
  (optional user #f
"USER is #f or the user of containers, \"USER\" or \"USER:GROUP\" by names or
numbers."
            (or-null text->c) (user '*))
  (optional working-directory #f
"WORKING-DIRECTORY is #f or the working directory of containers, an absolute name."
            (or-null text->c) (working_directory '*))
  (optional exposed-ports '()
"EXPOSED-PORTS is a list of ports that containers listen at, such as \"8080/tcp\"."
            texts->c (exposed_ports '*) (exposed_port_count size_t))
  (optional volumes '()
"VOLUMES is a list of directories for containers' data."
            texts->c (volumes '*) (volume_count size_t))
  (optional stop-signal #f
"STOP-SIGNAL is #f or the signal that ends containers, by name or number."
            (or-null text->c) (stop_signal '*))
  (optional health-check #f
"HEALTH-CHECK is #f or the health check, in Docker's form: JSON text, or an
association list as guile-json has it, such as
'((\"Test\" . #(\"CMD\" \"check\")))."
            (or-null json->c) (health_check '*))
  (optional threads (default-threads)
"THREADS is the maximum number of threads, 0 for as many as the process can run at
once.  It defaults to NIX_BUILD_CORES.  Images do not depend on it."
            (integer uint32) (threads uint32))
  (optional progress (@ (guix docker progress) no-progress)
"PROGRESS is called now and then with the number of bytes done and the number of all
bytes, both 0 while files are being listed.  If it takes a third argument, that is the
phase: 'scanning' files, 'comparing' layers that may be equal, or 'writing' the image;
while scanning, the first is then the number of files found so far, and the second 0.
An exception that it raises stops the build.  '(progress-bar)', of the module
'(guix docker progress)', shows it on the standard error."
            callback->c (progress '*))
  (hidden %null-pointer (progress_data '*)))

(define-parameters merge-parameters %merge-parameters
  (hidden (structure-size %merge-options) (struct_size uint32))
  (required target
"TARGET is the name of the OCI image layout that gets all images, a directory, which
is made if it is missing."
            text->c (target '*))
  (required sources
"SOURCES is a list of names of OCI image layouts, directories or archives."
            texts->c (sources '*) (source_count size_t))
  (optional progress (@ (guix docker progress) no-progress)
"PROGRESS is as for 'build-docker-image'."
            callback->c (progress '*))
  (hidden %null-pointer (progress_data '*)))

(define %options
  ;; struct guix_docker_options, like the structures of (guix docker
  ;; structures).
  (append-map row-members %build-parameters))

(define %merge-options
  ;; struct guix_docker_merge.
  (append-map row-members %merge-parameters))

(define (arguments->options arena arguments)
  "Return a pointer to the options for ARGUMENTS, an association list of the
names of parameters and their values.  PROGRESS is the procedure for C to call."
  (arguments->pointer arena %options %build-parameters arguments))

(define (arguments->merge-options arena arguments)
  "Like 'arguments->options', for those of 'merge-image-layouts'."
  (arguments->pointer arena %merge-options %merge-parameters arguments))

(define (arguments->pointer arena structure parameters arguments)
  "Return a pointer to a STRUCTURE with the values of ARGUMENTS by the table
PARAMETERS."
  (define (values-of parameter)
    (match (row-name parameter)
      (#f
       (list ((row-converter parameter))))
      (name
       ((row-converter parameter)
        arena (symbol->string name) (assq-ref arguments name)))))

  (rows->pointer arena structure
                 (list (append-map values-of parameters))))

;;; arguments.scm ends here
