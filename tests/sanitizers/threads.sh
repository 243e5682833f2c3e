# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154 # the variables are those of run
# Sourced by run, whose functions it uses.  Defines check_by_thread_sanitizer:
# in a chroot with the source of Rust's standard library, that and all of the
# library, with the C code in it, are compiled for ThreadSanitizer, whose runtime
# is gcc's, and builds are made on several threads at once.  Builds that start
# commands are left out, see kinds.h.

# inside COMMAND...: run a command in the chroot, in the project.
inside () { "$top/tests/targets/enter" "$root" "$project" "$@"; }

# in_directory COMMAND...: the same, in an empty directory, for half an hour at
# most.
in_directory () {
    rm -rf "$project/run"
    mkdir "$project/run"
    inside env --chdir=run timeout 1800 "$@"
}

# copy_sources: fill $project with all that is compiled, as the chroot has no
# network.
copy_sources () {
    mkdir -p "$project/.cargo" &&
    cp -R "$top/Cargo.lock" "$top/build.rs" "$top/cbindgen.toml" "$top/src" \
       "$top/include" "$top/tests" "$project" &&
    # Benchmarks are not compiled, nor is what they use.
    sed '/^criterion/d; /^\[\[bench\]\]/,/^$/d' "$top/Cargo.toml" >"$project/Cargo.toml" &&
    # The standard library's manifest is read as by the compiler it belongs to;
    # a copy, as what comes with the chroot is not written to.
    cp -R "$root/usr/lib/rustlib/src/rust/library" "$work/standard" &&
    env RUSTC_BOOTSTRAP=1 cargo vendor --quiet --versioned-dirs \
        --manifest-path "$project/Cargo.toml" \
        --sync "$work/standard/sysroot/Cargo.toml" "$project/vendor" &&
    printf '[source.%s]\n%s\n' crates-io 'replace-with = "vendored"' \
           vendored 'directory = "vendor"' >"$project/.cargo/config.toml"
}

# build_for_threads: compile the library, as that of $project/lib.
build_for_threads () {
    # Of this target alone the flags are told: what runs at compile time has none.
    inside env RUSTC_BOOTSTRAP=1 "RUSTFLAGS=-Zsanitizer=thread -Cdebuginfo=1" \
           "CFLAGS_$(echo "$triple" | tr - _)=-fsanitize=thread -g1" \
           CARGO_PROFILE_DEV_OPT_LEVEL=1 \
           cargo build --quiet --lib --locked -Zbuild-std --target "$triple" &&
    mkdir "$project/lib" &&
    cp "$built/libguix_docker.so" "$project/lib/libguix_docker.so.0" &&
    ln -s libguix_docker.so.0 "$project/lib/libguix_docker.so"
}

# are_for_threads ARCHIVE...: whether the code in each of them tells
# ThreadSanitizer of its accesses.
are_for_threads () {
    for archive; do
        # What is not code in there is complained of.
        nm "$archive" 2>/dev/null >"$work/symbols" || true
        grep -q ' U __tsan_read' "$work/symbols" ||
            { echo "not compiled for ThreadSanitizer: $archive"; return 1; }
    done
}

check_by_thread_sanitizer () {
    if ! command -v unshare >/dev/null || ! unshare --mount true 2>/dev/null; then
        skip_threads "mount namespaces are not allowed here"
        return
    fi
    root=$("$here/chroot" 2>"$log") || { skip_threads "$(tail -n 1 "$log")"; return; }
    project=$work/threads
    status=0
    copy_sources >"$log" 2>&1 || status=$?
    verdict "sources of the standard library and of dependencies" "$status"
    [ "$status" = 0 ] || return 0
    triple=$(inside rustc -vV | sed -n 's/^host: //p')
    built=$project/target/$triple/debug
    status=0
    as_child build_for_threads >"$log" 2>&1 || status=$?
    verdict "the library is compiled for ThreadSanitizer" "$status"
    [ "$status" = 0 ] || return 0
    status=0
    are_for_threads "$built"/deps/libstd-*.rlib "$built"/build/*/out/lib/libdeflate.a \
                    "$built"/build/*/out/libzstd.a >"$log" || status=$?
    verdict "so are the standard library and the C code" "$status"

    for program in builds together; do
        inside gcc -std=gnu11 -g -Wall -Wextra -Werror -fsanitize=thread \
               "-DVERSION=\"$version\"" -Iinclude "tests/sanitizers/$program.c" \
               -o "$program" -Llib -Wl,-rpath,/mnt/lib -lguix_docker -pthread
    done
    sees "ThreadSanitizer sees a race" "ThreadSanitizer: data race" \
         in_directory /mnt/together race
    run "ThreadSanitizer, builds of all kinds" in_directory /mnt/builds
    run "ThreadSanitizer, builds at once" in_directory /mnt/together 40
}

# skip_threads REASON: where everything has to be tested, that is a failure.
skip_threads () {
    if [ "${CI-}" = true ]; then
        say "not ok - ThreadSanitizer: $1"
    else
        say "skip - ThreadSanitizer: $1"
    fi
}
