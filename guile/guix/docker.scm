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

(define-module (guix docker)
  #:use-module (guix docker arguments)
  #:use-module (guix docker ffi)
  #:use-module (guix docker progress)
  #:use-module (guix docker results)
  #:use-module (srfi srfi-19)
  #:re-export (image-report?
               image-report-id
               image-report-size
               image-report-layers
               image-report-warnings
               image-report-archive-digest
               image-report-names
               image-report-manifest-digest
               image-report-manifest-size
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
               docker-error-system-error)
  #:export (%docker-image-max-layers
            build-docker-image
            merge-image-layouts))

;;; Commentary:
;;;
;;; A native replacement for Guix's module of the same name: arguments, and
;;; the images, are the same.  It needs Guile alone; the work is done by a
;;; shared library, which is opened when the first image is built.
;;;
;;; Code:

(define %docker-image-max-layers
  ;; The greatest number of layers to ask for when the user has not said; #f
  ;; for a single-layer image.
  #f)

(define-syntax-rule (association name ...)
  "Return an association list of the variables NAME ... and their values."
  (list (cons 'name name) ...))

(define* (build-docker-image image paths prefix
                             #:key
                             (repository "guix")
                             (extra-files '())
                             (transformations '())
                             (system (utsname:machine (uname)))
                             database
                             entry-point
                             (environment '())
                             compressor
                             (creation-time (current-time time-utc))
                             max-layers
                             root-system
                             (history 'layers)
                             (threads (default-threads))
                             (progress no-progress)
                             (ownership '())
                             variant
                             (whiteouts 'refuse)
                             (modes 'reference)
                             (xattrs 'drop)
                             parent-directories
                             (config-keys 'reference)
                             (format 'docker-archive)
                             (names '())
                             cmd
                             user
                             working-directory
                             (exposed-ports '())
                             (volumes '())
                             (labels '())
                             stop-signal
                             health-check
                             author
                             config
                             archive-digest
                             (annotations '())
                             reuse
                             (references-graphs '())
                             (layering 'size)
                             immutable-paths
                             base
                             base-name)
  "Write to IMAGE, the name of a file or an output port with a descriptor, such
as a pipe, a Docker image archive, or what FORMAT says, of PATHS, a list of absolute
names of store items or of other files, with all that is below them.  PREFIX
is the store item that the image is about, usually a profile or a system; a
single-layer image's layer gets its ID from it.  Return an image report, see
'image-report-id'.

In a layer, directories of one name become one, and of files of one name the
last is left; across layers, which are in the order of their sizes, engines take
the upper one's.  It is an error if something would be a directory and a file, or
a file would be below a link.

REPOSITORY is the name of the image in the first column of 'docker images';
characters that may not be in it are replaced.

EXTRA-FILES is a list of directives for what is in the image besides PATHS:
'(directory NAME [UID GID [MODE]])', '(file NAME [CONTENT])' and '(NEW ->
OLD)' for a symbolic link.  The UID and GID are not used, see OWNERSHIP.

TRANSFORMATIONS is a list of '(OLD -> NEW)': names in the image that begin
with OLD begin with NEW instead.

SYSTEM is the GNU triplet, or its first component, of the Linux system that
PATHS are for.

DATABASE is the file name of a store database, or #f.  It becomes the
database of the image, where PREFIX becomes root's profile.

ENTRY-POINT is #f or a list of strings, the command that containers run.
ENVIRONMENT is a list of pairs of strings, the names and values of the
variables that containers start with.

COMPRESSOR is #f or a list of strings: a command that compresses from its
standard input to its standard output.  'gzip', 'pigz' and 'zstd' need not be
there.  '(\"none\")' is none.  In OCI formats it compresses each layer by itself
and must be one of these; #f is '(\"gzip\")' there.

FORMAT is 'docker-archive', as Guix makes it, or 'oci-archive', an archive that
is an OCI image layout and a Docker archive too, or 'oci': IMAGE is then a
directory, an OCI image layout, in which other images stay what they are.  In OCI
formats, ANNOTATIONS is a list of pairs of strings, the names and values of what
is to be known of the image besides its labels.

REUSE is a list of OCI image layouts, directories or archives that this module has
made, whose layers are taken over where they are what would be made; #f is the
one that is written to, if FORMAT is 'oci'.  IMMUTABLE-PATHS is true if what is at
and below PATHS never changes under its name, as it is with store items: such
layers are then not even read.

CREATION-TIME is the SRFI-19 time-utc in the image's metadata, or
'source-date-epoch' for that of SOURCE_DATE_EPOCH in the environment.

MAX-LAYERS is #f, for a single layer, or the greatest number of layers, 2 or
more.  The largest of PATHS have a layer each, which images can share.

ROOT-SYSTEM is #f or a directory with the root file system, which takes the
place of EXTRA-FILES, of DATABASE and, in a single-layer image, of PATHS.

HISTORY is what the history in the image's metadata has: 'layers' for an entry
about each layer, 'one' for the one entry that Guix 1.5.0 writes, 'none' for
nothing.

OWNERSHIP is a list of '(PATH UID GID)': what is at and below PATH, a name in
the image, belongs to that user and that group, numbers.  The last one that
applies wins.  All else belongs to root.

MODES is 'reference' or 'keep'.  The former gives group and others, in the
layers of PATHS of a layered image, the permissions of the user but for writing:
files of mode #o600 get #o644.  The latter leaves permissions as they are.

XATTRS is 'drop' or 'keep': extended attributes are left out, or those of users
and capabilities of programs are kept.

WHITEOUTS is 'refuse' or 'allow': names that begin with \".wh.\", by which
layers delete files of those below them, are an error or files like others.

PARENT-DIRECTORIES is true for layers that begin with the directories above
their paths, #o755 unless a path has them.

VARIANT is #f or the variant of the system's architecture: \"v5\" to \"v8\" of
ARM, \"v8\" of aarch64, \"v1\" to \"v4\" of x86_64.

CONFIG-KEYS is 'reference', for the keys \"env\" and \"entrypoint\" as Guix has
them, or 'spec', for \"Env\" and \"Entrypoint\" as the specification has them.

NAMES is a list of what the image is called in the place of REPOSITORY: whole
references, such as \"registry.example:5000/team/app:1.2\".  The tag is
\"latest\" if there is none; \"auto\" becomes the beginning of the image's ID.

CMD is #f or a list of strings, what containers run or the default arguments of
ENTRY-POINT.  USER is #f or who runs it, \"USER\" or \"USER:GROUP\" by names or
numbers; WORKING-DIRECTORY is #f or where.  EXPOSED-PORTS is a list of ports that
it listens at, such as \"8080/tcp\", VOLUMES a list of directories that hold its
data, and LABELS a list of pairs of strings, the names and values of what is to
be known of the image.  STOP-SIGNAL is #f or the name of the signal that tells
containers to end, AUTHOR #f or who made the image.

HEALTH-CHECK is #f or how to find out whether a container works, in Docker's
form: JSON text, or an association list as guile-json has it, such as
'((\"Test\" . #(\"CMD\" \"check\"))).  CONFIG is #f or an object of either form that
is merged into the configuration last, as RFC 7396 says.

ARCHIVE-DIGEST is true for the report to have the digest of the archive, see
'image-report-archive-digest'.  The report also has 'image-report-size', 0 where
a command has written to a port or IMAGE is a directory, 'image-report-layers',
'image-report-names', in OCI formats 'image-report-manifest-digest',
'image-report-warnings', and 'image-report->json' for all of it as JSON.

LAYERING is 'size', for MAX-LAYERS as above, or 'references': what many of PATHS
refer to is in the lower layers, what few do in the upper ones, so that images of
another version share more.  REFERENCES-GRAPHS is then a list of absolute names
of files that say which refers to which, in the form of Guix's
'#:references-graphs': for each item a line with its name, one with its deriver
or nothing, one with the number of its references, and one with each of these.
What they do not tell of refers to nothing.

BASE is #f or an image whose layers come first, with its environment and the rest
of its configuration as 'FROM' in a Dockerfile has them: the name of a Docker
archive, of an archive that is an OCI image layout, or of such a directory, where
BASE-NAME is what it is called if there are several, as in NAMES.  It may be
compressed by gzip or zstd.  Directories of EXTRA-FILES, or above their files, are
as they are in the base unless they have a MODE.  What would hide directories of
the base, or go through its links, is an error.  MAX-LAYERS counts its layers too.

THREADS is the number of threads to work with, 0 for as many as the process
can run at once.  It defaults to NIX_BUILD_CORES.  Images do not depend on it.

PROGRESS is called now and then with the number of bytes done and the number
of all bytes, both 0 while files are being listed.  If it takes a third
argument, that is what is being done: 'scanning' files, 'comparing' layers that
may be equal, or 'writing' the image; while scanning, the first is then the
number of files found so far, and the second 0.  An exception that it raises
stops the build.  '(progress-bar)', of the module '(guix docker progress)', shows
it on the standard error.

File names may be bytevectors where they are not text.  Errors are exceptions
of type '&docker-error' with a message, and leave no file behind."
  (call-build-docker-image
   (association image paths prefix
                repository extra-files transformations system database
                entry-point environment compressor creation-time max-layers
                root-system history threads progress ownership variant
                whiteouts modes xattrs parent-directories config-keys format
                names cmd user working-directory exposed-ports volumes labels
                stop-signal health-check author config archive-digest
                annotations reuse references-graphs layering immutable-paths
                base base-name)))

(define* (merge-image-layouts target sources #:key (progress no-progress))
  "Have all images of SOURCES, a list of names of OCI image layouts, directories
or archives, be in TARGET as well, a directory which is a layout too or is made.

Images of one name for several systems are found by that name, in an index of
theirs; one of the same name and system as another one that is there takes its
place.  Digests are checked, and blobs linked where that can be.

PROGRESS is as for 'build-docker-image'.  Errors are exceptions of type
'&docker-error' and leave TARGET as it was."
  (call-merge-image-layouts (association target sources progress)))

;;; docker.scm ends here
