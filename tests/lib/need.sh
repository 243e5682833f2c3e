# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# Sourced by whatever needs a program of this machine.  Defines need.

# need COMMAND PACKAGE...: install the packages where the command is missing
# and that is possible; fails if it still is missing then.
need () {
    command -v "$1" >/dev/null && return
    need_command=$1
    shift
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        DEBIAN_FRONTEND=noninteractive sh -c \
            'apt-get install -y --no-install-recommends "$@" ||
             { apt-get update && apt-get install -y --no-install-recommends "$@"; }' \
            sh "$@" >/dev/null 2>&1 </dev/null || true
    fi
    command -v "$need_command" >/dev/null
}
