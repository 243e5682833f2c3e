# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that are killed at each of their calls."""

import collections

from checks import check, skip
from failing import tell
from stage import COMMAND, IN_FILES, LONG, Place, describe, general_problems, store_problem

# On which file systems, and at which calls: at each, or one of so many, where
# there is an image and where there is none.
STEPS = {"disk": (1, 1), "tmpfs": (1, 1), "FUSE": (1, 1)} if LONG else \
    {"disk": (1, 6), "tmpfs": (8, 16), "FUSE": (4, 12)}


def check_all(stage):
    for file_system, steps in STEPS.items():
        with stage.mounted(file_system) as (top, reason):
            if not top:
                skip(f"killed at each call, {file_system}", reason)
                continue
            for kind in IN_FILES:
                check_kind(stage, kind, file_system, top, steps)


def check_kind(stage, kind, file_system, top, steps):
    problems, seen, hits = [], collections.Counter(), 0
    for with_old, step in zip((True, False), steps):
        place = Place(stage, top / "count")
        place.prepare(kind, with_old)
        calls = int(place.build(kind, "count").log["calls"].split()[0])
        place.clear()
        stage.expect(kind, with_old)
        for hit, what, problem in stage.all(
                lambda place, number, with_old=with_old: kill(place, kind, with_old, number),
                range(1, calls + 1, step), top):
            hits += bool(hit)
            seen[what] += 1
            if problem:
                problems.append(problem)
    told = ", ".join(f"{number} {what}" for what, number in seen.most_common())
    check(f"killed at each call, {file_system}, {kind.name}: {hits} kills: {told}",
          not problems, tell(problems))
    check(f"they were killed, {file_system}, {kind.name}", hits >= 0.75 * seen.total(),
          f"{hits} of {seen.total()}")


def kill(place, kind, with_old, number):
    place.prepare(kind, with_old)
    whom = "all" if kind is COMMAND and number % 2 else "one"
    build = place.build(kind, "kill", number, whom)
    found = general_problems(build, returned=False)
    what, others = after_kill(place, kind, with_old)
    found += others
    if found:
        found = [f"{'old, ' if with_old else ''}call {number}, {build.hit}: {'; '.join(found)}"]
    return build.hit, what, "".join(found)


def after_kill(place, kind, with_old, paths=None, again=False):
    """What is there after a kill, in words, and what is wrong with it, and with
    what the next build makes of it; that is only made where something is left,
    unless AGAIN."""
    found = []
    stage = place.stage
    place.settle()
    result = place.result(kind, None)
    old = stage.old(kind) if with_old else None
    new = stage.expect(kind, with_old, paths)
    strays = place.strays()
    if result == new:
        what = "new"
    elif result == old:
        what = "old" if with_old else "none"
    elif kind.place == "file":
        what = "torn"
        found.append(f"the image is torn: {describe(result)}")
    else:
        what = "between"
        found += filter(None, [store_problem(result)])
        if with_old and not result:
            found.append("the old layout is gone")
        # What the index names is what it named, until it names the new image.
        if with_old and result.get("index.json") not in (old["index.json"], new["index.json"]):
            found.append("the index is neither the old nor the new one")
    if not strays and what in ("new", "old", "none") and not again:
        return what, found
    if strays:
        what += ", hidden files"
    after = place.build(kind, paths=paths)
    if after.outcome.status != "OK" or after.outcome.harm:
        found.append(f"the next build fails: {after.outcome.text}")
    place.settle()
    result = place.result(kind, after)
    if result != new:
        found.append(f"the next build makes {describe(result)}")
    if strays := place.strays():
        found.append(f"the next build leaves {strays}")
    return what, found
