# SPDX-License-Identifier: GPL-3.0-or-later
"""Small trees with the lines that get one more extension, in the forms they
had in Guix over the years and in forms that are not known."""

MODULE = b"""(define-module (guix docker)
  #:export (build-docker-image))
(define* (build-docker-image image paths prefix #:key (extra-files '()))
  image)
"""

# Neither ASCII nor, in one place, UTF-8.
HEADER = ";;; Copyright © 1984 Zoë Łukasz\n".encode() + b";;; \xff\xfe\n"

OTHER_BUILD = b"""
(define other-build
  (with-extensions (list guile-gcrypt)
    (with-imported-modules (source-module-closure '((guix build pack)))
      #~(begin (use-modules (guix build pack)) #$output))))
"""

BUILD = b"""
(define build
  ;; What is built.
  (with-extensions %s
    (with-imported-modules `(((guix config) => ,(make-config.scm))
                             ,@(source-module-closure '((guix docker))))
      #~(begin
          (use-modules (guix docker))
          (build-docker-image #$output '#+(list 1 2) #$@rest)))))
"""


def source(extensions):
    return HEADER + OTHER_BUILD + BUILD % extensions + OTHER_BUILD


def tree_of(pack, image, module=MODULE):
    return {"guix/docker.scm": module,
            "guix/scripts/pack.scm": pack,
            "gnu/system/image.scm": image,
            "gnu/packages/bash.scm": b"(define-module (gnu packages bash))\n"}


# Name, guix/scripts/pack.scm, gnu/system/image.scm.
OLDER_FORMS = [
    ("guile-json without a number, on one line",
     source(b"(list guile-json guile-gcrypt)"),
     source(b"(cons guile-json gcrypt-sqlite3&co)")),
    ("guile-json-3 on one line",
     source(b"(list guile-json-3 guile-gcrypt)"),
     source(b"(cons guile-json-3 gcrypt-sqlite3&co)")),
    ("comments on the same lines",
     source(b"(list guile-json guile-gcrypt)  ;for (guix docker)"),
     source(b"""(cons guile-json           ;for (guix docker)
                         gcrypt-sqlite3&co)   ;for (guix store database)""")),
    ("comments on the next line",
     source(b"""(list guile-json-3
                         ;; For (guix docker) and others.
                         guile-gcrypt)"""),
     source(b"""(cons guile-json-3
                         ;; For (guix store database).
                         gcrypt-sqlite3&co)""")),
    ("one extension a line",
     source(b"(list guile-json-3\n guile-gcrypt\n guile-sqlite3)"),
     source(b"(list guile-json-3\n guile-gcrypt\n guile-sqlite3)")),
    ("guile-json-4",
     source(b"(list guile-json-4 guile-gcrypt)"),
     source(b"(cons guile-json-4 gcrypt-sqlite3&co)")),
    ("guile-json for another build as well",
     source(b"(list guile-json-3 guile-gcrypt)")
     + OTHER_BUILD.replace(b"guile-gcrypt", b"guile-json-3 guile-gcrypt"),
     OTHER_BUILD.replace(b"guile-gcrypt", b"guile-json-3 guile-gcrypt")
     + source(b"(cons guile-json-3 gcrypt-sqlite3&co)")),
]

KNOWN_PACK = OLDER_FORMS[1][1]
KNOWN_IMAGE = OLDER_FORMS[1][2]
PACK = "guix/scripts/pack.scm"
IMAGE = "gnu/system/image.scm"

# Name, tree, and what the message must name.
UNKNOWN_TREES = [
    ("pack without guile-json",
     tree_of(source(b"(list guile-gcrypt)"), KNOWN_IMAGE), PACK),
    ("image without guile-json",
     tree_of(KNOWN_PACK, source(b"gcrypt-sqlite3&co")), IMAGE),
    ("a guile-json of an unknown name",
     tree_of(source(b"(list guile-json-33 guile-gcrypt)"), KNOWN_IMAGE), PACK),
    ("a list in an unknown order",
     tree_of(KNOWN_PACK, source(b"(list guile-gcrypt guile-json-3)")), IMAGE),
    ("two builds that use (guix docker)",
     tree_of(KNOWN_PACK + KNOWN_PACK, KNOWN_IMAGE), PACK),
    ("guile-json, but not for (guix docker)",
     tree_of(KNOWN_PACK, OTHER_BUILD.replace(b"guile-gcrypt", b"guile-json-3 guile-gcrypt")),
     IMAGE),
    ("an empty file", tree_of(KNOWN_PACK, b""), IMAGE),
    ("a module from before #:extra-files",
     tree_of(KNOWN_PACK, KNOWN_IMAGE, MODULE.replace(b"extra-files", b"symlinks")),
     "guix/docker.scm"),
]
