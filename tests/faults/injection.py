# SPDX-License-Identifier: GPL-3.0-or-later
"""System calls that fail as they seldom do, by strace's fault injection."""

import os
import shutil
import subprocess

from checks import check, skip

# The name, the calls and how they fail, words for the driver, and what must
# become of it.  The loader makes some of these calls too, so that reads are
# told apart by their file.
FAULTS = [
    ("reading a file", "pread64", "EIO", "1", [], "INPUT", ["Input/output error", "file"]),
    ("reading a file, gzip", "pread64", "EIO", "1", ["compressor", "gzip", ";"], "INPUT",
     ["Input/output error", "file"]),
    ("reading a file, filter", "pread64", "EIO", "1", ["compressor", "cat", ";"], "INPUT",
     ["Input/output error", "file"]),
    ("reserving room", "fallocate", "ENOSPC", "1", [], "NO_SPACE",
     ["No space left on device", "make room"]),
    ("writing the image", "pwrite64", "EIO", "1+", [], "OUTPUT",
     ["writing the image", "Input/output error"]),
    ("writing the image, no space", "pwrite64", "ENOSPC", "2+", [], "NO_SPACE",
     ["No space left on device", "make room"]),
    ("writing the image, over quota", "pwrite64", "EDQUOT", "1+", [], "NO_SPACE", ["quota"]),
    ("writing the image, gzip", "pwrite64", "EIO", "1+", ["compressor", "gzip", ";"],
     "OUTPUT", ["writing the image", "Input/output error"]),
    ("naming the image", "linkat", "EIO", "1+", [], "OUTPUT",
     ["image", "image.tar", "Input/output error"]),
    ("naming the image, no space", "linkat", "ENOSPC", "1+", [], "NO_SPACE",
     ["image", "image.tar", "No space"]),
    ("starting a thread", "clone3", "EAGAIN", "1+", [], "RESOURCES",
     ["thread", "temporarily unavailable"]),
    ("starting another thread", "clone3", "EAGAIN", "3+", ["threads", "4"], "RESOURCES",
     ["thread"]),
]

# Failures that the build gets over.
HARMLESS = [
    ("no openat2, an old kernel's", "openat2", "ENOSYS", "1+", []),
    ("no openat2, a sandbox's", "openat2", "EPERM", "1+", []),
    ("no room can be reserved", "fallocate", "EOPNOTSUPP", "1+", []),
    ("interrupted reads", "pread64", "EINTR", "1..3", []),
    ("interrupted writes", "pwrite64", "EINTR", "1..3", []),
]


def check_all(scene):
    if not shutil.which("strace"):
        skip("injected faults", "strace is not installed")
        return
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        skip("injected faults", "processes may not be traced here")
        return
    scene.make_input("injected", {"file": os.urandom(2_000_000)})
    words = ["path", scene.input / "injected"]
    log = scene.work / "strace.log"
    on_tmpfs = file_system(scene.output) == "tmpfs"
    for name, calls, errno, when, more, *failure in FAULTS + HARMLESS:
        title = f"injected: {name}: {errno}"
        if calls == "fallocate" and on_tmpfs:
            skip(title, "no room is reserved on a tmpfs")
            continue
        before = trace(scene, log, calls, errno, when)
        if failure:
            status, says = failure
            scene.failure(title, *words, *more, status=status, says=says, before=before)
        else:
            scene.success(title, *words, *more, before=before)
        if "INJECTED" not in log.read_text():
            check(f"{title}: it was", False, log.read_text()[-500:])
    replacing(scene, words)


def file_system(place):
    """The type of the file system that PLACE is on."""
    return subprocess.run(["stat", "-f", "-c", "%T", place], check=True,
                          stdout=subprocess.PIPE, text=True).stdout.strip()


def trace(scene, log, calls, errno, when):
    only = ["-P", str(scene.input / "injected" / "file")] if calls == "pread64" else []
    return ["strace", "-f", "-qq", "-o", str(log), *only, "-e", f"trace={calls}",
            "-e", f"inject={calls}:error={errno}:when={when}"]


def replacing(scene, words):
    """The image gets a hidden name before it takes the place of another."""
    log = scene.work / "strace.log"
    scene.failure("injected: taking the place of an image: EIO", *words, status="OUTPUT",
                  says=["image.tar", "Input/output error"], old=[True],
                  before=trace(scene, log, "rename,renameat,renameat2", "EIO", "1+"))
    check("it was injected", "INJECTED" in log.read_text(), log.read_text()[-500:])
