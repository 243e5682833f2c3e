# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory that comes to its end: from some call on, each that takes more fails."""

import collections

from checks import check
from failing import problems, tell
from stage import KINDS, general_problems, store_problem

# What the C library says when it ends the process since it cannot note what is to
# be done at the end of a new thread, as Rust's standard library has it do before
# anything else is done in that.
KNOWN = "failed to register TLS destructor"


def check_all(stage):
    for kind in KINDS:
        statuses, found = collections.Counter(), []
        builds = 0
        for with_old in (False, True) if kind.place != "stream" else (False,):
            stage.expect(kind, with_old)
            # Memory is taken some 15 times, each of which happens to be the last.
            for build, problem in stage.all(
                    lambda place, number, with_old=with_old: exhaust(place, kind, with_old, number),
                    range(1, 26)):
                builds += 1
                if build.hit:
                    what = "ended by the C library" if is_known(build) else build.outcome.status
                    statuses[what] += 1
                if problem:
                    found.append(problem)
        told = ", ".join(f"{status} {number}" for status, number in statuses.most_common())
        check(f"no more memory, {kind.name}: {statuses.total()} of {builds} builds: {told}",
              not found and statuses["RESOURCES"] > 0, tell(found))


def exhaust(place, kind, with_old, number):
    place.prepare(kind, with_old)
    build = place.build(kind, "exhaust", number)
    if is_known(build):
        # The image is there or not, all the same.
        found = general_problems(build, returned=False)
        result = place.result(kind, build)
        if kind.place == "directory":
            found.append(store_problem(result))
        elif kind.place == "file" and result != (place.stage.old(kind) if with_old else None):
            found.append("it has not left what was there")
        found = [one for one in found if one]
    else:
        found = problems(place, kind, with_old, build)
    found = "; ".join(found)
    return build, f"memory call {number}, {build.hit}: {found}" if found else ""


def is_known(build):
    """Whether BUILD has come to the known end."""
    return build.ended == "signal 6" and KNOWN in build.outcome.text
