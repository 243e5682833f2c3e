# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory that comes to its end: from some call on, each that takes more fails."""

import collections

from checks import check
from failing import problems, tell
from stage import KINDS, general_problems, store_problem

# What ends the process, or the build as by a defect, where memory cannot be had,
# by what is said then.
KNOWN = {
    # The C library, when Rust's standard library has it note what is to be done at
    # the end of a new thread, before anything else is done in that.
    "failed to register TLS destructor": "a thread's beginning",
    "memory allocation of": "Rust's own structures",
    "libdeflate_alloc_compressor": "libdeflate",
}


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
                    statuses[known(build) or build.outcome.status] += 1
                if problem:
                    found.append(problem)
        told = ", ".join(f"{status} {number}" for status, number in statuses.most_common())
        check(f"no more memory, {kind.name}: {statuses.total()} of {builds} builds: {told}",
              not found and statuses["RESOURCES"] > 0, tell(found))


def exhaust(place, kind, with_old, number):
    place.prepare(kind, with_old)
    build = place.build(kind, "exhaust", number)
    if known(build):
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


def known(build):
    """Which of the known ends BUILD has come to, if any."""
    if build.ended == "signal 6" or build.outcome.status == "INTERNAL":
        for text, what in KNOWN.items():
            if text in build.outcome.text:
                return f"ended by {what}"
    return ""
