# SPDX-License-Identifier: GPL-3.0-or-later
"""The archives as GNU tar, libarchive and Python's tarfile read them.

(Go's archive/tar reads them in most engines; the tar crate in the library's
own tests.)  A member is a tuple: name, type, mode, owner, group, size, time,
link target."""

import os
import re
import tarfile

import image
from place import sid
from report import report

TYPES = {tarfile.REGTYPE: "-", tarfile.DIRTYPE: "d", tarfile.SYMTYPE: "l"}


def by_python(file):
    with tarfile.open(file, "r:*") as archive:
        return [(member.name, TYPES.get(member.type, "?"), member.mode,
                 member.uname or str(member.uid), member.gname or str(member.gid),
                 member.size, int(member.mtime), member.linkname)
                for member in archive]


def unescape(text):
    """Undo the backslash escapes of GNU tar and of mtree."""
    plain = re.sub(rb"\\(\d{3}|.)", lambda match: bytes([int(match[1], 8)])
                   if match[1].isdigit() else match[1], text.encode())
    return plain.decode()


def mode_bits(letters):
    """The number that a mode like rwxr-xr-t stands for."""
    bits = sum(1 << (8 - place) for place, letter in enumerate(letters) if letter in "rwxst")
    return bits + 0o1000 * (letters[8] in "tT")


def by_gnu_tar(file):
    members = []
    for line in sid.run("tar", "--list", "--verbose", "--full-time",
                        "--quoting-style=escape", "-f", file).splitlines():
        mode, owners, size, date, time, name = re.split(" +", line, maxsplit=5)
        assert date == "1970-01-01", line
        hours, minutes, seconds = map(int, time.split(":"))
        name, _, target = name.partition(" -> ")
        members.append((unescape(name).rstrip("/"), mode[0], mode_bits(mode[1:]),
                        *owners.split("/"), int(size),
                        hours * 3600 + minutes * 60 + seconds, unescape(target)))
    return members


def by_libarchive(file):
    """What bsdtar makes of FILE, in the archive's order."""
    mtree = sid.run("bsdtar", "-cf", "-", "--format=mtree", "--options=mtree:all",
                    f"@{file}")
    types = {"file": "-", "dir": "d", "link": "l"}
    members = {}
    for line in mtree.splitlines():
        if line.startswith("#"):
            continue
        name, *words = line.split(" ")
        word = dict(each.split("=", 1) for each in words if "=" in each)
        name = unescape(name).removeprefix("./")
        members[name] = (name, types[word["type"]], int(word["mode"], 8),
                         word.get("uname", word["uid"]), word.get("gname", word["gid"]),
                         int(word.get("size", 0)), int(float(word["time"])),
                         unescape(word.get("link", "")))
    names = [name.rstrip("/") for name in sid.run("bsdtar", "-tf", file).splitlines()]
    assert len(names) == len(members), f"{len(names)} names, {len(members)} members"
    return [members[name] for name in names]


def differences(expected, actual):
    lines = [f"only in Python's list: {member}" for member in expected if member not in actual]
    lines += [f"not in Python's list: {member}" for member in actual if member not in expected]
    return "\n".join(lines) or "the order differs"


def compare(name, files):
    """Compare the lists of members of all FILES."""
    expected = [by_python(file) for file in files]
    report.check(f"{name}: Python's tarfile lists members", all(expected))
    for reader, read in (("GNU tar", by_gnu_tar), ("libarchive", by_libarchive)):
        actual = [read(file) for file in files]
        report.check(f"{name}: {reader} and Python's tarfile list the same members",
                     actual == expected,
                     "\n".join(differences(*pair) for pair in zip(expected, actual)
                               if pair[0] != pair[1]))
    return expected


def check(images):
    for form in ("single", "layered"):
        plain = images[form, "none"]
        outer, = compare(f"{form}: outer archive", [plain.file])
        layers = []
        with tarfile.open(plain.file) as archive:
            for number, member in enumerate(each for each in archive
                                            if each.name.endswith("/layer.tar")):
                layers.append(f"{plain.file}-layer-{number}")
                with open(layers[-1], "wb") as file:
                    file.write(archive.extractfile(member).read())
        compare(f"{form}: {len(layers)} layers", layers)
        for layer in layers:
            os.unlink(layer)
        for compression in image.COMPRESSIONS[form]:
            if compression == "none":
                continue
            file = images[form, compression].file
            readers = [("GNU tar", by_gnu_tar), ("libarchive", by_libarchive)]
            if compression != "zstd":       # Python reads it since 3.14
                readers.append(("Python's tarfile", by_python))
            for reader, read in readers:
                report.equal(f"{form} {compression}: {reader} lists the same members",
                             read(file), outer)


def check_reports(images):
    """Compare what was reported of each image with what the archive holds."""
    for each in images.values():
        report.equal(f"{each.name} {each.compression}: size as reported",
                     os.stat(each.file).st_size, each.size)
        if each.compression == "none":
            image_id, diff_ids, config = image.read(each.file)
            report.equal(f"{each.name}: the archive's ID is the one reported",
                         image_id, each.id)
            report.equal(f"{each.name}: the layers' hashes are the diff IDs reported",
                         diff_ids, each.diff_ids)
            report.equal(f"{each.name}: the config lists the diff IDs reported",
                         config["rootfs"]["diff_ids"], each.diff_ids)
        else:
            plain = images[each.form, "none"]
            report.equal(f"{each.name} {each.compression}: same IDs as uncompressed",
                         (each.id, each.diff_ids), (plain.id, plain.diff_ids))
