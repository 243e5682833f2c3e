# SPDX-License-Identifier: GPL-3.0-or-later
"""Too few descriptors, threads and processes.

Where exactly a limit bites depends on the library: all limits up to one that
is enough are tried, and each must end in an image or in a clear failure."""

import os
import resource

from checks import check, skip
from scene import MAX_SECONDS

# A user of no other suite: the limit is one of all processes of a user.
NOBODY = 65532
PLENTY = 64

WRITERS = {"uncompressed": [], "gzip": ["compressor", "gzip", ";"],
           "a filter": ["compressor", "cat", ";"],
           "a filter, layered": ["compressor", "cat", ";", "max-layers", 4]}


def check_all(scene):
    deep = scene.make_input("deep", {"a": b"a\n"})
    for level in range(10):
        deep = deep / f"level{level}"
        deep.mkdir()
        (deep / "file").write_bytes(b"text\n")
    for how, words in WRITERS.items():
        sweep(scene, f"few descriptors, {how}", scene.words("path", scene.input / "deep", *words),
              range(4, 24), resource.RLIMIT_NOFILE, "Too many open files")
    check_threads(scene)


def sweep(scene, name, command, limits, kind, reason, as_nobody=False):
    """Build under each limit: there are failures and images, and no others."""
    problems, statuses = [], []
    for limit in limits:
        def lower(limit=limit):
            if as_nobody:
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
            resource.setrlimit(kind, (limit, limit))
        found = scene.attempt(command, ["OK", "RESOURCES"], [], scene.places / "cwd", False, MAX_SECONDS,
                              {"preexec_fn": lower})
        status = scene.last.status
        if status == "RESOURCES" and reason not in scene.last.message:
            found.append(f"the message is {scene.last.message}")
        if status == "RESOURCES" and "install" in scene.last.message:
            found.append(f"the advice is wrong: {scene.last.message}")
        left = sorted(os.listdir(scene.output))
        if left != (["image.tar"] if status == "OK" else []):
            found.append(f"in the output directory: {left}")
        scene.image.unlink(missing_ok=True)
        statuses.append(status)
        problems += [f"limit {limit}: {problem}" for problem in found]
    if "RESOURCES" not in statuses or statuses[-1] != "OK":
        problems.append(f"statuses: {statuses}")
    check(name, not problems, "\n".join(problems))


def check_threads(scene):
    if os.getuid() != 0 or not can_be_nobody():
        skip("few threads", "takes root: the limit is of users without rights")
        return
    scene.output.chmod(0o777)
    for how, words in WRITERS.items():
        command = scene.words("path", scene.small, "threads", 8, *words)
        sweep(scene, f"few threads, {how}", command, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, PLENTY],
              resource.RLIMIT_NPROC, "temporarily unavailable", as_nobody=True)
    scene.output.chmod(0o755)


def can_be_nobody():
    """Whether this namespace has that user."""
    with open("/proc/self/uid_map", encoding="ascii") as file:
        return any(int(start) <= NOBODY < int(start) + int(count)
                   for start, _, count in map(str.split, file))
