# SPDX-License-Identifier: GPL-3.0-or-later
"""Listings of root file systems: dictionaries from a name to what is there.

"file CONTENT", "link TARGET", "dir", "fifo", "char MAJOR:MINOR"; owners other
than root and modes other than 644 and 755 come after it in parentheses."""

import hashlib
import pathlib
import stat
import tarfile

# What engines put into a container themselves.
OWN = {".dockerenv", "dev", "etc", "proc", "sys", "run"}


def file_of(content):
    """A file in a listing."""
    if len(content) < 100:
        return "file " + content.decode("utf-8", "surrogateescape")
    return "file sha256:" + hashlib.sha256(content).hexdigest()[:16]


def with_owner(kind, mode, uid, gid):
    plain = 0o755 if kind == "dir" else 0o644
    more = [] if mode & 0o7777 == plain or kind.startswith("link ") else [f"mode {mode & 0o7777:o}"]
    more += [f"owner {uid}:{gid}"] if (uid, gid) != (0, 0) else []
    return f"{kind} ({', '.join(more)})" if more else kind


def of_archive(stream):
    """The files of an archive."""
    files = {}
    try:
        with tarfile.open(fileobj=stream, mode="r|", encoding="utf-8",
                          errors="surrogateescape") as archive:
            for member in archive:
                name = member.name.strip("/").removeprefix("./")
                if name.split("/")[0] in OWN or name in ("", "."):
                    continue
                if member.isfile():
                    kind = file_of(archive.extractfile(member).read())
                elif member.islnk():
                    files[name] = files.get(member.linkname.strip("/"), "hard link to nothing")
                    continue
                elif member.issym():
                    kind = f"link {member.linkname}"
                elif member.isdir():
                    kind = "dir"
                elif member.isfifo():
                    kind = "fifo"
                else:
                    kind = "char" if member.ischr() else "block"
                    kind = f"{kind} {member.devmajor}:{member.devminor}"
                files[name] = with_owner(kind, member.mode, member.uid, member.gid)
    except tarfile.TarError as error:
        files["(broken)"] = str(error)
    return files


def of_directory(root):
    """The same of a directory."""
    files = {}
    for path in sorted(pathlib.Path(root).rglob("*")):
        name = str(path.relative_to(root))
        info = path.lstat()
        if name.split("/")[0] in OWN:
            continue
        if stat.S_ISREG(info.st_mode):
            kind = file_of(path.read_bytes())
        elif stat.S_ISLNK(info.st_mode):
            kind = f"link {path.readlink()}"
        elif stat.S_ISDIR(info.st_mode):
            kind = "dir"
        elif stat.S_ISFIFO(info.st_mode):
            kind = "fifo"
        else:
            kind = "char" if stat.S_ISCHR(info.st_mode) else "block"
            kind = f"{kind} {info.st_rdev >> 8}:{info.st_rdev & 255}"
        files[name] = with_owner(kind, info.st_mode, info.st_uid, info.st_gid)
    return files
