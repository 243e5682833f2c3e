# SPDX-License-Identifier: GPL-3.0-or-later
"""The suite of races, started by ./run."""

import collections
import mmap
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import changes      # noqa: E402  (its directory comes first)
import driver       # noqa: E402
import images       # noqa: E402
from checks import check, finish        # noqa: E402

BUILDS = 300 if os.environ.get("LONG") == "true" else 60
# Which only a build that hangs meets.
TIMEOUT = 300

HOWS = {
    "plain": ["threads", 1],
    "plain, 2 threads": ["threads", 2],
    "gzip, layered": ["compressor", "gzip", "-1", ";", "max-layers", 4, "threads", 2],
    "a command": ["compressor", "cat", ";"],
    "zstd, OCI archive": ["format", 1, "compressor", "zstd", "-1", ";", "max-layers", 4],
    "gzip, OCI directory": ["format", 2, "compressor", "gzip", "-1", ";"],
}

# How long the other process pauses between changes, in seconds: builds take
# some hundredths.
PAUSES = (0, 0, 0, 0.0002, 0.001, 0.003, 0.01, 0.03)


class Changing:
    """Another process that makes changes and counts them."""

    def __init__(self, change):
        self.count = mmap.mmap(-1, 8)
        self.change = change
        self.child = os.fork()
        if self.child == 0:
            status = 1
            try:
                self.go_on()
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)

    def go_on(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        source = random.Random(1)
        parent = os.getppid()
        over = []
        # A change is not left half done.
        signal.signal(signal.SIGTERM, lambda *_: over.append(True))
        number = 0
        while not over and os.getppid() == parent:
            if self.change.continual:
                self.change.change(source)
                number += 1
                self.count[:8] = number.to_bytes(8, "little")
            time.sleep(source.choice(PAUSES))

    def number(self):
        """How many changes were made so far."""
        return int.from_bytes(self.count[:8], "little")

    def is_alive(self):
        return os.waitpid(self.child, os.WNOHANG) == (0, 0)

    def stop(self):
        """End it; return whether it ended well."""
        os.kill(self.child, signal.SIGTERM)
        return os.waitpid(self.child, 0)[1] == 0


class Race:
    """Builds of one kind of change."""

    def __init__(self, work, program, kind):
        self.work = work
        self.program = program
        self.tree = work / "parent" / "tree"
        self.outside = work / "outside"
        self.output = work / "output"
        self.temporary = work / "temporary"
        for directory in (self.tree, self.outside, self.output, self.temporary):
            directory.mkdir(parents=True)
        self.fill_outside()
        # What does not change is read before, between and after what does.
        self.stable = {}
        for name, lines in (("aaa", 30_000), ("zzz", 2000)):
            self.stable[name] = changes.content(0, lines)
            (self.tree / name).write_bytes(self.stable[name])
        self.change = kind(self.tree, self.outside)
        self.statuses = collections.Counter()
        self.problems = []
        self.during = 0         # builds in which there were changes

    def fill_outside(self):
        secret = changes.OUTSIDE * 1500
        (self.outside / "below").mkdir()
        for directory in (self.outside, self.outside / "below"):
            (directory / changes.OUTSIDE_NAME).write_bytes(secret)
            for number in range(4):
                (directory / f"{changes.OUTSIDE_NAME}-{number}").write_bytes(secret)
            (directory / "only-elsewhere").write_bytes(secret)

    def run(self, builds):
        builds = max(1, builds // self.change.cost)
        changing = Changing(self.change)
        try:
            for number in range(builds):
                name, words = list(HOWS.items())[number % len(HOWS)]
                before = changing.number()
                problem = self.build(words)
                self.during += changing.number() > before or not self.change.continual
                if problem:
                    self.problems.append(f"build {number}, {name}: {problem}")
                if len(self.problems) > 5 or not changing.is_alive():
                    break
        finally:
            if not changing.stop():
                self.problems.append("the process that makes changes failed")
        self.change.settle()

    def build(self, words):
        image = self.output / "image"
        command = [self.program, "image", image, "prefix", "/prefix", *words,
                   *self.change.words(), "creation-time", 1]
        for name in ("aaa", "victims", "zzz"):
            command += ["path", self.tree / name]
        outcome = driver.run([str(word) for word in command], timeout=TIMEOUT,
                             env=dict(os.environ, TMPDIR=str(self.temporary)))
        if not self.change.continual:
            self.change.settle()
        self.statuses[outcome.status] += 1
        try:
            return self.judge(outcome, image)
        except (images.Broken, LookupError, ValueError, OSError,
                subprocess.CalledProcessError, EOFError) as error:
            return f"the image is broken: {error!r}"
        finally:
            for left in self.output.iterdir():
                shutil.rmtree(left) if left.is_dir() else left.unlink()

    def judge(self, outcome, image):
        """What is wrong with OUTCOME and the image."""
        if outcome.ended != 0:
            return f"the driver ended with {outcome.ended}: {outcome.text}"
        if outcome.harm:
            return outcome.harm
        left = [path.name for path in self.output.iterdir()]
        left += [path.name for path in self.temporary.iterdir()]
        if left != (["image"] if outcome.status == "OK" else []):
            return f"{outcome.status}, and {left} are left"
        if outcome.status in ("INPUT", "INPUT_CHANGED"):
            return None if str(self.work) in outcome.message else outcome.message
        if outcome.status != "OK":
            return outcome.text
        for layer in images.layers_of(image, outcome.fields["id"]):
            if changes.OUTSIDE in layer:
                return "something from elsewhere is in the image"
            for member, data in images.members(layer, "a layer"):
                problem = self.judge_member(member, data)
                if problem:
                    return f"{member.name}: {problem}"
        return None

    def judge_member(self, member, data):
        path = pathlib.Path("/", member.name)
        if path == self.work or self.work not in path.parents:
            return None if member.isdir() else "it is not below the tree"
        if path.name in self.stable:
            return None if data == self.stable[path.name] else "its content is another one"
        if path.name == "only-elsewhere":
            return "it is elsewhere"
        if path.parent == self.tree:
            return None if member.isdir() else "it is no directory"
        if self.tree not in path.parents:
            return None if member.isdir() else "it is not in the tree"
        return self.change.problem(member, data)


def main():
    work = pathlib.Path(sys.argv[1]).resolve()
    program = driver.compile_driver(work)
    kinds = [kind for kind in changes.ALL if not sys.argv[2:] or kind.__name__ in sys.argv[2:]]
    for kind in kinds:
        place = work / kind.__name__
        place.mkdir()
        race = Race(place, program, kind)
        race.run(BUILDS)
        what = kind.__doc__.splitlines()[0].rstrip(".,")
        statuses = ", ".join(f"{number} {status}" for status, number in sorted(
            race.statuses.items()))
        check(f"{kind.__name__} ({what}): {sum(race.statuses.values())} builds: {statuses}",
              not race.problems, "\n".join(race.problems))
        check(f"{kind.__name__}: there were changes during {race.during} builds",
              race.during >= sum(race.statuses.values()) // 3)
        shutil.rmtree(place)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
