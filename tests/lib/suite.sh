# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# Sourced by the suites' run scripts, which set `here`, their own directory, and
# needs_library=no if they do not test the library that is built.
# Sets:
#   top       the checkout
#   library   the shared library
#   work      a scratch directory, removed at the end unless a check failed
#   XDG_CACHE_HOME, in the environment: a cache directory in there, for the
#             record of layers
# and defines skip_suite, as_child and, as need.sh does, need.
set -eu
top=$(cd "$here/../.." && pwd)
# shellcheck source=need.sh
. "$top/tests/lib/need.sh"
suite=$(basename "$here")
library=${GUIX_DOCKER_LIBRARY:-$top/target/release/libguix_docker.so}

# What is tested is told by arguments from here on.
unset GUIX_DOCKER_LIBRARY GUIX_DOCKER_PROGRAM

skip_suite () {
    if [ "${CI-}" = true ]; then
        echo "not ok - $suite: $*"
        echo "0 passed, 1 failed, 0 skipped"
        exit 1
    fi
    echo "skip - $suite: $*"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}

[ "${needs_library-}" = no ] || [ -f "$library" ] || {
    echo "not ok - $suite: $library is missing, run 'cargo build --release'"
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
}
work=$(mktemp -d "${TMPDIR:-/tmp}/guix-docker-$suite.XXXXXX")
chmod 755 "$work"
# What is kept for the next run stays where it is.
GUIX_DOCKER_TEST_CACHE=${GUIX_DOCKER_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/guix-docker-tests}
XDG_CACHE_HOME=$work/cache
mkdir "$XDG_CACHE_HOME"
export GUIX_DOCKER_TEST_CACHE XDG_CACHE_HOME
child=
# The library may be built anew meanwhile: a copy, under the name that
# programs linked to it look for.
if [ "${needs_library-}" != no ]; then
    mkdir "$work/lib"
    cp "$library" "$work/lib/libguix_docker.so.0"
    ln -s libguix_docker.so.0 "$work/lib/libguix_docker.so"
fi

stop_suite () {
    [ -z "$child" ] || { kill "$child" 2>/dev/null; wait "$child" 2>/dev/null; } || true
    chmod -R u+rwX "$work" 2>/dev/null || true
    rm -rf --one-file-system "$work"
}
trap stop_suite EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM

# Run a command so that a signal ends it too.
as_child () {
    status=0
    "$@" &
    child=$!
    wait "$child" || status=$?
    child=
    return "$status"
}
