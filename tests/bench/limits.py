# SPDX-License-Identifier: GPL-3.0-or-later
"""What this project's library takes by itself, against its stated limits.

Everything here is built by build-image.c, so that Guile's start is not in it.
"""

import os
import statistics

from process import Started, run

CPU_LIMIT = 1.3                 # times openssl and cp
GROWTH_LIMIT = 1.25             # times the growth of the input
MEMORY_LIMIT = 64 << 20         # bytes, and
MEMORY_PER_FILE = 1 << 10


def build(place, listing, layers=0, compressor=(), image="image"):
    """The words to build an image by; its paths come on standard input."""
    return place.command(place.driver, place.file(image), str(layers), "0",
                         *compressor), place.outside(listing)


def costs_of_process(cost):
    """What build-image prints about itself, in bytes."""
    numbers = dict(line.split() for line in cost.output.splitlines())
    return (int(numbers["read"]), int(numbers["written"]),
            int(numbers["memory"]) << 10)


def verdict(good):
    return "yes" if good else "NO"


def megabytes(number):
    return f"{number / 1e6:,.1f}"


def cpu(place, items, runs, say):
    """CPU time against that of hashing the image and copying it."""
    listing = place.list_items(items)
    ratios, rows = [], []
    for turn in range(runs):
        say(f"CPU time, run {turn + 1}")
        place.clean("image", "copy")
        ours = run(*build(place, listing))
        place.clean()
        hashing = run(place.command("openssl", "dgst", "-sha256",
                                    place.file("image")))
        place.clean()
        copying = run(place.command("cp", place.file("image"), place.file("copy")))
        ratios.append(ours.cpu / (hashing.cpu + copying.cpu))
        rows.append((ours.cpu, hashing.cpu, copying.cpu))
    place.clean("image", "copy")
    medians = [statistics.median(column) for column in zip(*rows)]
    ratio = statistics.median(ratios)
    return (["uncompressed, s", "openssl dgst, s", "cp, s", "ratio",
             f"at most {CPU_LIMIT}"],
            [[*(f"{median:.2f}" for median in medians), f"{ratio:.2f}",
              verdict(ratio <= CPU_LIMIT)]])


def memory_and_traffic(place, works, say):
    """Peak memory, and how many bytes of files were read and written."""
    rows = []
    for title, items, layers, compressor in works:
        say(f"memory and traffic: {title}")
        place.clean("image")
        cost = run(*build(place, place.list_items(items), layers, compressor))
        read, written, memory = costs_of_process(cost)
        size = os.path.getsize(place.outside("image"))
        limit = MEMORY_LIMIT + MEMORY_PER_FILE * items.files
        times_read = f"{read / items.bytes:.3f}" if items.bytes else "-"
        rows.append([title, f"{items.files:,}", f"{memory / (1 << 20):.1f}",
                     f"{limit / (1 << 20):.1f}", verdict(memory <= limit),
                     megabytes(items.bytes), times_read,
                     megabytes(size), f"{written / size:.3f}"])
    place.clean("image")
    return (["image", "files", "memory, MiB", "limit", "within", "input, MB",
             "read, times", "image, MB", "written, times"], rows)


def growth(place, kinds, runs, say):
    """Time for 1, 2, 4 and 8 times the input."""
    rows = []
    for title, sets, layers_of in kinds:
        times = {}
        for turn in range(runs):
            for factor, items in sets.items():
                say(f"growth of {title}: {factor} times, run {turn + 1}")
                place.clean("image")
                cost = run(*build(place, place.list_items(items),
                                  layers_of(items)))
                times.setdefault(factor, []).append(cost)
        # The fastest: what is above it, something else on the machine took.
        wall = {factor: min(cost.wall for cost in costs)
                for factor, costs in times.items()}
        cpu_time = {factor: min(cost.cpu for cost in costs)
                    for factor, costs in times.items()}
        largest = max(sets)
        # In CPU time, which other programs do not disturb as much.
        ratio = cpu_time[largest] / cpu_time[1] / largest
        rows.append([title, *(f"{wall[factor]:.2f}" for factor in sets),
                     *(f"{cpu_time[factor]:.2f}" for factor in sets),
                     f"{ratio:.2f}", verdict(ratio <= GROWTH_LIMIT)])
    place.clean("image")
    factors = list(kinds[0][1])
    return (["growing", *(f"{factor}x wall, s" for factor in factors),
             *(f"{factor}x CPU, s" for factor in factors),
             "CPU by input", f"at most {GROWTH_LIMIT}"], rows)


def side_by_side(place, items, runs, say):
    """Two builds at once against one after the other."""
    rows = []
    listing = place.list_items(items)
    for title, compressor in (("uncompressed", ()), ("gzip -9n", ("gzip", "-9n"))):
        ratios, pairs = [], []
        for turn in range(runs):
            say(f"two builds at once: {title}, run {turn + 1}")
            commands = [build(place, listing, 0, compressor, image)
                        for image in ("image", "image-2")]
            in_turn = 0
            for command in commands:
                place.clean("image", "image-2")
                in_turn += run(*command).wall
            place.clean("image", "image-2")
            started = [Started(*command) for command in commands]
            at_once = max(process.finish().wall for process in started)
            ratios.append(at_once / in_turn)
            pairs.append((in_turn, at_once))
        in_turn, at_once = map(statistics.median, zip(*pairs))
        rows.append([title, f"{in_turn:.2f}", f"{at_once:.2f}",
                     f"{statistics.median(ratios):.2f}"])
    place.clean("image", "image-2")
    return ["two images", "in turn, s", "at once, s", "ratio"], rows
