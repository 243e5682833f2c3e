# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are missing, cannot be read, or change while they are read."""

import os
import shutil

from checks import check
from scene import UNPRIVILEGED

# More than a pipe and the library's own buffers hold: what comes after it has
# not been read when the compressor starts.
AHEAD = 4 << 20

# So much that reading it takes many times as long as it takes to be told of
# progress and to act on that; sparse, so that it takes no space.
LONG_AHEAD = 1 << 28

CHANGES = {
    "grows": 'echo more >>"$V"',
    "shrinks": 'truncate -s 1000 "$V"',
    "is emptied": ': >"$V"',
    "has other bytes": 'printf x | dd of="$V" conv=notrunc status=none',
    "has another time": 'touch -d 2001-01-01 "$V"',
    "vanishes": 'rm "$V"',
    "becomes a FIFO": 'rm "$V" && mkfifo "$V"',
    "becomes a directory": 'rm "$V" && mkdir "$V"',
    "becomes a link": 'mv "$V" "$V.new" && ln -s "$V.new" "$V"',
    "becomes unreadable by its directory's vanishing": 'rm -r "${V%/*}"',
}

# What the store's deduplication does, and what file systems look like whose
# inode numbers do not last: the same file by all that counts.
REPLACEMENTS = {
    "is replaced by an equal one": 'cp -p "$V" "$V.new" && mv "$V.new" "$V"',
    "is replaced by a link to an equal one":
        'cp -p "$V" "$V.other" && ln "$V.other" "$V.new" && mv "$V.new" "$V"',
    "gets another link": 'ln "$V" "${V%/*}/../../other-link"',
}


def check_all(scene):
    check_missing(scene)
    check_unreadable(scene)
    check_changes(scene)


def check_missing(scene):
    small = scene.small
    missing = scene.input / "missing"
    for threads in (1, 2):
        scene.failure(f"a path that does not exist, {threads} threads", "path", small,
                      "path", missing, "threads", threads, status="INPUT", says=[missing])
    scene.failure("a path in a directory that does not exist", "path", missing / "below" / "it",
                  status="INPUT", says=[missing / "below" / "it"])
    scene.failure("a path below a file", "path", small / "file" / "x", status="INPUT",
                  says=[small / "file" / "x"])
    scene.failure("a path that does not exist, layered", "path", missing, "max-layers", 5,
                  status="INPUT", says=[missing])
    scene.failure("a database that does not exist", "path", small, "database", missing,
                  status="INPUT", says=[missing])
    scene.failure("a database that is a directory", "path", small, "database", small,
                  status="INPUT", says=["database", small])
    scene.failure("a root system that does not exist", "path", small, "root-system", missing,
                  status="INPUT", says=[missing])
    scene.failure("a root system that is a file", "path", small, "root-system", small / "file",
                  status=["INPUT", "INVALID_ARGUMENT"], says=[small / "file"])
    loop = scene.input / "loop"
    loop.symlink_to("loop")
    scene.success("a path that is a link to itself is stored as such", "path", loop)
    scene.failure("a path through a link to itself", "path", loop / "x", status="INPUT",
                  says=[loop])
    loop.unlink()


def check_unreadable(scene):
    secret = scene.make_input("secret", {"file": b"secret\n", "other": b"open\n"})
    below = secret / "below"
    below.mkdir()

    def unreadable(name, path, mode, *words):
        old = path.stat().st_mode
        path.chmod(mode)
        try:
            scene.failure(name, "path", secret, *words, before=UNPRIVILEGED,
                          status="INPUT", says=[path, "Permission denied"])
        finally:
            path.chmod(old)

    for how, words in {"uncompressed": [], "gzip": ["compressor", "gzip", ";"],
                       "a filter": ["compressor", "cat", ";"],
                       "layered": ["max-layers", 2]}.items():
        unreadable(f"a file that may not be read, {how}", secret / "file", 0o200, *words)
    unreadable("a directory that may not be listed", below, 0o300)
    unreadable("a directory that may not be searched", secret, 0o600)
    unreadable("a database that may not be read", secret / "file", 0, "database", secret / "file")
    shutil.rmtree(secret)


