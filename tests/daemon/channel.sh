# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# Sourced by the session: the channel in guile/channel, that is the package, the
# command 'guix docker build' and images as objects.  Packages are stand-ins, but
# for those that are only made derivations of.
channel=/checkout/guile/channel
extensions=$channel/guix/extensions
docker_library=/session/library.so

# guix_docker ARGUMENT...: run 'guix docker build' of $extensions, with
# $docker_library if that is not empty.
guix_docker () {
    inside GUIX_EXTENSIONS_PATH="$extensions" \
        GUIX_DOCKER_LIBRARY="$docker_library" \
        guile -L /checkout/tests/daemon \
        /checkout/tests/daemon/command.scm docker build -v 0 "$@"
}

# What the package 'bash' and another one make, in layers, in all the ways.
as_pack () {
    set -- -e '(@ (gnu packages bash) bash)' \
        -e '(@ (gnu packages bash) bash-minimal)' \
        -S /bin=bin --entry-point=bin/bash -A -c --image-tag=shell \
        --localstatedir --max-layers=3
    pack=$(guix pack -L /session/overlay -f docker "$@") || return
    docker=$(guix_docker "$@") || return
    echo "$docker" >"$log/docker"
    [ "$pack" != "$docker" ] && cmp "$root$pack" "$root$docker"
}
check "guix docker build: the image of guix pack -L" docker-build as_pack

# Objects give the very derivation, so nothing is built here.
same_object () {
    object=$(inside GUIX_DOCKER_LIBRARY=/session/library.so \
        guile -L /checkout/tests/daemon /checkout/tests/daemon/command.scm \
        build -v 0 -L "$channel" -f /checkout/tests/daemon/image.scm) || return
    echo "$object"
    [ "$object" = "$(cat "$log/docker")" ]
}
check "guix build -f of a container-image: the same" docker-object same_object

# oci_service DIRECTORY VALUE
oci_service () {
    inside GUIX_DOCKER_LIBRARY=/session/library.so guile -L "$1" \
        -L /checkout/tests/daemon /checkout/tests/daemon/oci-service.scm "$2" \
        2>>"$log/oci-service.out"
}

same_in_service () {
    served=$(oci_service "$channel" /checkout/tests/daemon/image.scm) || return
    echo "$served"
    [ "$served" = "$(cat "$log/docker")" ]
}
check "a container-image as the value of an oci-image: the same" \
    docker-service same_in_service

check "container-images: said in other words, and refused" docker-objects \
    inside guile -L "$channel" -L /checkout/tests/daemon \
    /checkout/tests/daemon/objects.scm /session/library.so

all_options () {
    image=$(guix_docker -m /checkout/tests/daemon/manifest.scm \
        -f oci-archive -C zstd --max-layers=5 --layering=references \
        --name=local.example:5000/team/shell:1 --name=other:auto \
        --entry-point=bin/bash --cmd=-c --cmd='echo hi' --user=1000:100 \
        --env=PATH=/given --env=WORD='two words' --label=a=b --label=c=d=e \
        --working-directory=/tmp --expose=80/tcp --volume=/data \
        --stop-signal=SIGINT --author=nobody --annotation=x=y \
        --health-check='{"Test":["CMD","true"]}' --config='{"x":1}' \
        --variant=v2 --ownership=/tmp=7:8 --parent-directories --config-keys=spec \
        --history=none --root=/session/all-options) || return
    [ "$(inside readlink /session/all-options)" = "$image" ] || return
    ZSTD="chroot $root zstd" \
        python3 -B "$here/options.py" "$root$image" "$(basename "$image")"
}
check "guix docker build: all options are in the image" docker-options all_options

upon_base () {
    image=$(guix_docker -e '(@ (gnu packages bash) bash)' -f oci \
        --base=/session/all-options --env=MORE=1) || return
    [ -e "$root$image/oci-layout" ] &&
        grep -r -q '"echo hi"' "$root$image/blobs" &&
        grep -r -q '"MORE=1"' "$root$image/blobs"
}
check "guix docker build: a layout upon that image" docker-base upon_base

