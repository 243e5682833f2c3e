# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of guard."""

import collections
import os
import platform
import re
import shutil
import subprocess
import sys

from inputs import seal, words, write_file

FIGURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guard.figures")

# By how much a count may exceed its figure.
CALLS_MARGIN = 0.03             # calls for each file, directory or link
TOTAL_MARGIN = 0.03             # as a part of all calls
INSTRUCTIONS_MARGIN = 0.03      # as a part
SIZE_MARGIN = 0.005             # as a part

FILE_SIZE = 1500
BIG_FILE_SIZE = 1 << 20

# How often threads wait for each other is a matter of chance.
CHANCE = {"futex"}
MEMORY = {"brk", "mmap", "munmap", "mremap", "mprotect", "madvise"}

COMPRESSORS = {"none": [], "gzip": ["gzip", "-9n"]}


def make_tree(path, directories, files, links):
    """An item of DIRECTORIES, each with FILES and LINKS."""
    os.mkdir(path)
    write_file(path + "/big", words("big", BIG_FILE_SIZE // 16) * 16)
    for directory in range(directories):
        place = f"{path}/directory-{directory:04}"
        os.mkdir(place)
        for file in range(files):
            write_file(f"{place}/file-{file:04}",
                       words(f"{directory} {file}", FILE_SIZE))
        for link in range(links):
            os.symlink(f"file-{link:04}", f"{place}/link-{link:04}")
    seal(path)


class Trees:
    """A tree, and others that have more of one thing."""
    COUNTS = {"base": (20, 40, 2), "more-files": (20, 80, 2),
              "more-directories": (120, 0, 0), "fewer-directories": (20, 0, 0),
              "more-links": (20, 40, 52)}

    def __init__(self, work):
        self.path = {}
        self.content = {}
        for name, counts in self.COUNTS.items():
            # Names of one length.
            path = f"{work}/{len(self.path)}-tree"
            make_tree(path, *counts)
            self.path[name] = path
            self.content[name] = BIG_FILE_SIZE + counts[0] * counts[1] * FILE_SIZE


class Guard:
    def __init__(self, work):
        self.work = work
        self.trees = Trees(work)
        self.found = {}
        self.counts = collections.Counter()

    def say(self, verdict, name, detail=""):
        self.counts[verdict] += 1
        print(f"{verdict} - {name}" + (f": {detail}" if detail else ""), flush=True)

    def build(self, tree, compressor, wrapper=()):
        """Build an image of TREE on one thread; return what it printed."""
        return subprocess.run(
            [*wrapper, self.work + "/build-image", self.work + "/image", "0", "1",
             *COMPRESSORS[compressor]],
            input=self.trees.path[tree] + "\n", check=True, text=True,
            stdout=subprocess.PIPE).stdout

    def check_traffic(self, compressor):
        """Files are read once, and the image is written once."""
        costs = dict(line.split() for line in self.build("base", compressor).splitlines())
        size = os.path.getsize(self.work + "/image")
        # Starting a program reads a few things.
        excess = int(costs["read"]) - self.trees.content["base"]
        self.say("ok" if 0 <= excess < 32768 else "not ok",
                 f"{compressor}: files are read once", f"{excess} bytes more")
        excess = int(costs["written"]) - size
        # A part of a gzip file's header is a promise until the end.
        self.say("ok" if 0 <= excess < 4096 else "not ok",
                 f"{compressor}: the image is written once", f"{excess} bytes more")
        if compressor == "gzip":
            self.found["size gzip"] = size

    def system_calls(self, tree, compressor):
        """How often each system call was made."""
        log = self.work + "/calls"
        self.build(tree, compressor, ["strace", "-f", "-qq", "-o", log])
        calls = collections.Counter()
        with open(log, encoding="utf-8", errors="replace") as file:
            for line in file:
                match = re.match(r"\d+ +([a-z_0-9]+)\(", line)
                if match and match[1] not in CHANCE:
                    calls["memory" if match[1] in MEMORY else match[1]] += 1
        os.unlink(self.work + "/image")
        return calls

    def count_calls(self, compressor):
        made = {name: self.system_calls(name, compressor) for name in self.trees.path}
        counts = Trees.COUNTS
        for what, less, more, number in (
                ("file", "base", "more-files", 20 * (counts["more-files"][1]
                                                     - counts["base"][1])),
                ("directory", "fewer-directories", "more-directories",
                 counts["more-directories"][0] - counts["fewer-directories"][0]),
                ("link", "base", "more-links", 20 * (counts["more-links"][2]
                                                     - counts["base"][2]))):
            others = 0
            for call in sorted(made[more]):
                each = (made[more][call] - made[less][call]) / number
                if each >= 0.5:
                    self.found[f"calls {compressor} {what} {call}"] = round(each, 2)
                else:
                    others += each
            self.found[f"calls {compressor} {what} others"] = round(max(others, 0), 2)
        self.found[f"calls {compressor} all"] = sum(made["base"].values())

    def count_instructions(self, compressor):
        """By callgrind, hashing and compressing apart from the rest."""
        log = self.work + "/callgrind"
        sums = {}
        for tree in ("base", "more-files"):
            self.build(tree, compressor,
                       ["valgrind", "-q", "--tool=callgrind", "--compress-strings=no",
                        "--compress-pos=no", f"--callgrind-out-file={log}"])
            sums[tree] = instructions(log)
            os.unlink(self.work + "/image")
        base, more = sums["base"], sums["more-files"]
        files = 20 * (Trees.COUNTS["more-files"][1] - Trees.COUNTS["base"][1])
        name = f"instructions {platform.machine()} {compressor}"
        self.found[f"{name} all"] = sum(base.values())
        self.found[f"{name} but for hashing and compressing"] = base["rest"]
        self.found[f"{name} file but for hashing and compressing"] = round(
            (more["rest"] - base["rest"]) / files)

    def compare(self, figures):
        """Check what was found against FIGURES."""
        measured = {subject(name) for name in self.found}
        for name in figures:
            if subject(name) in measured:
                self.found.setdefault(name, 0)
        for name, count in sorted(self.found.items()):
            figure = figures.get(name)
            kind = name.split()[0]
            if kind == "instructions" and figure is None:
                self.unable(name, f"no figure for {platform.machine()}: --renew")
                continue
            figure = figure or 0
            if kind == "size":
                margin = SIZE_MARGIN * figure
            elif kind == "instructions":
                margin = INSTRUCTIONS_MARGIN * figure
            else:
                margin = TOTAL_MARGIN * figure if name.endswith(" all") else CALLS_MARGIN
            detail = f"{count:,}, figure {figure:,}"
            if count < figure - margin:
                detail += ", which can be lowered: --renew"
            self.say("ok" if count <= figure + margin else "not ok", name, detail)

    def unable(self, name, reason):
        self.say("not ok" if os.environ.get("CI") == "true" else "skip", name, reason)


def instructions(log):
    """What a file of callgrind's says of hashing, compressing and the rest."""
    sums = collections.Counter({"hashing": 0, "compressing": 0, "rest": 0})
    kind, is_call = "rest", False
    with open(log, encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("fn="):
                kind = ("hashing" if re.search("sha2|sha256", line) else
                        "compressing" if re.search("deflate|crc32", line) else "rest")
            elif line.startswith("calls="):
                is_call = True          # the next line is what that cost in all
            elif line[:1].isdigit():
                if not is_call:
                    sums[kind] += int(line.split()[1])
                is_call = False
    return sums


def subject(name):
    """What is counted with or without others: figures found together."""
    return " ".join(name.split()[:2])


def read_figures():
    figures = {}
    if os.path.exists(FIGURES):
        with open(FIGURES, encoding="utf-8") as file:
            for line in file:
                if line.strip() and not line.startswith("#"):
                    name, value = line.rsplit(maxsplit=1)
                    figures[name] = float(value) if "." in value else int(value)
    return figures


def write_figures(figures):
    with open(FIGURES, "w", encoding="utf-8") as file:
        file.write("# SPDX-License-Identifier: GPL-3.0-or-later\n"
                   "# Written by 'tests/bench/guard --renew'.  Calls are for each file,\n"
                   "# directory or link, and in all for a tree of 801 files, without\n"
                   "# futex; instructions of callgrind, in all and for each file.\n")
        for name, value in sorted(figures.items()):
            file.write(f"{name} {value}\n")


def main():
    guard = Guard(sys.argv[1])
    for compressor in COMPRESSORS:
        guard.check_traffic(compressor)
    for tool, count, name in (("strace", guard.count_calls, "system calls"),
                              ("valgrind", guard.count_instructions, "instructions")):
        if not shutil.which(tool):
            guard.unable(name, f"{tool} is not installed")
            continue
        for compressor in COMPRESSORS:
            try:
                count(compressor)
            except subprocess.CalledProcessError as error:
                guard.say("not ok", f"{name}, {compressor}",
                          f"{error.cmd[0]}: exit status {error.returncode}")
    figures = read_figures()
    if sys.argv[2:] == ["--renew"]:
        measured = {subject(name) for name in guard.found}
        kept = {name: figure for name, figure in figures.items()
                if subject(name) not in measured}
        write_figures(kept | guard.found)
        print(f"# wrote {FIGURES}")
    else:
        guard.compare(figures)
        print(", ".join(f"{guard.counts[verdict]} {word}" for verdict, word in
                        (("ok", "passed"), ("not ok", "failed"), ("skip", "skipped"))))
    sys.exit(1 if guard.counts["not ok"] else 0)


main()