def check_changes(scene):
    # The compressor starts when all has been listed: the change it makes comes
    # before the victim is read.
    for change, command in CHANGES.items():
        victim = prepare(scene, AHEAD)
        scene.failure(f"a file {change}, through a filter", "path", scene.input / "changing",
                      "compressor", "sh", "-c", f'V={victim}; {command}; exec cat', ";",
                      status="INPUT_CHANGED", says=[victim], change=True, old=[True])
        remove(scene)
    for change, command in REPLACEMENTS.items():
        victim = prepare(scene, AHEAD)
        scene.success(f"a file {change}", "path", scene.input / "changing",
                      "compressor", "sh", "-c", f'V={victim}; {command}; exec cat', ";")
        victim = scene.input / "changing" / "a"
        scene.success(f"a file {change} when half of it was read",
                      "path", scene.input / "changing",
                      "compressor", "sh", "-c",
                      f'dd bs=100000 count=10 iflag=fullblock of=/dev/null status=none; '
                      f'V={victim}; {command.replace("/../../", "/../")}; exec cat', ";")
        remove(scene)
        (scene.input / "other-link").unlink(missing_ok=True)
    empty(scene)
    half_read(scene)
    for how, words in {"uncompressed, 1 thread": ["threads", 1],
                       "uncompressed, 2 threads": ["threads", 2],
                       "gzip": ["compressor", "gzip", "-1", ";", "threads", 2]}.items():
        for change in ("grows", "has other bytes", "vanishes", "becomes a FIFO"):
            during(scene, how, words, change)


def prepare(scene, ahead):
    """Make the victim of a change, in an order of reading after other files."""
    directory = scene.make_input("changing", {})
    with open(directory / "a", "wb") as file:
        file.truncate(ahead)
    (directory / "b").mkdir()
    victim = directory / "b" / "victim"
    victim.write_bytes(os.urandom(100_000))
    os.utime(victim, (10 ** 9, 10 ** 9))
    return victim


def remove(scene):
    shutil.rmtree(scene.input / "changing")


def empty(scene):
    """A file that was empty when it was found."""
    prepare(scene, AHEAD)
    victim = scene.input / "changing" / "b" / "empty"
    victim.touch()
    scene.failure("an empty file grows", "path", scene.input / "changing",
                  "compressor", "sh", "-c", f'echo more >>{victim}; exec cat', ";",
                  status="INPUT_CHANGED", says=[victim], change=True, old=[True])
    remove(scene)


def half_read(scene):
    """A change of what has been read in part."""
    for change, command in {"grows": 'echo more >>"$V"',
                            "shrinks": 'truncate -s 3000000 "$V"',
                            "has other bytes": 'printf x | dd of="$V" conv=notrunc status=none',
                            }.items():
        prepare(scene, AHEAD)
        victim = scene.input / "changing" / "a"
        scene.failure(f"a file {change} when half of it was read",
                      "path", scene.input / "changing",
                      "compressor", "sh", "-c",
                      f'dd bs=100000 count=10 iflag=fullblock of=/dev/null status=none; '
                      f'V={victim}; {command}; exec cat', ";",
                      status="INPUT_CHANGED", says=[victim], change=True, old=[True])
        remove(scene)


def during(scene, how, words, change):
    """A change on the first news of progress."""
    victim = prepare(scene, LONG_AHEAD)
    name = f"a file {change}, {how}"
    scene.failure(name, "path", scene.input / "changing", *words, "at", 1,
                  "run", f"V={victim}; {CHANGES[change]}", status="INPUT_CHANGED",
                  says=[victim], change=True, old=[True])
    acted = scene.last.fields.get("acted", "").split()
    if not acted or int(acted[0]) >= LONG_AHEAD:
        check(f"{name}: the change came in time", False, scene.last.text)
    remove(scene)
