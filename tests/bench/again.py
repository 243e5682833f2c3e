# SPDX-License-Identifier: GPL-3.0-or-later
"""An OCI image built again when one of its items has changed: layers that are
as they were are taken over from the layout that is written to."""

import os
import shutil
import statistics

from process import run

LAYERS = 1000                   # one for each item
GZIP = ("gzip", "-9")

# How many times as fast as at first: with all files read again, and with paths
# that are said not to change.
GOAL, IMMUTABLE_GOAL = 8, 30


def build(place, listing, layout, *options):
    return run(place.command(place.driver, *options, "--layout", place.file(layout),
                             str(LAYERS), "0", *GZIP), place.outside(listing)).wall


def change(place, items):
    """A listing of ITEMS in which the middle one by size is another version."""
    def size(name):
        return sum(os.lstat(os.path.join(parent, file)).st_size
                   for parent, _, files in os.walk(os.path.join(items.directory, name))
                   for file in files)

    changed = sorted(items.names, key=size)[len(items.names) // 2]
    copy = place.outside(changed + ".1")
    shutil.copytree(os.path.join(items.directory, changed), copy, symlinks=True)
    os.chmod(copy, 0o755)
    with open(copy + "/changed", "w", encoding="ascii") as file:
        file.write("another version\n")
    listing = place.list_items(items)
    with open(place.outside(listing), encoding="utf-8") as file:
        lines = file.read().splitlines()
    lines = [place.file(changed + ".1") if line.endswith("/" + changed) else line
             for line in lines]
    with open(place.outside("changed.list"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return listing, "changed.list", copy


def blobs(place, layout):
    return set(os.listdir(place.outside(layout + "/blobs/sha256")))


def again(place, items, runs, say):
    """Time of the first build and of those that follow."""
    listing, changed, copy = change(place, items)
    times = {"first": [], "read": [], "immutable": []}
    ratios = {"read": [], "immutable": []}
    new = None
    for turn in range(runs):
        for layout in ("layout", "layout-read", "layout-immutable"):
            shutil.rmtree(place.outside(layout), ignore_errors=True)
        say(f"built again, run {turn + 1}")
        os.sync()
        first = build(place, listing, "layout")
        times["first"].append(first)
        for kind, options in (("read", ()), ("immutable", ("--immutable",))):
            layout = f"layout-{kind}"
            run(["cp", "-al", place.outside("layout"), place.outside(layout)])
            os.sync()           # let the disk come to rest
            wall = build(place, changed, layout, *options)
            new = len(blobs(place, layout) - blobs(place, "layout"))
            times[kind].append(wall)
            ratios[kind].append(first / wall)
    for layout in ("layout", "layout-read", "layout-immutable"):
        shutil.rmtree(place.outside(layout), ignore_errors=True)
    shutil.rmtree(copy, ignore_errors=True)
    median = {kind: statistics.median(walls) for kind, walls in times.items()}
    rows = [["first", f"{median['first']:.2f}", "", "", ""]]
    for kind, title, goal in (("read", "one item changed", GOAL),
                              ("immutable", "one item changed, paths are immutable",
                               IMMUTABLE_GOAL)):
        ratio = statistics.median(ratios[kind])
        rows.append([title, f"{median[kind]:.2f}", f"{ratio:.1f}", str(new),
                     f"{goal}: " + ("met" if ratio >= goal else "NOT MET")])
    return ["build", "wall, s", "ratio", "new blobs", "goal"], rows
