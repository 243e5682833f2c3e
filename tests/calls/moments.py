# SPDX-License-Identifier: GPL-3.0-or-later
"""Longer builds that are killed at any moment."""

import collections
import os
import random
import signal
import subprocess
import time

from checks import check, skip
from failing import tell
from killing import after_kill
from stage import IN_FILES, LONG, MAX_SECONDS, Place, make_input

MOMENTS = 200 if LONG else 40

# How much longer than the small ones these builds are.
SCALE = 40


def check_all(stage):
    paths = make_input(stage.work / "large", SCALE)
    for file_system in ("disk", "tmpfs", "FUSE"):
        with stage.mounted(file_system) as (top, reason):
            if not top:
                skip(f"killed at any moment, {file_system}", reason)
                continue
            check_file_system(stage, file_system, Place(stage, top / "moments"), paths)


def check_file_system(stage, file_system, place, paths):
    problems, seen = [], collections.Counter()
    times = {}
    killed = 0
    for number in range(MOMENTS):
        chance = random.Random(number)
        kind = IN_FILES[number % len(IN_FILES)]
        with_old = number // len(IN_FILES) % 2 == 0
        if kind not in times:
            place.prepare(kind, True)
            stage.expect(kind, True, paths)
            stage.expect(kind, False, paths)
            start = time.monotonic()
            place.build(kind, paths=paths)
            times[kind] = time.monotonic() - start
        place.prepare(kind, with_old)
        ended = kill_after(place, kind, paths, chance.uniform(0, 1.1 * times[kind]))
        killed += ended == -signal.SIGKILL
        what, found = after_kill(place, kind, with_old, paths, again=number % 4 == 0)
        seen[what] += 1
        if ended not in (0, -signal.SIGKILL):
            found.append(f"it ended with {ended}")
        if found:
            problems.append(f"moment {number}, {kind.name}: {'; '.join(found)}")
    place.clear()
    told = ", ".join(f"{count} {what}" for what, count in seen.most_common())
    check(f"killed at any moment, {file_system}: {killed} of {MOMENTS}: {told}",
          not problems and killed >= MOMENTS // 4, tell(problems))


def kill_after(place, kind, paths, seconds):
    """Build KIND and kill the process after so many SECONDS; returns how it has
    ended, when all that it has started have ended as well."""
    process = subprocess.Popen(place.stage.words(kind, place.image, paths), cwd=place.directory,
                               env=place.environment(),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    process.kill()
    process.wait()
    # The command that it has run ends when it sees the end of what it reads.
    limit = time.monotonic() + MAX_SECONDS
    while (found := processes(place)) and time.monotonic() < limit:
        time.sleep(0.005)
    return f"leaving {found}" if found else process.returncode


def processes(place):
    """The processes whose working directory is that of PLACE."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            if os.readlink(f"/proc/{name}/cwd") == str(place.directory):
                found.append(name)
        except OSError:
            pass
    return found