dry_run () {
    set -- -e '(@ (gnu packages bash) bash)' --label=dry=run
    drv=$(guix_docker -d "$@") || return
    guix_docker -v 1 -n "$@" >"$log/dry-run.out" 2>&1 || return
    grep -q "^ *$drv\$" "$log/dry-run.out" || return
    output=$(sed -n '1s/^Derive(\[("out","\([^"]*\)".*/\1/p' "$root$drv")
    echo "$output"
    [ "$output" ] && [ ! -e "$root$output" ]
}
check "guix docker build --dry-run: tells, and builds nothing" docker-dry-run dry_run

check "guix docker build: what is refused, and why" docker-refused \
    inside guile -L /checkout/tests/daemon /checkout/tests/daemon/refused.scm \
    "$extensions"

# As the package has it, with the library, in a store item and out of it.
installed () {
    mkdir -p "$root/session/prefix/lib" || return
    inside PREFIX=/session/prefix /checkout/guile/install-extension || return
    cp "$root/session/library.so" \
        "$root/session/prefix/lib/libguix_docker.so.0" || return
    cp -R "$checkout/guile/guix" \
        "$root/session/prefix/share/guile/site/3.0/" || return
    item=$(inside guile -c '(use-modules (guix store))
(with-store store
  (display (add-to-store store "guix-docker-0" #t "sha256" "/session/prefix")))')
    set -- -e '(@ (gnu packages bash) bash)' --max-layers=2 -C none
    checkout_image=$(guix_docker "$@") || return
    docker_library=
    extensions=$item/share/guix/extensions
    item_image=$(guix_docker "$@") || return
    extensions=/session/prefix/share/guix/extensions
    prefix_image=$(guix_docker "$@") || return
    echo "$checkout_image $item_image $prefix_image"
    # The build sees that item; what is elsewhere becomes one, as a checkout does.
    [ "$item_image" != "$checkout_image" ] &&
        cmp "$root$item_image" "$root$checkout_image" &&
        [ "$prefix_image" = "$checkout_image" ]
}
check "guix docker build: installed, with the library there" docker-installed \
    installed

# The package, with Guix's own packages.  Nothing of it is built.
package_derivation () { # ARGUMENT...
    inside guix build -d --no-grafts "$@"
}

package_inputs () {
    drv=$(package_derivation -f /checkout/guix.scm) || return
    echo "$drv" >"$log/package.drv"
    inside guile -s /checkout/tests/daemon/package-inputs.scm "$drv" \
        >"$log/package.inputs" || return
    python3 -B "$here/package.py" "$log/package.inputs" "$checkout" "$root"
}
check "the package: its derivation has the source, and all crates of Cargo.lock" \
    package package_inputs

by_default () {
    inside GUIX_EXTENSIONS_PATH="$channel/guix/extensions" \
        guix docker build -d --no-grafts -e '(@ (gnu packages base) hello)' \
        >"$log/default.drv" || return
    inside guix gc --references "$(cat "$log/default.drv")" >"$log/default.inputs" ||
        return
    grep -q -F -x "$(cat "$log/package.drv")" "$log/default.inputs"
}
check "guix docker build: without a library, that package is an input" \
    docker-default by_default

# What 'guix pull' makes of a channel is on the load path afterwards.
pulled () {
    source=$(sed -n 's/^source //p' "$log/package.inputs")
    inside guile -s /checkout/tests/daemon/pull.scm "$source" /session/pulled \
        >"$log/pull.out" 2>&1 || { cat "$log/pull.out"; return 1; }
    cat "$log/pull.out"
    ! grep -qi 'unbound\|warning' "$log/pull.out" || return
    drv=$(package_derivation -L /session/pulled/share/guile/site/3.0 guix-docker) ||
        return
    [ "$drv" = "$(cat "$log/package.drv")" ]
}
check "the channel compiles, and has that package under its name" pulled pulled

renewed () {
    inside /checkout/guile/renew-crates /session/crates.scm &&
        diff "$root/session/crates.scm" \
            "$checkout/guile/channel/guix-docker/crates.scm"
}
check "guile/renew-crates: nothing to renew" renew-crates renewed
