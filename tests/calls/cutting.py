# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads, writes and lists of directories that do less than they are asked for,
and calls that are interrupted: images are the same."""

import collections

from checks import check
from failing import tell
from stage import KINDS, LONG, describe, general_problems

# How many builds of each kind there are.
BUILDS = 400 if LONG else 50


def check_all(stage):
    for mode, name in (("cut", "calls that do less"), ("interrupt", "calls that are interrupted")):
        problems, deeds = [], collections.Counter()
        builds = 0
        for kind in KINDS:
            for with_old in (False, True):
                stage.expect(kind, with_old)
            for build, problem in stage.all(
                    lambda place, seed, kind=kind: disturb(place, kind, mode, seed),
                    range(1, BUILDS + 1)):
                builds += 1
                deeds[kind.name] += int(build.log.get("deeds", 0))
                if problem:
                    problems.append(problem)
        check(f"{name}: {deeds.total()} in {builds} builds", not problems, tell(problems))
        least = min(deeds.values())
        check(f"{name}: there are some in every build", least >= 3 * BUILDS, deeds)


def disturb(place, kind, mode, seed):
    with_old = kind.place != "stream" and seed % 2 == 0
    place.prepare(kind, with_old)
    build = place.build(kind, mode, seed)
    found = general_problems(build)
    if build.outcome.status != "OK":
        found.append(f"{build.outcome.status}: {build.outcome.message}")
    result = place.result(kind, build)
    if result != place.stage.expect(kind, with_old):
        found.append(f"the image is not what it should be: {describe(result)}")
    if strays := place.strays():
        found.append(f"left behind: {strays}")
    return build, f"{kind.name}, {mode} {seed}: {'; '.join(found)}" if found else ""
