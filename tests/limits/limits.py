# SPDX-License-Identifier: GPL-3.0-or-later
"""The suite of limits, started by ./run.

Memory is what the kernel says a process had at most that does nothing but one
build (VmHWM), its arguments included."""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import driver       # noqa: E402  (its directory comes first)
from checks import check, finish        # noqa: E402

LONG = os.environ.get("LONG") == "true"
FILES = 200_000 if LONG else 40_000
ITEMS = 5000
LAYERS = 127
LARGE = (20 if LONG else 2) << 30
VARIABLES = 100_000
TEXT = 1 << 20
TIMEOUT = 300

# The longest message, in bytes.
MESSAGE = 17_000

# What README.md says, for two threads: bytes at most, and for each file besides
# its name.
MEMORY = 12 << 20
MEMORY_GZIP = 24 << 20
PER_FILE = 350
# Arguments, what becomes of them, and the documents, by the bytes that they have.
PER_BYTE = 12


@dataclasses.dataclass
class Result:
    """What came of one build."""
    outcome: driver.Outcome
    memory: int         # in bytes
    seconds: float

    def __str__(self):
        return f"{self.memory / (1 << 20):.0f} MiB, {self.seconds:.1f} s"


class Place:
    """The program, and a directory of its own."""

    def __init__(self, work):
        self.program = work / "limits"
        self.work = work
        self.image = work / "image"
        subprocess.run(
            [os.environ.get("CC", "gcc"), "-std=gnu11", "-Wall", "-Wextra", "-Werror",
             f"-I{driver.HEADER.parent}", HERE / "limits.c", "-o", self.program,
             f"-L{work / 'lib'}", "-lguix_docker", f"-Wl,-rpath,{work / 'lib'}"],
            check=True)
        self.small = work / "small"
        self.small.write_bytes(b"text\n")

    def build(self, *words, image=None):
        start = time.monotonic()
        outcome = driver.run([str(word) for word in (self.program, image or self.image, *words)],
                             timeout=TIMEOUT)
        seconds = time.monotonic() - start
        return Result(outcome, int(outcome.fields.get("memory", 0)) << 10, seconds)

    def list_of(self, paths):
        """A file that has the names of PATHS."""
        file = self.work / "list"
        file.write_text("".join(f"{path}\n" for path in paths))
        return file


def judge(name, result, memory, problem=None):
    """Check a build that has to end well within MEMORY bytes."""
    problems = [problem] if problem else []
    if result.outcome.ended != 0 or result.outcome.status != "OK":
        problems.append(result.outcome.text[-1000:])
    if not 0 < result.memory <= memory:
        problems.append(f"it took {result}, not {memory >> 20} MiB")
    check(f"{name}: {result}, of {memory >> 20} MiB", not problems, "\n".join(problems))


def members(image, layer=None):
    """How many members the archive IMAGE, or a layer in it, has."""
    command = ["tar", "-xOf", image, layer] if layer else ["cat", image]
    unpacking = subprocess.Popen(command, stdout=subprocess.PIPE)
    listing = subprocess.run(["tar", "-t"], stdin=unpacking.stdout, capture_output=True,
                             check=True)
    unpacking.stdout.close()
    unpacking.wait()
    return listing.stdout.count(b"\n")


def documents(image):
    """The manifest and the configuration of the Docker archive IMAGE."""
    def read(name):
        return json.loads(subprocess.run(["tar", "-xOf", image, name], capture_output=True,
                                         check=True).stdout)
    manifest, = read("manifest.json")
    return manifest, read(manifest["Config"])


