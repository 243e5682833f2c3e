#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what is wrong with the inputs of the package.

usage: package.py INPUTS CHECKOUT ROOT

INPUTS is what package-inputs.scm printed; its store items are below ROOT.
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from crates import locked_crates  # noqa: E402


def problems(inputs, checkout, root):
    lines = [line.split() for line in inputs]
    crates = {(name, checksum, "/".join(url.split("/")[-4:])) for kind, name, checksum, url
              in (line for line in lines if line[0] == "crate")}
    wanted = {(f"rust-{name.replace('_', '-')}-{version}.tar.gz", checksum,
               f'crates/{name}/{version}/download"')
              for name, version, checksum in locked_crates(checkout)}
    for crate in sorted(crates - wanted):
        yield f"not in Cargo.lock: {crate}"
    for crate in sorted(wanted - crates):
        yield f"not an input: {crate}"
    others = [name for kind, name in (line for line in lines if line[0] == "input")]
    for tool in r"rust-1\.\d+", r"guile-3\.0", r"gcc-\d+":
        if not any(re.match(tool, name) for name in others):
            yield f"no input {tool} in {others}"
    sources = [name for kind, name in (line for line in lines if line[0] == "source")]
    if len(sources) != 1:
        yield f"sources {sources}"
    else:
        yield from source_problems(root + sources[0], checkout)


def source_problems(source, checkout):
    have = {os.path.relpath(os.path.join(where, name), source)
            for where, _, names in os.walk(source) for name in names}
    for name in "Cargo.toml", "Cargo.lock", "src/lib.rs", "guile/install-extension":
        if name not in have:
            yield f"the source has no {name}"
    result = subprocess.run(["git", "-C", checkout, "ls-files", "-z"], check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    # Elsewhere all files are taken, but for what cargo has built.
    tracked = {name for name in result.stdout.decode().split("\0") if name}
    extra = (have - tracked if tracked and os.path.isdir(os.path.join(checkout, ".git"))
             else {name for name in have if name.startswith(("target/", ".git/"))})
    if extra:
        yield f"the source has {sorted(extra)[:5]}"


def main(inputs, checkout, root):
    with open(inputs, encoding="utf-8") as port:
        found = list(problems(port, checkout, root))
    print("\n".join(found))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
