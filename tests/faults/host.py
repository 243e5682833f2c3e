# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that calls the library: what it may do to itself, and being
stopped or killed."""

import os
import signal
import subprocess

from checks import check, skip
from scene import OLD_IMAGE, difference, left_processes, mount, snapshot, unmount

LONG = 1 << 33


def check_all(scene):
    long = scene.make_input("long", {})
    with open(long / "sparse", "wb") as file:
        file.truncate(LONG)
    check_ignored_children(scene)
    check_cancelling(scene, long)
    check_killing(scene, long, scene.output)
    place = mount(scene, scene.places / "tmpfs", "size=2g")
    check_killing(scene, long, place)
    unmount(place)


def check_ignored_children(scene):
    """A program that ignores SIGCHLD has its own children vanish."""
    ignoring = ["path", scene.small, "ignore", int(signal.SIGCHLD)]
    scene.failure("SIGCHLD is ignored, a compressor that fails", *ignoring,
                  "compressor", "false", ";", status="COMPRESSOR", says=["exit status 1"])
    for how, words in {"uncompressed": [], "gzip": ["compressor", "gzip", ";"],
                       "a filter": ["compressor", "cat", ";"]}.items():
        scene.success(f"SIGCHLD is ignored, {how}", *ignoring, *words)


def check_cancelling(scene, long):
    for how, words in {"uncompressed": [], "gzip": ["compressor", "gzip", ";"],
                       "an OCI archive": ["format", 1],
                       "a filter": ["compressor", "cat", ";"],
                       "a filter, layered": ["compressor", "cat", ";", "max-layers", 2]}.items():
        for answer in (1, -1):
            scene.failure(f"the callback returns {answer}, {how}", "path", long, *words,
                          "at", 0, "cancel", answer, status="CANCELLED", says=["progress"])


def check_killing(scene, long, place):
    """Killed in the middle, with no chance to clean up."""
    kind = subprocess.run(["stat", "-f", "-c", "%T", place], capture_output=True, text=True,
                          check=True).stdout.strip()
    if not has_unnamed_files(place):
        skip(f"killed on {kind}", "the file system has no files without a name")
        return
    image = place / "image.tar"
    for how, words in {"uncompressed": [], "gzip": ["compressor", "gzip", ";"],
                       "a filter": ["compressor", "sh", "-c", "cat >/dev/null", ";"]}.items():
        for old in (False, True):
            if old:
                image.write_bytes(OLD_IMAGE)
            before = snapshot(scene.places)
            process = subprocess.Popen(
                scene.words("path", long, *words, "at", 1, "run", "true", image=image),
                cwd=scene.places / "cwd", stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
            under_way = process.stdout.readline()
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdout.close()
            problems = left_processes() + difference(before, snapshot(scene.places))
            if not under_way.startswith(b"acted"):
                problems.append(f"it was not under way: {under_way}")
            if process.returncode != -signal.SIGKILL:
                problems.append(f"it ended with {process.returncode}")
            there = ", an image is there" if old else ""
            check(f"killed on {kind}, {how}{there}", not problems, "\n".join(problems))
            image.unlink(missing_ok=True)


def has_unnamed_files(place):
    try:
        os.close(os.open(place, os.O_TMPFILE | os.O_RDWR))
        return True
    except OSError:
        return False
