# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# Sourced by whatever needs a program of this machine.  Defines need and
# install_packages.

# install_packages PACKAGE...: install Debian packages on this machine, as root.
# apt-get gives up where another one runs, so there is one at a time.
install_packages () {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return
    DEBIAN_FRONTEND=noninteractive sh -c '
        if command -v flock >/dev/null; then
            exec 8>/run/guix-docker-tests.lock && flock 8
        fi
        install () {
            apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "$@" 8>&-
        }
        install "$@" || { apt-get update 8>&- && install "$@"; }' sh "$@" >/dev/null 2>&1 </dev/null
}

# need COMMAND PACKAGE...: install the packages where the command is missing
# and that is possible; fails if it still is missing then.
need () {
    command -v "$1" >/dev/null && return
    need_command=$1
    shift
    install_packages "$@" || true
    command -v "$need_command" >/dev/null
}
