# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# Sourced by run and grow, after suite.sh: programs made of client.c that were
# compiled with one version of the header and run with another of the library.

# make_input DIRECTORY: make what client.c makes images of.
make_input () {
    mkdir -p "$1/root/etc"
    echo root >"$1/root/etc/name"
    echo database >"$1/database"
    for item in a b c; do
        mkdir "$1/$item"
        echo "$item" >"$1/$item/file"
    done
    # The order of the layers is by size.
    head -c 100000 /dev/zero >"$1/b/more"
    head -c 200000 /dev/zero >"$1/c/more"
}

# compile_client INCLUDE PROGRAM [FLAG...]: compile PROGRAM with the header in
# the directory INCLUDE.
compile_client () {
    include=$1
    program=$2
    shift 2
    gcc -std=c99 -pedantic -Wall -Wextra -Werror "$@" "-I$include" \
        "${here:?}/client.c" -o "$program" "-L${work:?}/lib" -lguix_docker
}

# run_client PROGRAM LIBRARY DIRECTORY [STRUCTURE]: run PROGRAM with the library
# in the directory LIBRARY; images and output go to the new DIRECTORY.
run_client () {
    program=$1
    libraries=$2
    directory=$3
    shift 3
    mkdir "$directory" || return 1
    (cd "$directory" &&
         LD_LIBRARY_PATH=$libraries "$program" "$work/input" "$@" >output 2>&1) || {
        cat "$directory/output"
        return 1
    }
}
