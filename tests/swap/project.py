# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of what the two commands are made of, to run, move and break."""

import os
import shutil
import subprocess

LIBRARY = "target/release/libguix_docker.so"
# All that (guix docker) consists of.
MODULES = {"guix/docker.scm", "guix/docker/arguments.scm", "guix/docker/ffi.scm",
           "guix/docker/json.scm", "guix/docker/library.scm", "guix/docker/parameters.scm",
           "guix/docker/progress.scm", "guix/docker/results.scm", "guix/docker/structures.scm"}


class Project:
    def __init__(self, directory, top, library):
        self.directory = directory
        shutil.copytree(os.path.join(top, "guile"), os.path.join(directory, "guile"))
        os.makedirs(os.path.dirname(self.file(LIBRARY)))
        shutil.copy(library, self.file(LIBRARY))

    def file(self, *names):
        return os.path.join(self.directory, *names)

    def read(self, *names):
        return read(self.file(*names))

    def run(self, command, *arguments, variables=None, **options):
        """Run COMMAND of the project, or anywhere, and return its status and
        what it printed."""
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("GUIX_DOCKER_", "GUILE"))}
        environment.update(LC_ALL="C.UTF-8", GUILE_AUTO_COMPILE="0")
        environment.update(variables or {})
        result = subprocess.run(
            [self.file("guile", command), *arguments], env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, check=False, timeout=600, **options)
        return Result(result.returncode, result.stdout.decode("utf-8", "replace"),
                      result.stderr.decode("utf-8", "replace"))


class Result:
    def __init__(self, status, output, errors):
        self.status = status
        self.output = output
        self.errors = errors

    def refused(self, *words, status=1):
        """Whether this failed with a message that has all WORDS and is made
        for people."""
        return (self.status == status and not self.output
                and all(word in self.errors for word in words)
                and "Backtrace" not in self.errors)

    def __str__(self):
        return f"status {self.status}\n{self.output}{self.errors}"


def read(name):
    with open(name, "rb") as file:
        return file.read()


def write(name, data):
    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name, "wb") as file:
        file.write(data)


def snapshot(directory):
    """Return a dictionary from the name of each file below DIRECTORY to its
    mode and content."""
    files = {}
    for where, directories, names in os.walk(directory):
        for name in directories + names:
            full = os.path.join(where, name)
            status = os.lstat(full)
            content = None if name in directories else read(full)
            files[os.path.relpath(full, directory)] = (oct(status.st_mode), content)
    return files


def changed(before, after):
    """Return the names of the files that differ between two snapshots,
    directories left out."""
    return {name for name in before.keys() | after.keys()
            if before.get(name) != after.get(name)
            and (before.get(name) or after[name])[1] is not None}
