# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# Sourced by tests/run and tests/prepare, for the suites that are their
# arguments.  Sets, for tests/sid-chroot:
#   GUIX_DOCKER_SID_PACKAGES   packages that one of them needs in the chroot: whoever
#                              asks for it first has all of them installed

GUIX_DOCKER_SID_PACKAGES=
for suite; do
    case $suite in
        daemon | swap) GUIX_DOCKER_SID_PACKAGES="$GUIX_DOCKER_SID_PACKAGES patchelf xz-utils zstd" ;;
        reference)
            GUIX_DOCKER_SID_PACKAGES="$GUIX_DOCKER_SID_PACKAGES bzip2 lzip tar xz-utils zstd" ;;
        engines)
            GUIX_DOCKER_SID_PACKAGES="$GUIX_DOCKER_SID_PACKAGES $(cat "${here:?}/engines/packages")" ;;
    esac
done
export GUIX_DOCKER_SID_PACKAGES
