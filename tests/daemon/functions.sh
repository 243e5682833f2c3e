# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# Sourced by the sessions of this suite and of tests/swap: a guix-daemon, and
# what builds with it and compares images.  For namespaces of its own.  Needs:
#   sid    the chroot that ./chroot prints; it stays as it is: what is written
#          goes to $work
#   work   an empty directory but for log/ and session/
#   here   this directory
checkout=$(cd "$here/../.." && pwd)
log=$work/log
root=$work/session/root

ok () { echo "ok - $*"; }
not_ok () { echo "not ok - $*"; }

# check NAME LOG COMMAND...: one result, with the end of the log on failure.
check () {
    check_name=$1 check_log=$log/$2
    shift 2
    if "$@" >>"$check_log" 2>&1; then
        ok "$check_name"
    else
        not_ok "$check_name"
        tail -n 12 "$check_log" | cut -c 1-300 | sed 's/^/#   /'
        echo "#   see $check_log"
    fi
}

# inside COMMAND...: in the chroot, as a user of the daemon sees it.
inside () {
    chroot "$root" env -i PATH=/usr/bin:/usr/sbin:/bin:/sbin HOME=/root \
        LC_ALL=C.UTF-8 GUILE_AUTO_COMPILE=0 GUIX_DAEMON_SOCKET=/session/socket \
        LIBRARIES="${libraries:-}" TREES=/session/trees "$@"
}

die () { not_ok "$*"; exit 1; }

mount_root () {
    # The chroot becomes a mount point of its own, which the daemon's sandbox
    # needs.
    mkdir "$work/session/upper" "$work/session/workdir" "$root" || return
    layers=lowerdir=$sid,upperdir=$work/session/upper
    mount -t overlay -o "$layers,workdir=$work/session/workdir" \
        overlay "$root" || return
    mount -t proc proc "$root/proc" || return
    mount --rbind /dev "$root/dev" || return
    mkdir "$root/checkout" "$root/session" || return
    mount --bind -o ro "$checkout" "$root/checkout" || return
    mount -o remount,bind,ro "$root/checkout"
}

add_users () {
    inside groupadd --system guixbuild || return
    for n in 1 2 3 4 5 6 7 8; do
        inside useradd -g guixbuild -G guixbuild -d /var/empty \
            -s /usr/sbin/nologin "guixbuilder$n" || return
    done
    chroot "$root" chgrp guixbuild /gnu/store && chmod 1775 "$root/gnu/store"
}

# start_daemon TMPDIR ARGUMENT...
start_daemon () {
    daemon_tmpdir=$1
    shift
    rm -f "$root/session/socket"
    chroot "$root" env -i PATH=/usr/bin:/bin TMPDIR="$daemon_tmpdir" \
        guix-daemon --build-users-group=guixbuild --no-substitutes \
        --listen=/session/socket --max-jobs=4 "$@" >>"$log/daemon" 2>&1 &
    daemon=$!
    tries=0
    while [ $tries -lt 3000 ] && kill -0 "$daemon" 2>/dev/null; do
        [ -S "$root/session/socket" ] && return
        sleep 0.1
        tries=$((tries + 1))
    done
    die "guix-daemon does not start: see $log/daemon"
}

stop_daemon () {
    kill "$daemon"
    wait "$daemon" 2>/dev/null
    :
}

make_items () {
    inside /checkout/tests/daemon/debian-items libraries /session/libraries \
        || return
    libraries=$(inside guile -c '(use-modules (guix store))
(with-store store
  (display (add-to-store store "libraries" #t "sha256" "/session/libraries")))')
    [ -n "$libraries" ] || return
    inside /checkout/tests/daemon/debian-items programs /session/trees \
        "$libraries"
}

make_overlay () {
    cp "${GUIX_DOCKER_LIBRARY:-$checkout/target/release/libguix_docker.so}" \
        "$root/session/library.so" || return
    cp "${GUIX_DOCKER_PROGRAM:-$checkout/target/release/guix-docker}" \
        "$root/session/guix-docker" || return
    inside GUIX_DOCKER_LIBRARY=/session/library.so \
        /checkout/guile/make-overlay /session/overlay
}

# build VARIANT MODULES IMAGE...
build () {
    variant=$1
    shift
    mkdir "$root/session/$variant"
    inside guile -L /checkout/tests/daemon \
        /checkout/tests/daemon/build-images.scm "/session/$variant" "$@" \
        >"$log/$variant" 2>&1
}

# image VARIANT NAME: the image's file name out here.
image () {
    read -r found 2>/dev/null <"$root/session/$1/$2.image" || return
    echo "$root$found"
}

compare () { # REFERENCE OURS
    [ "$1" != "$2" ] || { echo "one and the same file"; return 1; }
    ZSTD="chroot $root zstd" python3 -B "$here/compare.py" "$1" "$2"
}

same_image () { # NAME
    reference=$1
    case $1 in
        # Guix's module cannot build these; compression apart, they are as
        # the one that is not compressed.
        layers-10-zstd|layers-10-xz) reference="layers-10-plain" ;;
    esac
    theirs=$(image reference "$reference") \
        || { echo "Guix's failed"; return 1; }
    ours=$(image ours "$1") \
        || { echo "ours failed"; return 1; }
    compare "$theirs" "$ours"
}

guix () {
    inside guile -L /checkout/tests/daemon \
        /checkout/tests/daemon/command.scm "$@"
}

# same_command ARGUMENT...: run 'guix' with these, without and with -L.
same_command () {
    theirs=$(guix "$@") || return
    subcommand=$1
    shift
    case $subcommand in
        system) subcommand="$subcommand $1"; shift ;;
    esac
    # shellcheck disable=SC2086 # two words
    ours=$(guix $subcommand -L /session/overlay "$@") || return
    compare "$root$theirs" "$root$ours"
}

ours_build () { # ARGUMENT...: what else 'guix build' is given
    # shellcheck disable=SC2046 # file names of the store
    inside guix build --max-jobs=4 "$@" $(cat "$root"/session/ours/*.drv)
}

ours_sums () {
    # shellcheck disable=SC2046
    inside sha256sum $(cat "$root"/session/ours/*.image)
}

# Build our images anew and compare them with what they were.  Without a
# sandbox the daemon cannot build what is there.
ours_anew () {
    ours_sums >"$log/sums" || return
    # shellcheck disable=SC2046
    inside guix gc --delete $(cat "$root"/session/ours/*.image) || return
    ours_build "$@" && ours_sums | diff "$log/sums" -
}

# small_tmpfs DIRECTORY: smaller than most images.
small_tmpfs () {
    mkdir -p "$root$1"
    mount -t tmpfs -o size=8m,mode=1777 tmpfs "$root$1"
}

store_items () {
    find "$root/gnu/store" -maxdepth 1 -not -name '*.lock' | sort
}

# What builds without sandbox left behind, their output and the daemon's own
# records aside.
traces () {
    find "$work/session/upper" -newer "$log/stamp" -not -type d \
         -not -path "$work/session/upper/gnu/store/*" \
         -not -path "$work/session/upper/var/guix/*" \
         -not -path "$work/session/upper/var/log/guix/*" \
         -not -path "$work/session/upper/session/*" >"$log/left"
    find "$root/tmp" "$root/small" -mindepth 1 >>"$log/left"
    store_items | diff "$log/items" - >>"$log/left"
    cat "$log/left"
    [ ! -s "$log/left" ]
}
