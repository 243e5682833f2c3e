# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# Sourced by the session: the patches for Guix in guile/upstream.  Each defect is
# there without its patch, and gone with it.
patches=$checkout/guile/upstream

# patched PATCH MODULE: make /session/PATCH with the patched MODULE in it.
patched () {
    mkdir -p "$root/session/$1/$(dirname "$2")" || return
    cp "$sid/usr/share/guile/site/3.0/$2" "$root/session/$1/$2" || return
    for dry_run in --dry-run ''; do
        # shellcheck disable=SC2086 # nothing, if it is empty
        patch $dry_run -p1 --no-backup-if-mismatch -d "$root/session/$1" \
            <"$(echo "$patches/$1"-*.patch)" >"$log/patch" 2>&1 || return
        cat "$log/patch"
        # In its very place.
        ! grep -E -q 'offset|fuzz' "$log/patch" || return
    done
}

# has_layers WANT ARCHIVE
has_layers () {
    have=$(python3 -B "$here/layers.py" "$2")
    echo "layers and history entries: $have"
    [ "$have" = "$1" ]
}

history_entries () {
    patched 0001 guix/docker.scm || return
    inside guile -s /checkout/tests/swap/build.scm \
        /session/as-is.tar.gz /etc/apt 4 || return
    inside guile -L /session/0001 -s /checkout/tests/swap/build.scm \
        /session/patched.tar.gz /etc/apt 4 || return
    has_layers '4 1' "$root/session/as-is.tar.gz" &&
        has_layers '4 4' "$root/session/patched.tar.gz"
}
check "upstream: a history entry for each layer" upstream-history history_entries

pack_options () {
    patched 0002 guix/scripts/pack.scm || return
    image=$(oci_service /session manifest) || return
    has_layers '1 1' "$root$image" || return
    image=$(oci_service /session/0002 manifest) || return
    has_layers '3 1' "$root$image"
}
check "upstream: #:max-layers in pack-options" upstream-layers pack_options
