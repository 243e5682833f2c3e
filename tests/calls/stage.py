# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of builds, places for them, and what is there before and after."""

import concurrent.futures
import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import queue
import random
import shutil
import stat
import subprocess
import threading
import time

import driver

LONG = os.environ.get("LONG") == "true"

# How long a build may take that takes a fraction of a second undisturbed: only one
# that hangs takes so long, also where much else runs.
MAX_SECONDS = 300

# An image that is there already.
OLD_IMAGE = b"the old image\n"

# How many builds there are at once.
WORKERS = min(2, os.cpu_count() or 1)


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of build: its name, words for the driver, and where it goes."""
    name: str
    words: tuple
    place: str = "file"         # or "directory", or "stream"
    has_record: bool = False    # of the layers of what is there before


SINGLE = Kind("a single layer", ())
LAYERS = Kind("4 layers, gzip", ("max-layers", "4", "compressor", "gzip", ";"))
COMMAND = Kind("a command", ("compressor", "cat", ";"))
STREAM = Kind("a descriptor", ("max-layers", "3"), "stream")
ARCHIVE = Kind("an OCI archive", ("format", "1", "max-layers", "3"))
DIRECTORY = Kind("an OCI directory",
                 ("format", "2", "max-layers", "4", "compressor", "gzip", ";", "name", "new"),
                 "directory")
# The same, whose layers that are there already are in the record.
RECORDED = dataclasses.replace(DIRECTORY, name="an OCI directory, recorded", has_record=True)
# Upon an archive that is unpacked in the directory for temporary files.
UPON_BASE = Kind("upon a base", ("base", "BASE"))
KINDS = [SINGLE, LAYERS, COMMAND, STREAM, ARCHIVE, DIRECTORY, RECORDED, UPON_BASE]
# Those that are killed.
IN_FILES = [SINGLE, LAYERS, COMMAND, ARCHIVE, DIRECTORY]


@dataclasses.dataclass
class Build:
    """One build and what came of it."""
    outcome: driver.Outcome
    log: dict                   # what tamper says: word to the rest of the line
    streamed: bytes = b""       # what came out of the descriptor

    @property
    def hit(self):
        """The call that was disturbed, and how."""
        return self.log.get("hit", "")

    @property
    def ended(self):
        return self.log.get("ended", f"tamper: {self.outcome.ended}")


def look(path):
    """What is at PATH: the bytes of a file, files by name for a directory, or
    None for nothing."""
    try:
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            return path.read_bytes()
    except FileNotFoundError:
        return None
    found = {}
    for above, directories, names in os.walk(path):
        above = pathlib.Path(above)
        for name in directories:
            found[str((above / name).relative_to(path))] = None
        for name in names:
            found[str((above / name).relative_to(path))] = (above / name).read_bytes()
    return found


def put(directory, seen):
    """Have what `look' has seen be in DIRECTORY, which is empty."""
    for name, content in sorted(seen.items()):
        if content is None:
            (directory / name).mkdir(mode=0o700 if directory.name == "cache" else 0o777)
        else:
            (directory / name).write_bytes(content)


def describe(seen):
    """What `look' has seen, for people."""
    if seen is None:
        return "nothing"
    if isinstance(seen, bytes):
        return f"{len(seen)} bytes, {hashlib.sha256(seen).hexdigest()[:12]}"
    return ", ".join(f"{name} ({'directory' if content is None else len(content)})"
                     for name, content in sorted(seen.items())) or "an empty directory"


def store_problem(seen):
    """What is wrong with an OCI image layout as `look' has seen it.  There may be
    nothing yet, or an empty directory."""
    if not seen:
        return ""
    for name in ("oci-layout", "index.json", "blobs/sha256"):
        if name not in seen:
            return f"a layout without {name}: {describe(seen)}"

    def blob(descriptor):
        name = "blobs/" + descriptor["digest"].replace(":", "/")
        content = seen.get(name)
        if content is None:
            raise ValueError(f"{name} is missing")
        if len(content) != descriptor["size"] or \
                hashlib.sha256(content).hexdigest() != descriptor["digest"].partition(":")[2]:
            raise ValueError(f"{name} is not what it is called")
        return content

    def follow(document):
        for entry in document.get("manifests", []):
            follow(json.loads(blob(entry)))
        for entry in document.get("layers", []):
            blob(entry)
        if "config" in document:
            json.loads(blob(document["config"]))

    try:
        follow(json.loads(seen["index.json"]))
        json.loads(seen["oci-layout"])
    except (ValueError, KeyError) as error:
        return f"not a valid layout: {error}"
    return ""


