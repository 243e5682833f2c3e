# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# Sourced by the parts of this suite.  Sets:
#   here, top    this directory and the checkout's
#   root         the sid chroot
#   work         a scratch directory, removed at the end
# and defines enter, which runs a command in the chroot.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
# shellcheck source=../lib/need.sh
. "$top/tests/lib/need.sh"

skip_part () {
    if [ "${CI-}" = true ]; then
        echo "not ok - $1: $2"
        exit 1
    fi
    echo "skip - $1: $2"
    exit 0
}

part=$(basename "$0")
root=$("$top/tests/sid-chroot" bzip2 lzip tar xz-utils zstd) ||
    skip_part "$part" "no sid chroot with Guix 1.5.0"
need python3 python3 || skip_part "$part" "python3 is not installed"
unshare --mount true 2>/dev/null ||
    skip_part "$part" "mount namespaces are not allowed here"

library=${GUIX_DOCKER_LIBRARY:-$top/target/release/libguix_docker.so}
[ -f "$library" ] || {
    echo "not ok - $part: $library is missing, run 'cargo build --release'"
    exit 1
}

work=$(mktemp -d "${TMPDIR:-/tmp}/guix-docker-$part.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM

chmod 755 "$work"
mkdir -m 1777 "$work/tmp"
mkdir "$work/gnu" "$work/tmp/library" "$work/tmp/suite"
echo 'nobody:x:65534:65534:nobody:/:/bin/false' >"$work/passwd"
echo 'nogroup:x:65534:' >"$work/group"
cp -R "$top/guile" "$work/tmp/library/guile"
cp "$library" "$work/tmp/library/libguix_docker.so"
cp "$here"/*.scm "$here/decompress" "$here/check-layers" "$work/tmp/suite"

enter () { sh "$here/enter" "$root" "$work" "$@"; }

# Run Guile with our module.  Guix's compiled one is on Guile's default path
# and would be taken for it: ours, compiled, has to come first.
compile_ours () {
    cat >"$work/tmp/suite/compile.scm" <<'EOF'
(use-modules (system base compile) (ice-9 ftw))
(define from "/tmp/library/guile/")
(ftw from
     (lambda (file stat flag)
       (when (string-suffix? ".scm" file)
         (let* ((relative (substring file (string-length from)))
                (base (string-drop-right relative 4)))
           (when (string-prefix? "guix/" base)
             (compile-file file
                           #:output-file
                           (string-append "/tmp/library/compiled/" base ".go")))))
       #t))
EOF
    enter guile -L /tmp/library/guile -s /tmp/suite/compile.scm \
          >"$work/compile.log" 2>&1 || {
        echo "not ok - $part: compile the module"
        sed 's/^/#   /' "$work/compile.log"
        exit 1
    }
}

guile_ours () {
    enter GUIX_DOCKER_LIBRARY=/tmp/library/libguix_docker.so \
          GUILE_LOAD_COMPILED_PATH=/tmp/library/compiled \
          "$@"
}
