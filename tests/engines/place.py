# SPDX-License-Identifier: GPL-3.0-or-later
"""Where engines run: the machine, or the sid chroot's mount namespace."""

import os
import shlex
import subprocess

from report import report


class CommandFailed(Exception):
    """A command exited with a failure; the text is its output."""


class Place:
    def __init__(self, name, prefix):
        self.name = name
        self.prefix = prefix

    def run(self, *command, input=None, timeout=600, text=True, merge=False):
        """Run COMMAND and return its standard output, or all of its output
        where MERGE is true."""
        command = [str(word) for word in command]
        try:
            done = subprocess.run(self.prefix + command, input=input, timeout=timeout,
                                  stdin=None if input is not None else subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except subprocess.TimeoutExpired as late:
            raise CommandFailed(f"{shlex.join(command)}: no end after {timeout} s") from late
        output = done.stdout.decode("utf-8", "replace")
        errors = done.stderr.decode("utf-8", "replace")
        shown = output if text else f"({len(done.stdout)} bytes)"
        report.log(f"[{self.name}] $ {shlex.join(command)}\n{shown[:4000]}{errors[:4000]}"
                   f"=> {done.returncode}")
        if done.returncode != 0:
            raise CommandFailed(f"{output}{errors}".strip() or f"exit status {done.returncode}")
        if not text:
            return done.stdout
        return output + errors if merge else output

    def feed(self, producer, *command):
        """Run COMMAND with what PRODUCER, a process, prints; return its output."""
        command = self.prefix + [str(word) for word in command]
        done = subprocess.run(command, stdin=producer.stdout, timeout=600,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        producer.stdout.close()
        errors = producer.stderr.read().decode("utf-8", "replace")
        output = done.stdout.decode("utf-8", "replace")
        report.log(f"[{self.name}] ... | {shlex.join(command)}\n{errors[:4000]}{output[:4000]}"
                   f"=> {producer.wait()}, {done.returncode}")
        if producer.returncode != 0 or done.returncode != 0:
            raise CommandFailed(errors + output)
        return output

    def start(self, *command):
        """Start COMMAND, whose output is to be read."""
        return subprocess.Popen(self.prefix + [str(word) for word in command],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def spawn(self, log, *command):
        """Start a daemon that writes to the file LOG."""
        with open(log, "ab") as out:
            return subprocess.Popen(self.prefix + [str(word) for word in command],
                                    stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                    start_new_session=True)

    def version(self, package):
        """The version of the Debian PACKAGE, without its revision."""
        version = self.run("dpkg-query", "-W", "-f", "${Version}", package)
        return version.split("-")[0].split("+")[0].split("~")[0]


machine = Place("bookworm", [])
sid = Place("sid", ["nsenter", f"--mount=/proc/{os.environ['SID_PID']}/ns/mnt", "--"])
