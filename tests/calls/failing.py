# SPDX-License-Identifier: GPL-3.0-or-later
"""Each call fails once."""

import collections
import re

from checks import check
from stage import KINDS, LONG, Place, describe, general_problems, message_problem

# What the calls of every kind must have come to, some time: otherwise nothing
# has failed.
ALWAYS = {"OK", "INPUT", "RESOURCES"}
BY_PLACE = {"file": {"OUTPUT"}, "stream": set(), "directory": {"OUTPUT"}}

# What is known to go wrong, and is counted alone: the ordered maps of JSON documents
# take random numbers from the standard library, which keeps a descriptor of
# /dev/urandom where this call does not give any.
RANDOM = "getrandom "

# Where nothing has stopped a build for so many calls, it has no more.
PATIENCE = 6

# How many kinds of failures are told of.
MAX_TOLD = 20


def check_all(stage):
    for kind in KINDS:
        statuses, calls, problems = collections.Counter(), collections.Counter(), []
        builds = known = 0
        for with_old in (False, True) if kind.place != "stream" else (False,):
            count = Place(stage, stage.work / "tool")
            count.prepare(kind, with_old)
            failable = int(count.build(kind, "count").log["calls"].split()[1])
            count.clear()
            stage.expect(kind, with_old)
            numbers = range(1, failable + PATIENCE)
            for results in stage.all(lambda place, number: fail(place, kind, with_old, number),
                                     numbers):
                for hit, status, problem in results:
                    builds += 1
                    statuses[status] += 1
                    if hit:
                        calls[hit.split()[0]] += 1
                    if problem and hit.startswith(RANDOM) and status == "OK":
                        known += 1
                    elif problem:
                        problems.append(problem)
        hits = calls.total()
        told = ", ".join(f"{status} {number}" for status, number in statuses.most_common())
        check(f"each call fails, {kind.name}: {hits} of {len(calls)} kinds in {builds} builds: "
              f"{told}; {known} that are known", not problems, tell(problems))
        missing = (ALWAYS | BY_PLACE[kind.place]) - set(statuses)
        check(f"they do fail, {kind.name}", not missing and hits >= 0.8 * builds,
              f"never {missing}; {hits} of {builds}")


def tell(problems):
    """PROBLEMS as lines, those that are alike but for their numbers once."""
    alike = collections.Counter()
    first = {}
    for problem in problems:
        key = re.sub(r"\d+", "0", problem)
        alike[key] += 1
        first.setdefault(key, problem)
    lines = [f"{first[key]} ({count} times)" for key, count in alike.most_common(MAX_TOLD)]
    more = len(alike) - MAX_TOLD
    return "\n".join(lines + ([f"and {more} more kinds"] if more > 0 else []))


def fail(place, kind, with_old, number):
    """Have the call of that NUMBER fail: in the way it does most likely, or in
    all it can."""
    results = []
    for way in range(100):
        place.prepare(kind, with_old)
        build = place.build(kind, "fail", number, way)
        if "spared" in build.log:
            break
        problem = "; ".join(problems(place, kind, with_old, build))
        if problem:
            problem = f"{'old, ' if with_old else ''}call {number}, {build.hit}: {problem}"
        results.append((build.hit, build.outcome.status, problem))
        if not build.hit or not (LONG or build.hit.startswith(RANDOM)):
            break
    return results


def problems(place, kind, with_old, build):
    found = general_problems(build)
    outcome = build.outcome
    result = place.result(kind, build)
    new = place.stage.expect(kind, with_old)
    if outcome.status == "OK":
        # Readers of an archive may go when they have seen its end begin.
        cut = "EPIPE" in build.hit and isinstance(new, bytes) and new.startswith(result)
        if result != new and not (cut and not any(new[len(result):])):
            found.append(f"the image is not what it should be: {describe(result)}")
    elif outcome.status != "none":
        if outcome.status == "INTERNAL" or not outcome.status.isupper():
            found.append(f"status {outcome.status}")
        found.append(message_problem(outcome.message))
        if not build.hit:
            found.append("it failed though nothing was done to it")
    # That there is no status has been told of.
    if outcome.status != "OK":
        if kind.place == "stream":
            if not new.startswith(result):
                found.append("the descriptor got something else")
        elif result != (place.stage.old(kind) if with_old else None):
            found.append(f"it has not left what was there: {describe(result)}")
    if strays := place.strays():
        found.append(f"left behind: {strays}")
    found = [one for one in found if one]
    if found:
        found.append(f"{outcome.status}: {outcome.message}")
    return found