def check_files(place):
    """Many files, a thousand in each item."""
    tree = place.work / "tree"
    items = []
    for number in range(FILES // 1000):
        item = tree / f"{number:032}-item"
        (item / "share").mkdir(parents=True)
        for file in range(1000):
            os.close(os.open(item / "share" / f"file-{file}", os.O_CREAT | os.O_WRONLY))
        items.append(item)
    # The item, and the directory in it.
    entries = FILES + 2 * len(items)
    length = len(str(items[0] / "share" / "file-000"))
    listing = place.list_of(items)
    for name, layers, compressor, memory in (
            ("in a single layer", 0, [], MEMORY),
            ("in 100 layers, gzip", 100, ["gzip", "-9n"], MEMORY_GZIP)):
        result = place.build("paths", listing, layers, *compressor)
        problem = None
        if result.outcome.status == "OK" and layers == 0:
            manifest, _ = documents(place.image)
            # Directories above the items may be there, too.
            found = members(place.image, manifest["Layers"][0])
            if not entries <= found <= entries + 10:
                problem = f"{found} members, not {entries}"
        judge(f"{FILES} files with names of {length} bytes, {name}", result, memory + (PER_FILE + length) * entries,
              problem)
        place.image.unlink(missing_ok=True)
    shutil.rmtree(tree)


def check_items(place):
    tree = place.work / "items"
    items = []
    for number in range(ITEMS):
        item = tree / f"{number:032}-item"
        item.mkdir(parents=True)
        (item / "file").write_bytes(b"%d\n" % number)
        items.append(item)
    listing = place.list_of(items)
    result = place.build("paths", listing, LAYERS)
    problem = None
    if result.outcome.status == "OK":
        manifest, _ = documents(place.image)
        if len(manifest["Layers"]) != LAYERS:
            problem = f"{len(manifest['Layers'])} layers"
    judge(f"{ITEMS} items in {LAYERS} layers", result, MEMORY + 3 * (PER_FILE + 100) * ITEMS, problem)
    place.image.unlink(missing_ok=True)
    shutil.rmtree(tree)


def check_large(place):
    large = place.work / "large"
    with open(large, "wb") as file:
        file.truncate(LARGE)
    result = place.build("paths", place.list_of([large]), 0, image="-")
    size = int(result.outcome.fields.get("size", 0))
    judge(f"a file of {LARGE >> 30} GiB", result, MEMORY,
          None if LARGE < size < LARGE + (1 << 20) else f"the image has {size} bytes")
    large.unlink()


def check_long_names(place):
    """Names as long as the kernel takes in one piece, and longer ones."""
    for length in (4094, 4095, 4096, 9000):
        top = place.work / "deep"
        top.mkdir()
        descriptor = os.open(top, os.O_RDONLY)
        name = str(top)
        while len(name) + 1 < length:
            part = "d" * min(200, length - len(name) - 1)
            # A last part that would be empty comes from a longer one before.
            if length - len(name) - 1 - len(part) == 1:
                part = part[:-1]
            os.mkdir(part, dir_fd=descriptor)
            below = os.open(part, os.O_RDONLY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
            name += "/" + part
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))
        os.close(descriptor)
        result = place.build("paths", place.list_of([top]), 0)
        problem = None
        if result.outcome.status == "OK":
            manifest, _ = documents(place.image)
            layer = subprocess.run(["tar", "-xOf", place.image, manifest["Layers"][0]],
                                   capture_output=True, check=True).stdout
            listing = subprocess.run(["tar", "-t"], input=layer, capture_output=True,
                                     check=True).stdout.decode().splitlines()
            if f"{name}/file".lstrip("/") not in [line.lstrip("./") for line in listing]:
                problem = "the file is not in the image"
        judge(f"a directory whose name has {len(name)} bytes", result, MEMORY, problem)
        place.image.unlink(missing_ok=True)
        if length <= 4095:
            result = place.build("paths", place.list_of([name]), 0)
            judge(f"it is given by that name of {len(name)} bytes", result, MEMORY)
            place.image.unlink(missing_ok=True)
        else:
            result = place.build("paths", place.list_of([name]), 0)
            check(f"it is given by that name of {len(name)} bytes: "
                  f"{result.outcome.status}",
                  result.outcome.ended == 0 and result.outcome.status in ("OK", "INPUT",
                                                                          "INVALID_ARGUMENT"),
                  result.outcome.text[:1000])
            place.image.unlink(missing_ok=True)
        subprocess.run(["rm", "-r", top], check=True)


