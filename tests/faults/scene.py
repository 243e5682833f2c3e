# SPDX-License-Identifier: GPL-3.0-or-later
"""Where images are attempted, and the checks that every failure gets."""

import hashlib
import os
import pathlib
import shutil
import stat
import subprocess
import time

import driver
from checks import check

# How long processes may take to end that are about to, in seconds: what goes on
# for good is always seen, and a busy machine is no fault.
GRACE = 20

# An image that is there already and that a failure must leave alone.
OLD_IMAGE = b"the old image\n"

# A limit that only a build that hangs meets, also where much else runs.
MAX_SECONDS = 300

# The greatest file whose content is compared.
MAX_CONTENT = 1 << 20

# Root without the right to pass over permissions.
UNPRIVILEGED = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]


def describe(path):
    """All that can be seen of the file PATH."""
    status = os.lstat(path)
    looks = [stat.filemode(status.st_mode), status.st_uid, status.st_gid]
    if stat.S_ISREG(status.st_mode):
        looks += [status.st_size, status.st_mtime_ns, status.st_ino]
        if status.st_size <= MAX_CONTENT:
            looks.append(hashlib.sha256(path.read_bytes()).hexdigest())
    elif stat.S_ISLNK(status.st_mode):
        looks.append(os.readlink(path))
    return tuple(looks)


def snapshot(directory):
    """All files at and below DIRECTORY, hidden ones too."""
    files = {"": describe(directory)}
    for above, directories, names in os.walk(directory):
        for name in directories + names:
            path = pathlib.Path(above, name)
            files[str(path.relative_to(directory))] = describe(path)
    return files


def difference(before, after):
    """How two snapshots differ, in words."""
    lines = [f"appeared: {name}" for name in sorted(after.keys() - before.keys())]
    lines += [f"vanished: {name}" for name in sorted(before.keys() - after.keys())]
    lines += [f"changed: {name}: {before[name]} {after[name]}"
              for name in sorted(before.keys() & after.keys()) if before[name] != after[name]]
    return lines


def processes():
    """The processes of this namespace but this one; the dead are buried."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                break
        except ChildProcessError:
            break
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes()
                found.append((int(entry.name), command.replace(b"\0", b" ").decode()))
            except OSError:
                pass
    return found


def left_processes():
    """Processes that go on, as those that end are given a moment to do so.
    They are killed."""
    limit = time.monotonic() + GRACE
    while (found := processes()) and time.monotonic() < limit:
        time.sleep(0.005)
    for number, _ in found:
        try:
            os.kill(number, 9)
        except ProcessLookupError:
            pass
    return [f"still runs: {command}" for _, command in found]


class Scene:
    """A directory with input, and places for images, temporary files and the
    current directory, where nothing may appear."""

    def __init__(self, work):
        self.work = work
        self.driver = driver.compile_driver(work)
        self.guile = shutil.which("guile")
        self.input = work / "in"
        self.places = work / "places"
        self.output = self.places / "out"
        self.image = self.output / "image.tar"
        for directory in (self.input, self.places, self.output,
                          self.places / "cwd", self.places / "tmp"):
            directory.mkdir()
        self.last = None        # outcome of the last run
        self.small = self.make_input("small", {"file": b"text\n"})

    def make_input(self, name, files):
        """Make a directory of input that holds FILES."""
        directory = self.input / name
        directory.mkdir()
        for file, content in files.items():
            (directory / file).write_bytes(content)
        return directory

    def words(self, *words, image=None):
        """A command line for the driver: what is required, and WORDS."""
        return [self.driver, "image", image or self.image, "prefix", "/prefix"] + \
            [word if isinstance(word, bytes) else str(word) for word in words]

    def run(self, words, *, before=(), **options):
        """Run the driver with WORDS, under the command BEFORE."""
        environment = dict(os.environ, TMPDIR=str(self.places / "tmp"))
        self.last = driver.run([*before, *words], cwd=self.places / "cwd", env=environment,
                               **options)
        return self.last

    def failure(self, name, *words, status, says=(), image=None, places=None, command=None,
                old=(False, True), change=False, max_seconds=MAX_SECONDS, **options):
        """Check that building with WORDS fails with STATUS (or one of them) and
        a message that has all of SAYS, and leaves everything as it was: without
        an image of that name, and with one.  CHANGE is true where the input is
        changed on purpose."""
        statuses = [status] if isinstance(status, str) else list(status)
        problems = []
        for there in old:
            if there:
                self.image.write_bytes(OLD_IMAGE)
            problems += self.attempt(command or self.words(*words, image=image), statuses, says,
                                     places, change, max_seconds, options)
            self.image.unlink(missing_ok=True)
            if problems:
                break
        return check(name, not problems, "\n".join(problems))

    def attempt(self, command, statuses, says, places, change, max_seconds, options):
        watched = [places or self.places] + ([] if change else [self.input])
        before = [snapshot(place) for place in watched]
        start = time.monotonic()
        outcome = self.run(command, timeout=max_seconds, **options)
        seconds = time.monotonic() - start
        after = [snapshot(place) for place in watched]
        problems = left_processes()
        for one, other in zip(before, after):
            problems += difference(one, other)
        problems += [f"harm: {harm}" for harm in outcome.harm]
        if outcome.ended != 0:
            problems.append(f"the driver ended with {outcome.ended} after {seconds:.1f} s")
        if outcome.status not in statuses:
            problems.append(f"status is {outcome.status}, not {' or '.join(statuses)}")
        elif outcome.status != "OK":
            problems += message_problems(outcome.message, says)
        if problems:
            problems.append("output: " + outcome.text[-1500:])
        return problems

    def success(self, name, *words, image=None, also=lambda outcome: "", command=None, **options):
        """Check that building with WORDS works and does no harm; ALSO returns
        what else is wrong.  The image is removed."""
        outcome = self.run(command or self.words(*words, image=image), **options)
        problems = left_processes() + list(outcome.harm)
        if outcome.ended != 0 or outcome.status != "OK":
            problems.append("the image was not built")
        else:
            try:
                problems.append(also(outcome) or "")
            except OSError as error:
                problems.append(str(error))
        problems = [problem for problem in problems if problem]
        check(name, not problems, "\n".join(problems + [outcome.text[-1500:]]))
        self.image.unlink(missing_ok=True)
        left = sorted(os.listdir(self.output))
        if left:
            check(f"{name}: nothing else is left", False, left)
        return outcome


def message_problems(message, says):
    """What is wrong with a message, which has to have all of SAYS."""
    problems = [f"the message has no {part!r}" for part in map(str, says) if part not in message]
    if not message:
        problems.append("there is no message")
    if message.endswith(".") or message != message.strip() or "\n" in message:
        problems.append("the message is not one line without a full stop")
    return problems


def mount(scene, place, options, kind="tmpfs"):
    """Mount a file system at a new directory PLACE of SCENE."""
    place.mkdir()
    subprocess.run(["mount", "-t", kind, "-o", options, kind, place], check=True)
    return place


def unmount(place):
    subprocess.run(["umount", place], check=True)
    place.rmdir()
