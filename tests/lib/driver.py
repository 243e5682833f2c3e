# SPDX-License-Identifier: GPL-3.0-or-later
"""Building images by the C program driver.c, and what its output says."""

import dataclasses
import os
import pathlib
import re
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
HEADER = TOP / "include" / "guix_docker.h"

# Every status of the header, by the part of its name that tells it apart.
STATUSES = {name: int(number) for name, number in
            re.findall(r"^  GUIX_DOCKER_STATUS_(\w+) = (\d+),$",
                       HEADER.read_text(), re.MULTILINE)}
NAMES = {number: name for name, number in STATUSES.items()}


@dataclasses.dataclass
class Outcome:
    """What came of one call."""
    ended: object               # exit status of the driver, or "timeout"
    text: str                   # all it printed
    status: str = "none"        # name of the status
    message: str = ""
    argument: str = ""          # what the message is about
    errno: int = 0
    harm: tuple = ()            # what the call changed in the process
    fields: dict = dataclasses.field(default_factory=dict)


def compile_driver(work):
    """Compile the driver to WORK, where ./lib has the library."""
    program = work / "driver"
    subprocess.run(
        [os.environ.get("CC", "gcc"), "-std=c11", "-Wall", "-Wextra", "-Werror",
         f"-I{HEADER.parent}", pathlib.Path(__file__).parent / "driver.c",
         "-o", program, f"-L{work / 'lib'}", "-lguix_docker",
         f"-Wl,-rpath,{work / 'lib'}", "-pthread"],
        check=True)
    return program


def parse(ended, text):
    """The outcome that the driver's output TEXT tells of."""
    outcome = Outcome(ended, text)
    harm = []
    for line in text.splitlines():
        key, _, value = line.partition(": ")
        if key == "harm":
            harm.append(value)
        elif key == "status":
            outcome.status = NAMES.get(int(value), value)
        elif key == "errno":
            outcome.errno = int(value)
        elif key == "message":
            outcome.message = value
        elif key == "argument":
            outcome.argument = value
        else:
            outcome.fields[key] = value
    outcome.harm = tuple(harm)
    return outcome


def run(command, *, timeout=300, **options):
    """Run COMMAND, which ends in a call of the driver, and parse what it says."""
    options.setdefault("stdin", subprocess.DEVNULL)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               **options)
    try:
        output, _ = process.communicate(timeout=timeout)
        ended = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
        ended = "timeout"
    return parse(ended, output.decode("utf-8", "backslashreplace"))
