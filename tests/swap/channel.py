# SPDX-License-Identifier: GPL-3.0-or-later
"""The channel in guile/channel, as far as it can be tried without Guix.

usage: channel.py WORK TOP LIBRARY

WORK is an empty directory.
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from checks import check  # noqa: E402
from crates import locked_crates  # noqa: E402
from project import Project, read, snapshot  # noqa: E402

CHANNEL = "guile/channel"
RENEW = "run guile/renew-crates where there is Guix"
ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz"


def nix_base32(checksum):
    """Return CHECKSUM, in base 16, as Guix writes it: five bits a character,
    the last ones first."""
    number = int.from_bytes(bytes.fromhex(checksum), "little")
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(52)))


def check_crates(top):
    text = read(os.path.join(top, CHANNEL, "guix-docker", "crates.scm")).decode()
    have = re.findall(
        r'^\(define (\S+)\s+\(crate-source "([^"]*)" "([^"]*)"\s+"([^"]*)"\)\)$',
        text, re.MULTILINE)
    want = [(f"rust-{name.replace('_', '-')}-{version}", name, version, nix_base32(checksum))
            for name, version, checksum in locked_crates(top)]
    check("channel: crates.scm has the crates of Cargo.lock, with their hashes",
          len(want) > 50 and sorted(have) == sorted(want),
          f"{RENEW}\n" + "\n".join(map(str, sorted(set(have) ^ set(want)))))
    ((_, inputs),) = re.findall(
        r"\(define-cargo-inputs lookup-cargo-inputs\s+\((\S+) =>\s+\(list ([^)]*)\)\)\)", text)
    check("channel: they are what the package is built of",
          inputs.split() == [name for name, *_ in want], RENEW)


def version_of(text, pattern):
    return re.search(pattern, text.decode(), re.MULTILINE).group(1)


def check_package(top):
    ours = version_of(read(os.path.join(top, CHANNEL, "guix-docker", "packages.scm")),
                      r'^ +\(version "(.*)"\)$')
    cargo = version_of(read(os.path.join(top, "Cargo.toml")), r'^version = "(.*)"$')
    check("channel: the package has the version of Cargo.toml", ours == cargo,
          f"{ours} and {cargo}")
    channel = read(os.path.join(top, ".guix-channel")).decode()
    check("channel: .guix-channel names the directory",
          f'(directory "{CHANNEL}")' in channel, channel)


def check_installing(project, work):
    destination = os.path.join(work, "destination")
    result = project.run("install-extension",
                         variables={"PREFIX": "/opt/a b", "DESTDIR": destination})
    files = {name: content for name, (_, content) in snapshot(destination).items()
             if content is not None}
    share = "opt/a b/share"
    check("channel: the command is installed below DESTDIR and PREFIX",
          result.status == 0
          and files == {
              f"{share}/guix/extensions/docker.scm":
              project.read(CHANNEL, "guix/extensions/docker.scm"),
              f"{share}/guile/site/3.0/guix-docker/builder.scm":
              project.read(CHANNEL, "guix-docker/builder.scm"),
              f"{share}/guile/site/3.0/guix-docker/images.scm":
              project.read(CHANNEL, "guix-docker/images.scm")},
          f"{result}{sorted(files)}")


def main(work, top, library):
    check_crates(top)
    check_package(top)
    check_installing(Project(os.path.join(work, "project"), top, library), work)


main(*sys.argv[1:])
