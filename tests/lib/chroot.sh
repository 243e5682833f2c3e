# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# Sourced, after need.sh, by what makes a chroot that is kept for the next
# calls, in the directory that GUIX_DOCKER_TEST_CACHE names (default:
# ~/.cache/guix-docker-tests).  begin_chroot sets:
#   root    the chroot's file name
#   log     where making it is told of

# skip REASON...: exit with 77, saying why.
skip () { echo "$(basename "$0"): $*" >&2; exit 77; }

# bootstrap: make $root of $debian.  Packages are not written through to the disk:
# a chroot that is not complete is made anew.
bootstrap () {
    case $debian in
        /*) cp -a "$debian" "$root" && rm -f "$root/.complete" ;;
        *) debootstrap --variant=minbase "$debian" "$root" ;;
    esac
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
}

# begin_chroot NAME SUITE COMMAND...: make the chroot NAME of Debian's SUITE, or
# of a copy of the directory SUITE, unless it is there; COMMAND does what comes
# after debootstrap.  There is one maker at a time, until the end of the calling program, with descriptor 9.
begin_chroot () {
    cache=${GUIX_DOCKER_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/guix-docker-tests}
    root=$cache/$1
    log=$cache/$1.log
    debian=$2
    shift 2
    [ "$(id -u)" = 0 ] || skip "making a chroot takes root"
    need debootstrap debootstrap || skip "debootstrap is not installed"
    need flock util-linux || skip "flock is not installed"
    mkdir -p "$cache"
    exec 9>"$root.lock"
    flock 9
    [ ! -e "$root/.complete" ] || return 0
    rm -rf --one-file-system "$root"
    # In a shell of its own, where errors end it.
    set +e
    (set -e; bootstrap; "$@") >"$log" 2>&1 9>&-
    made=$?
    set -e
    [ "$made" = 0 ] || { tail -n 20 "$log" >&2; skip "see $log"; }
    touch "$root/.complete"
}