def make_input(directory, scale):
    """Files for four layers and more, of SCALE times some 100 kB."""
    noise = random.Random(scale)
    lines = b"".join(b"%d bottles\n" % number for number in range(3000 * scale))
    for name, files in {"first": {"noise": noise.randbytes(40_000 * scale), "empty": b""},
                        "second": {"text": lines},
                        "third": {"short": b"short\n", "deep/deeper/file": lines[:5000]},
                        "fourth": {"data": bytes(3000), "other": b"other\n"}}.items():
        for file, content in files.items():
            path = directory / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    (directory / "third" / "link").symlink_to("short")
    return [directory / name for name in ("first", "second", "third", "fourth")]


class Stage:
    """The programs, the input, and what is expected of each kind."""

    def __init__(self, work):
        self.work = work
        self.driver = driver.compile_driver(work)
        self.small = make_input(work / "small", 1)
        self.places = {}
        self.expected = {}
        self.lock = threading.Lock()
        self.base = work / "base.tar.gz"
        subprocess.run(self.words(LAYERS, self.base, self.small[1:3]), check=True,
                       stdout=subprocess.DEVNULL)

    def words(self, kind, image, paths=None):
        """The command that builds KIND as IMAGE."""
        words = [self.driver, "image", image, "prefix", "/prefix", "threads", "2",
                 "creation-time", "1",
                 *(self.base if word == "BASE" else word for word in kind.words)]
        for path in paths or self.small:
            words += ["path", path]
        if kind.place == "stream":
            words[1:3] = ["image-fd", str(image)]
        return words

    def expect(self, kind, with_old, paths=None):
        """What an undisturbed build of KIND makes, of PATHS or the small input,
        where there is an image and where there is none."""
        key = (kind, with_old, tuple(paths or ()))
        with self.lock:
            if key not in self.expected:
                place = Place(self, self.work / f"undisturbed-{len(self.expected)}")
                place.prepare(kind, with_old)
                build = place.build(kind, paths=paths)
                if build.outcome.status != "OK" or build.outcome.harm:
                    raise RuntimeError(f"{kind.name}: {build.outcome.text}")
                self.expected[key] = place.result(kind, build)
                place.clear()
        return self.expected[key]

    def old(self, kind):
        """What is there before, where something is."""
        if kind.place == "file":
            return OLD_IMAGE
        if "old" not in self.expected:
            place = Place(self, self.work / "old-layout")
            words = [word if word != "new" else "old" for word in DIRECTORY.words]
            # Some of its layers are the new image's, too.
            place.build(dataclasses.replace(DIRECTORY, words=tuple(words)),
                        paths=self.small[1:])
            self.expected["old"] = look(place.image)
            self.expected["record"] = look(place.cache)
        return self.expected["old"]

    @contextlib.contextmanager
    def mounted(self, file_system):
        """A directory on "disk", "tmpfs" or "FUSE"; None if that cannot be had,
        and why."""
        place = self.work / file_system
        place.mkdir(exist_ok=True)
        if file_system == "disk":
            yield place, ""
            return
        if file_system == "tmpfs":
            command = ["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", place]
        else:
            below = self.work / "below"
            below.mkdir(exist_ok=True)
            command = ["bindfs", below, place]
        if not shutil.which(command[0]):
            yield None, f"{command[0]} is not installed"
            return
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
        if mounted.returncode != 0:
            yield None, f"{command[0]}: {mounted.stderr.strip()}"
            return
        try:
            yield place, ""
        finally:
            subprocess.run(["umount", place], check=False)

    def all(self, work, items, top=None):
        """The results of WORK, of a place below TOP and an item, for all ITEMS;
        several are worked on at once."""
        places = queue.Queue()
        for number in range(WORKERS):
            places.put(Place(self, (top or self.work) / f"place-{number}"))

        def one(item):
            place = places.get()
            try:
                return work(place, item)
            finally:
                places.put(place)

        with concurrent.futures.ThreadPoolExecutor(WORKERS) as executor:
            return list(executor.map(one, items))