def check_variables(place):
    result = place.build("variables", VARIABLES, place.small)
    problem = None
    if result.outcome.status == "OK":
        _, config = documents(place.image)
        expected = {f"NAME_{number}=value {number}" for number in range(VARIABLES)}
        if not expected <= set(config["config"]["env"]):
            problem = "some are not in the image"
    judge(f"{VARIABLES} variables", result, MEMORY + PER_BYTE * VARIABLES * 24, problem)
    place.image.unlink(missing_ok=True)


# What a long text is right for, and where it is to be found in the image then.
RIGHT = {"prefix", "environment_name", "environment_value", "label_name", "label_value",
         "annotation_name", "annotation_value", "entry_point", "cmd", "user",
         "working_directory", "volumes", "health_check", "author", "config", "ownership", "from"}
# Not in the image as such.
UNSEEN = {"ownership", "from", "prefix", "repository"}
REFUSED = {
    "image": {"OUTPUT", "INVALID_ARGUMENT"},
    "paths": {"INPUT", "INVALID_ARGUMENT"},
    "repository": {"OK"},
    "system": {"UNSUPPORTED_SYSTEM", "INVALID_ARGUMENT"},
    "database": {"INPUT"},
    "root_system": {"INPUT"},
    "directory": {"OK", "INVALID_ARGUMENT"},
    "file": {"OK", "INVALID_ARGUMENT"},
    "link": {"OK", "INVALID_ARGUMENT"},
    "target": {"INPUT", "INVALID_ARGUMENT"},
    "to": {"OK", "INVALID_ARGUMENT"},
    "compressor": {"COMPRESSOR", "INVALID_ARGUMENT"},
    "compressor_argument": {"COMPRESSOR", "INVALID_ARGUMENT"},
    "names": {"INVALID_ARGUMENT"},
    "exposed_ports": {"INVALID_ARGUMENT"},
    "stop_signal": {"INVALID_ARGUMENT"},
    "config_nested": {"INVALID_ARGUMENT"},
    "reuse": {"INPUT", "INVALID_ARGUMENT"},
    "references_graphs": {"INPUT", "INVALID_ARGUMENT"},
    "base": {"INPUT", "INVALID_ARGUMENT"},
    "base_name": {"INPUT", "INVALID_ARGUMENT"},
    "variant": {"INVALID_ARGUMENT"},
}


def check_texts(place):
    """A text of 1 MiB in each argument is in the image or refused, with a message
    that can be read."""
    memory = MEMORY + 16 * TEXT
    for argument in sorted(RIGHT | REFUSED.keys()):
        result = place.build("text", argument, TEXT, place.small)
        outcome = result.outcome
        problems = []
        if outcome.ended != 0:
            problems.append(f"it ended with {outcome.ended}")
        if outcome.status not in REFUSED.get(argument, {"OK"}):
            problems.append(f"status {outcome.status}: {outcome.message[:300]}")
        if len(outcome.message) > MESSAGE:
            problems.append(f"the message has {len(outcome.message)} bytes")
        if result.memory > memory:
            problems.append(f"it took {result}, not {memory >> 20} MiB")
        if outcome.status == "OK" and argument not in UNSEEN:
            # Names may be in several pieces of an archive.
            if place.image.read_bytes().count(b"x" * (TEXT // 2)) < 1:
                problems.append("the text is not in the image")
        if (outcome.status == "OK") != place.image.exists():
            problems.append("there is an image, or there is none")
        check(f"a text of 1 MiB, {argument}: {outcome.status}, {result}", not problems,
              "\n".join(problems))
        place.image.unlink(missing_ok=True)


def main():
    place = Place(pathlib.Path(sys.argv[1]).resolve())
    for part in (check_files, check_items, check_large, check_long_names, check_variables,
                 check_texts):
        part(place)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
