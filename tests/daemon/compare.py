#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare two Docker images that a daemon built: Guix's and ours.

usage: compare.py REFERENCE OURS

Says nothing and exits with 0 if OURS is, before compression, byte for byte
what REFERENCE is under this project's rules: directories in byte order, hard
links as files, the outer archive of an image of one layer without "./" and in
a fixed order, null for the null that Debian's guile-json cannot write.  The
history of a layered image is only counted: one entry a layer.

The variable ZSTD holds a command to uncompress zstd with (default: zstd).
"""

import gzip
import hashlib
import json
import lzma
import os
import shlex
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "reference"))
from archive import changed, checksum, pack, parse  # noqa: E402


def uncompressed(name):
    with open(name, "rb") as port:
        data = port.read()
    if data.startswith(b"\x1f\x8b"):
        return gzip.decompress(data)
    if data.startswith(b"\xfd7zXZ"):
        return lzma.decompress(data)
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        command = shlex.split(os.environ.get("ZSTD", "zstd"))
        return subprocess.run([*command, "-dc"], input=data, check=True,
                              stdout=subprocess.PIPE).stdout
    return data


def digest(layer):
    return hashlib.sha256(layer).hexdigest()


class Entry:
    """A file in a layer: its name and all its members, those of long names
    included."""

    def __init__(self, members):
        self.members = members
        self.name = members[-1].name
        self.target = members[-1].header[157:257].rstrip(b"\0")
        for member in members[:-1]:
            if member.header[156:157] == b"L":
                self.name = member.data.rstrip(b"\0")
            else:
                self.target = member.data.rstrip(b"\0")

    def is_hard_link(self):
        return self.members[-1].header[156:157] == b"1"

    def as_copy_of(self, target):
        """This hard link as the file it is a link to."""
        longs = [member for member in self.members[:-1]
                 if member.header[156:157] == b"L"]
        file = target.members[-1]
        header = self.members[-1].header[:100] + file.header[100:]
        header = header[:148] + checksum(header) + header[156:]
        return Entry([*longs, file._replace(header=header,
                                            name=self.members[-1].name)])


def entries(layer):
    result, members = [], []
    for member in parse(layer):
        members.append(member)
        if member.header[156:157] not in b"LK":
            result.append(Entry(members))
            members = []
    return result


def layer_of(all):
    return pack([member for entry in all for member in entry.members])


def with_copies(layer):
    """LAYER with a file for each hard link."""
    files = {entry.name: entry for entry in entries(layer)}
    return layer_of([entry.as_copy_of(files[entry.target])
                     if entry.is_hard_link() else entry
                     for entry in files.values()])


def sorted_layer(layer):
    """LAYER with each directory's entries in byte order.  Store items, which
    tar was given one by one, stay in the order given."""
    all = {entry.name.rstrip(b"/"): entry for entry in entries(layer)}
    children, items = {}, []
    for name in all:
        parent, _, base = name.rpartition(b"/")
        if parent == b"gnu/store":
            items.append(name)
        else:
            children.setdefault(parent, []).append(base)

    def walk(name):
        yield all[name]
        for base in sorted(children.get(name, ())):
            yield from walk(name + b"/" + base)

    roots = sorted(children.get(b"", ()))
    return layer_of([entry for name in roots + items for entry in walk(name)])


def with_null(member):
    if member.name.rpartition(b"/")[2] not in (b"json", b"config.json"):
        return member
    return changed(member, data=member.data.replace(
        b'"container_config":false', b'"container_config":null'))


def expected_single(members):
    """What ours must be for the reference's MEMBERS."""
    members = [changed(member, name=member.name[2:]) for member in members[1:]]
    (old,) = [member.data for member in members
              if member.name.endswith(b"/layer.tar")]
    new = sorted_layer(old)
    (id,) = [member.name[:-1] for member in members
             if member.name.endswith(b"/")]
    order = [id + b"/", id + b"/VERSION", id + b"/json", id + b"/layer.tar",
             b"config.json", b"manifest.json", b"repositories"]
    result = []
    for name in order:
        (member,) = [m for m in members if m.name == name]
        if member.data == old:
            member = changed(member, data=new)
        elif name == b"config.json":
            member = changed(member, data=member.data.replace(
                digest(old).encode(), digest(new).encode()))
        result.append(with_null(member))
    return result


def expected_layered(members):
    """What ours must be for the reference's MEMBERS, the history aside."""
    renamed = {}
    result = []
    for member in members:
        if member.name.endswith(b"/layer.tar"):
            new = sorted_layer(with_copies(member.data))
            renamed[digest(member.data).encode()] = digest(new).encode()
            member = changed(member, data=new)
        result.append(member)
    for old, new in renamed.items():
        result = [changed(member, name=member.name.replace(old, new),
                          data=member.data if member.name.endswith(b".tar")
                          else member.data.replace(old, new))
                  for member in result]
    return [with_null(member) for member in result]


def without_history(config):
    return [pair for pair in json.loads(config, object_pairs_hook=list)
            if pair[0] != "history"]


def problems(reference, ours):
    reference, image = parse(uncompressed(reference)), uncompressed(ours)
    ours = parse(image)
    if pack(ours) != image:
        return ["the archive is not as tar writes it"]
    if reference[0].name == b"./":
        want = expected_single(reference)
    else:
        want = expected_layered(reference)
    result = []
    names = [member.name for member in ours]
    if len(names) != len(want):
        return [f"members {names}",
                f"instead of {[member.name for member in want]}"]
    layers = [member for member in ours if member.name.endswith(b"/layer.tar")]
    for have, member in zip(ours, want):
        if have.name == b"config.json" and reference[0].name != b"./":
            history = json.loads(have.data)["history"]
            if len(history) != len(layers):
                result.append(f"{len(history)} history entries")
            if without_history(have.data) != without_history(member.data):
                result.append(f"{have.data} instead of {member.data}")
            member = changed(member, data=have.data)
        if have.name.endswith(b"/layer.tar"):
            result += layer_problems(have, member)
        elif have != member:
            result.append(f"{have} instead of {member}")
    return result


def layer_problems(have, member):
    if have == member:
        return []
    where = have.name.decode()
    ours, want = entries(have.data), entries(member.data)
    result = [f"{where}: {a.name} {a.members[-1].header[100:345]}\n"
              f"instead of {b.name} {b.members[-1].header[100:345]}"
              for a, b in zip(ours, want) if a.members != b.members]
    if len(ours) != len(want):
        result.append(f"{where}: {len(ours)} instead of {len(want)} members")
    return result[:4] or [f"{where} differs"]


if __name__ == "__main__":
    found = problems(sys.argv[1], sys.argv[2])
    for problem in found:
        print(problem)
    sys.exit(bool(found))