class Place:
    """A directory for one build at a time."""

    def __init__(self, stage, directory):
        self.stage = stage
        self.directory = directory
        self.output = directory / "out"
        self.temporary = directory / "tmp"
        self.cache = directory / "cache"
        self.image = self.output / "image"
        self.log = stage.work / f"log-{directory.parent.name}-{directory.name}"
        for name in (self.output, self.temporary, self.cache):
            name.mkdir(parents=True, exist_ok=True)

    def prepare(self, kind, with_old):
        """Have there be an old image, or nothing."""
        self.clear()
        if not with_old or kind.place == "stream":
            return
        old = self.stage.old(kind)
        if kind.place == "file":
            self.image.write_bytes(old)
            return
        self.image.mkdir()
        put(self.image, old)
        if kind.has_record:
            put(self.cache, self.stage.expected["record"])

    def clear(self):
        for name in (self.output, self.temporary, self.cache):
            for entry in os.scandir(name):
                if entry.is_dir(follow_symlinks=False):
                    # Files that somebody has open go on under other names, see
                    # `settle'.
                    shutil.rmtree(entry.path, ignore_errors=True)
                    self.settle()
                    if os.path.exists(entry.path):
                        shutil.rmtree(entry.path)
                else:
                    os.unlink(entry.path)
        self.settle()

    def build(self, kind, *tampering, paths=None):
        """Build KIND, disturbed as TAMPERING, the mode of tamper with its
        arguments, says."""
        image, reader, received, options = self.image, None, [], {}
        if kind.place == "stream":
            end, image = os.pipe()
            options["pass_fds"] = [image]

            def read():
                while piece := os.read(end, 1 << 20):
                    received.append(piece)

            reader = threading.Thread(target=read)
        command = self.stage.words(kind, image, paths)
        if tampering:
            self.log.unlink(missing_ok=True)
            command = [self.stage.work / "tamper", self.log, *map(str, tampering), "--", *command]
        with contextlib.ExitStack() as stack:
            if reader:
                reader.start()
                stack.callback(os.close, end)
                stack.callback(reader.join)
                stack.callback(os.close, image)
            outcome = driver.run(command, timeout=MAX_SECONDS, cwd=self.directory,
                                 env=self.environment(), **options)
        log = {}
        if tampering and self.log.exists():
            for line in self.log.read_text().splitlines():
                key, _, value = line.partition(": ")
                log[key] = value
        return Build(outcome, log, b"".join(received))

    def environment(self):
        return dict(os.environ, TMPDIR=str(self.temporary), XDG_CACHE_HOME=str(self.cache))

    def result(self, kind, build):
        """What BUILD has made."""
        return build.streamed if kind.place == "stream" else look(self.image)

    def strays(self):
        """Files that are not the image."""
        found = {name for name in os.listdir(self.output) if name != self.image.name}
        # What has no name any more goes when it is closed.
        return sorted(found) + sorted(os.listdir(self.temporary))

    def settle(self):
        """Wait for deleted files to be gone, which a file system in user space
        may keep under a name until it has heard that they are closed."""
        for _ in range(100):
            if not any(name.startswith(".fuse_hidden")
                       for *_, names in os.walk(self.output) for name in names):
                return
            time.sleep(0.01)


def general_problems(build, *, returned=True):
    """What no build may do, however it is disturbed."""
    problems = [f"harm: {harm}" for harm in build.outcome.harm]
    for word in ("left", "unknown"):
        if word in build.log:
            problems.append(f"{word}: {build.log[word]}")
    if build.outcome.ended == "timeout":
        problems.append(f"not over after {MAX_SECONDS} s")
    elif build.outcome.ended != 0:
        problems.append(f"tamper: {build.outcome.ended}")
    elif returned and build.ended != "exit 0":
        problems.append(f"the process has ended: {build.ended}")
    return problems


def message_problem(message):
    if not message:
        return "there is no message"
    if "\n" in message or message != message.strip() or message.endswith("."):
        return f"not one line without a full stop: {message!r}"
    return ""
