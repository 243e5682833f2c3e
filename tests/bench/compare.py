# SPDX-License-Identifier: GPL-3.0-or-later
"""The same work done by this project and by others, in turn."""

import os
import statistics
from dataclasses import dataclass, field

from process import run

# A program that takes longer than this, in seconds, runs fewer times.
PATIENCE = 100


@dataclass
class Work:
    """An image to build."""
    title: str
    items: object
    layers: int                          # at most; 0 for a single-layer image
    compressor: list = field(default_factory=list)
    against: list = field(default_factory=list)   # names of other programs
    goal: float = None                   # this many times faster than the first,
                                         # if there is one
    strict_size: bool = False            # no larger than the first's


@dataclass
class Result:
    """What a program took for a work."""
    name: str
    costs: list
    ratios: list = field(default_factory=list)    # its wall time by ours

    def median(self, what):
        return statistics.median(getattr(cost, what) for cost in self.costs)

    def ratio(self):
        return statistics.median(self.ratios)


TAR = ("tar --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner "
       "--hard-dereference --mode=go+u,go-w -P -cf - -T")


def commands(place, work, listing):
    """The programs by name, each with the words to run it by."""
    paths, image = place.file(listing), place.file("image")

    def pipe(command):
        return place.command("sh", "-c", f"{TAR} {paths} | {command} >{image}")

    compressor = " ".join(work.compressor)
    return {
        "Guix 1.5.0": place.build_with_reference(image, paths, work.layers,
                                                 work.compressor),
        "guix-docker": place.build_with_ours(image, paths, work.layers,
                                             work.compressor),
        PROGRAM: place.build_with_program(image, paths, work.layers,
                                          work.compressor),
        FROM_C: place.build_from_c(image, paths, work.layers, work.compressor),
        "tar | sha256sum": pipe("sha256sum"),
        **{f"tar | pigz -{level}": pipe(f"pigz -{level}n") for level in (1, 6, 9)},
        f"tar | {compressor}": pipe(compressor),
    }


OURS = "guix-docker"
PROGRAM = "guix-docker, the program"
FROM_C = "guix-docker, from C"
OWN = (OURS, PROGRAM, FROM_C)


def compare(place, work, runs, say):
    """The Results of WORK, ours the first; each program runs RUNS times in
    turn, or less often if it is slow."""
    listing = place.list_items(work.items)
    known = commands(place, work, listing)
    names = [OURS, *work.against]
    results = {name: Result(name, []) for name in names}
    for turn in range(runs):
        # Each is first as often as last.
        for name in names if turn % 2 == 0 else reversed(names):
            costs = results[name].costs
            if costs and turn >= PATIENCE / costs[0].wall:
                continue
            place.clean("image")
            say(f"{work.title}: {name}, run {turn + 1}")
            cost = run(known[name])
            cost.size = os.path.getsize(place.outside("image"))
            costs.append(cost)
        ours = results[OURS].costs[-1]
        for result in results.values():
            # Of a slow one, the latest run.
            result.ratios.append(result.costs[-1].wall / ours.wall)
    place.clean("image")
    return list(results.values())
