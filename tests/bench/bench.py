# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark; see run."""

import argparse
import os
import platform
import signal
import sys
import time

import again
import inputs
import limits
import picture
import process
import table
from compare import FROM_C, OURS, OWN, PROGRAM, Work, compare
from place import Place, root_has


def arguments():
    parser = argparse.ArgumentParser(prog="tests/bench/run")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--only", default="", metavar="WORD")
    parser.add_argument("--markdown", metavar="FILE")
    parser.add_argument("--svg", metavar="FILE")
    parser.add_argument("--root", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.runs = options.runs or (3 if options.quick else 5)
    return options


def cache():
    base = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
    return os.environ.get("GUIX_DOCKER_TEST_CACHE",
                          base + "/guix-docker-tests") + "/bench"


def machine():
    """What the figures were found on, in a line."""
    model = platform.machine()
    memory = 0
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        text = file.read()
    for line in text.splitlines():
        if line.startswith("model name"):
            model = line.split(":")[1].strip()
    with open("/proc/meminfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("MemTotal"):
                memory = int(line.split()[1])
    extensions = ", SHA extensions" if " sha_ni" in text or " sha2 " in text else ""
    return (f"{model}, {len(os.sched_getaffinity(0))} processors{extensions}, "
            f"{memory / (1 << 20):.0f} GiB of memory, "
            f"Linux {platform.release().split('-')[0]}")


def works(store, small):
    reference = "Guix 1.5.0"
    none, gzip = [], ["gzip", "-9n"]
    return [
        Work("uncompressed, single layer", store, 0, none,
             [reference, PROGRAM, FROM_C, "tar | sha256sum"], 7),
        Work("uncompressed, 100 layers", store, 100, none, [reference], 10),
        Work("gzip -9n, single layer", store, 0, gzip,
             [reference, "tar | pigz -9", "tar | gzip -9n"], 25, True),
        Work("gzip -9n, 100 layers", store, 100, gzip, [reference], 25, True),
        *[Work(f"gzip -{level}n, single layer", store, 0, ["gzip", f"-{level}n"],
               [f"tar | pigz -{level}", f"tar | gzip -{level}n"], 3, True)
          for level in (6, 1)],
        Work(f"{len(small.names):,} small items, 100 layers", small, 100, none,
             [reference, PROGRAM, FROM_C], 120),
        # What it takes to begin.
        Work("one small item, single layer", small.first(1), 0, none,
             [reference, PROGRAM, FROM_C]),
        Work("xz -1 -T2, single layer", store, 0, ["xz", "-1", "-T2"],
             ["tar | xz -1 -T2"], 1),
        Work("zstd -3 -T2, single layer", store, 0, ["zstd", "-3", "-T2"],
             ["tar | zstd -3 -T2"], 1.3),
    ]


class Report:
    """Tables, printed as they come and kept for the Markdown file."""

    def __init__(self):
        self.parts = []

    def paragraph(self, words):
        print(f"\n{words}\n", flush=True)
        self.parts.append(words + "\n")

    def table(self, title, header, rows):
        print(f"\n{title}\n\n{table.text(header, rows)}", flush=True)
        self.parts.append(f"{title}\n\n{table.markdown(header, rows)}")

    def write(self, name):
        with open(name, "w", encoding="utf-8") as file:
            file.write("<!-- SPDX-License-Identifier: GPL-3.0-or-later -->\n\n")
            file.write("\n".join(self.parts))


def met(work, results):
    """Whether the goal of WORK is met; None without the program in it."""
    ours = results[0]
    other = next((result for result in results
                  if result.name == work.against[0]), None)
    if other is None:
        return None
    return (other.ratio() >= work.goal
            and (not work.strict_size
                 or ours.median("size") <= other.median("size")))


def seconds(time):
    return f"{time:.{2 if time >= 0.1 else 3}f}"


def headline(place, all_works, options, report, say):
    """The comparison with others; returns the bars of the picture."""
    rows, bars = [], []
    for work in all_works:
        if not place.guile:
            break
        if not place.root:
            work.against = [name for name in work.against if name != "Guix 1.5.0"]
        work.against = [name for name in work.against
                        if "|" not in name
                        or root_has(place.root, name.split()[2])]
        first = work.against[0] if work.against else None
        for name, there in ((PROGRAM, place.program), (FROM_C, place.driver)):
            if not there and name in work.against:
                work.against.remove(name)
        results = compare(place, work, options.runs, say)
        for result in results:
            is_ours = result.name == OURS
            goal = ""
            if (work.goal and result.name == first and not options.quick
                    and (place.root or work.goal < 3)):
                goal = f"{work.goal:g}: " + ("met" if met(work, results) else "NOT MET")
            size = result.median("size")
            rows.append([work.title if is_ours else "", result.name,
                         str(len(result.costs)), seconds(result.median("wall")),
                         seconds(result.median("cpu")),
                         f"{result.median('memory') / (1 << 20):.0f}",
                         f"{size / 1e6:.1f}" if size > 1000 else "-",
                         "" if is_ours else f"{result.ratio():.2f}",
                         "" if is_ours else
                         f"{min(result.ratios):.1f}-{max(result.ratios):.1f}", goal])
            if result.name not in OWN:
                bars.append((f"{work.title}: {result.name}", result.ratio(),
                             result.name == "Guix 1.5.0"))
    if rows:
        report.table("Programs in turn. Medians; a ratio is a program's wall time by "
                     "guix-docker's, run by run.",
                     ["work", "program", "runs", "wall, s", "CPU, s", "memory, MiB",
                      "size, MB", "ratio", "from-to", "goal"], rows)
    return bars


def by_itself(place, sets, options, report, say):
    """The library's own limits."""
    store, small, large, empty = sets
    gzip = ("gzip", "-9n")

    def wanted(title):
        return options.only in title

    if wanted("CPU time") and root_has(place.root, "openssl"):
        report.table("CPU time of an uncompressed image, single layer.",
                     *limits.cpu(place, store, options.runs, say))
    if wanted("memory"):
        report.table(
            "Memory, and bytes read and written by the process.",
            *limits.memory_and_traffic(place, [
                ("uncompressed, single layer", store, 0, ()),
                ("uncompressed, 100 layers", store, 100, ()),
                ("gzip -9n, single layer", store, 0, gzip),
                ("gzip -9n, 100 layers", store, 100, gzip),
                ("small items, 100 layers", small, 100, ()),
                ("empty files, single layer", empty, 0, ()),
                ("empty files, 100 layers, gzip -9n", empty, 100, gzip)], say))
    if wanted("growth"):
        def first(items, total):
            return {factor: items.first(total * factor // 8) for factor in (1, 2, 4, 8)}

        single, each = (lambda items: 0), (lambda items: len(items.names) + 2)
        report.table("Time for more input. The fastest of the runs.", *limits.growth(
            place, [("bytes", first(large, len(large.names)), single),
                    ("files", first(empty, len(empty.names)), single),
                    ("items", first(small, len(small.names)), single),
                    ("items and layers", first(small, len(small.names)), each)],
            min(options.runs, 3), say))
    if wanted("built again"):
        report.table("An OCI image built again, gzip -9, a layer for each item.",
                     *again.again(place, store, min(options.runs, 3), say))
    if wanted("two builds at once"):
        report.table("Two builds at once.", *limits.side_by_side(
            place, store, min(options.runs, 3), say))


def bench(options):
    begin = time.monotonic()

    def say(words):
        if sys.stderr.isatty():
            print(f"\r\033[K{time.monotonic() - begin:5.0f} s  {words}", end="\r",
                  file=sys.stderr, flush=True)

    directory = cache()
    os.makedirs(directory, exist_ok=True)
    say("making the inputs")
    store, small, large, empty = sets = [
        inputs.make(directory, name, maker)
        for name, maker in (("store", inputs.make_store), ("small", inputs.make_small),
                            ("large", inputs.make_large), ("empty", inputs.make_empty))]
    if options.quick:
        store, small = sets[:2] = store.every(8), small.every(2)
    report = Report()
    report.paragraph(f"{time.strftime('%Y-%m-%d')}, {machine()}. "
                     f"{store.bytes / 1e6:.0f} MB in {store.files:,} files of "
                     f"{len(store.names)} store items; {len(small.names):,} small items "
                     f"of {inputs.SMALL_FILES} files, {small.bytes / 1e6:.0f} MB. "
                     f"{options.runs} runs{', quick' if options.quick else ''}.")
    place = Place(options.root, directory)
    try:
        for items in sets:
            say("bringing the inputs into memory")
            items.read()
        if not options.root:
            report.paragraph("Guix 1.5.0 is not here: nothing is compared with it.")
        if not place.guile:
            report.paragraph("Guile is not here: programs are not compared.")
        chosen = [work for work in works(store, small) if options.only in work.title]
        bars = headline(place, chosen, options, report, say)
        if place.driver:
            by_itself(place, sets, options, report, say)
        else:
            report.paragraph("No C compiler is here: limits are not measured.")
    finally:
        process.kill_all()
        place.remove()
    report.paragraph(f"This took {time.monotonic() - begin:.0f} s.")
    if options.markdown:
        report.write(options.markdown)
    if options.svg and bars:
        with open(options.svg, "w", encoding="utf-8") as file:
            file.write(picture.draw("How many times as long as guix-docker others take",
                                    machine(), bars))


def stop(number, _):
    sys.exit(128 + number)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, stop)
    bench(arguments())
