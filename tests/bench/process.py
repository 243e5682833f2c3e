# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a command and finding out what it cost."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass

MEASURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "measure.py")

_running = set()


@dataclass
class Cost:
    """What a command and all it started took."""
    wall: float        # seconds
    cpu: float         # seconds, user and system
    memory: int        # bytes, of its largest process; 8 MiB or so are the least
    size: int = 0      # bytes of output
    output: str = ""   # what it printed


class Failure(Exception):
    """A command did not do what it should."""


class Started:
    """A command that is running."""

    def __init__(self, command, stdin=None):
        self.command = command
        self.costs, costs = os.pipe()
        with open(stdin or os.devnull, "rb") as source:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-B", MEASURE, str(costs), *command],
                stdin=source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                pass_fds=(costs,), start_new_session=True)
        os.close(costs)
        _running.add(self.process)

    def finish(self):
        """Wait for the command to end and return its Cost."""
        output = self.process.communicate()[0].decode(errors="replace")
        _running.discard(self.process)
        costs = os.read(self.costs, 1000).decode().split()
        os.close(self.costs)
        if not costs or costs[0] != "0":
            raise Failure(f"failed: {' '.join(self.command)}\n{output[-2000:]}")
        _, wall, cpu, memory = map(float, costs)
        return Cost(wall, cpu, int(memory) * 1024, output=output)


def run(command, stdin=None):
    return Started(command, stdin).finish()


def kill_all():
    """End what is still running."""
    while _running:
        process = _running.pop()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
