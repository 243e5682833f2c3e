# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that fail for good, from some time on: each build comes to an end."""

import collections

from checks import check
from failing import tell
from stage import KINDS, LONG, SINGLE, UPON_BASE, Place, describe, general_problems, message_problem

# In which ways: as calls do most likely, and as those do that are to be made again.
ERRORS = ["any", "EINTR", "EAGAIN"]

# Calls whose failure for good is not judged.  Where getrandom is missing, another
# source of random numbers stays open; where no memory is given any more, the
# reserve may not last to the end: failing.py lets these fail once.
UNJUDGED = ("getrandom", "mmap", "brk")

# At each call, or at one of so many.
STEP = 1 if LONG else 4


def check_all(stage):
    for kind in KINDS if LONG else (SINGLE, UPON_BASE):
        for error in ERRORS if LONG else ERRORS[:1]:
            check_kind(stage, kind, error)


def check_kind(stage, kind, error):
    statuses, calls, problems = collections.Counter(), collections.Counter(), []
    for with_old in (False, True) if kind.place != "stream" else (False,):
        count = Place(stage, stage.work / "tool")
        count.prepare(kind, with_old)
        failable = int(count.build(kind, "count").log["calls"].split()[1])
        count.clear()
        stage.expect(kind, with_old)
        for build, problem in stage.all(
                lambda place, number: persist(place, kind, with_old, number, error),
                range(1, failable + 1, STEP)):
            if "spared" in build.log or not build.hit or build.hit.startswith(UNJUDGED):
                continue
            statuses[build.outcome.status] += 1
            calls[build.hit.split()[0]] += 1
            if problem:
                problems.append(f"{'old, ' if with_old else ''}{problem}")
    told = ", ".join(f"{status} {number}" for status, number in statuses.most_common())
    check(f"calls fail for good, {kind.name}, {error}: {statuses.total()} builds, "
          f"{len(calls)} kinds: {told}", not problems and len(calls) > 2, tell(problems))


def persist(place, kind, with_old, number, error):
    place.prepare(kind, with_old)
    build = place.build(kind, "persist", number, error)
    if "spared" in build.log or not build.hit:
        return build, ""
    # A file that cannot be removed stays.
    found = general_problems(build)
    outcome = build.outcome
    if outcome.status == "OK":
        result = place.result(kind, build)
        new = place.stage.expect(kind, with_old)
        cut = "EPIPE" in build.hit and isinstance(new, bytes) and new.startswith(result)
        stays = "unlink" in build.hit and isinstance(new, dict) and \
            {name: result.get(name) for name in new} == new
        if result != new and not cut and not stays:
            found.append(f"the image is not what it should be: {describe(result)}")
    elif outcome.status != "none":
        if outcome.status == "INTERNAL" or not outcome.status.isupper():
            found.append(f"status {outcome.status}: {outcome.message}")
        found.append(message_problem(outcome.message))
    found = "; ".join(filter(None, found))
    return build, f"call {number}, {build.hit}: {found}" if found else ""
