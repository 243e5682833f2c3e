# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmark puts into images: store items, made once and kept.

Each set is a directory of items, laid out as /gnu/store has them: read-only,
with times of 1.  The same machine always gives the same sets.
"""

import hashlib
import os
import shutil
import stat
import subprocess

# Of packages, those of a middling size with more than a few files, so that
# the set has some 140 items and 33,000 files, as a system of Guix has.
PACKAGES_SIZE = 870_000_000
PACKAGE_SIZES = range(500_000, 50_000_000)
PACKAGE_MIN_FILES = 20

SMALL_ITEMS = 2000
SMALL_FILES = 20
SMALL_FILE_SIZE = 1600

LARGE_ITEMS = 8
LARGE_FILE_SIZE = 64 << 20

EMPTY_ITEMS = 8
EMPTY_DIRECTORIES = 250
EMPTY_FILES = 100                       # in each directory

BASE32 = "0123456789abcdfghijklmnpqrsvwxyz"


def item_name(name):
    """NAME with something in front that looks like Guix's hashes."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:20], "big")
    letters = []
    for _ in range(32):
        number, letter = divmod(number, 32)
        letters.append(BASE32[letter])
    return "".join(letters) + "-" + name


def words(seed, size):
    """SIZE bytes of text that compresses about as well as text does."""
    parts = []
    length = 0
    block = hashlib.sha256(seed.encode()).hexdigest()
    while length < size:
        block = hashlib.sha256(block.encode()).hexdigest()
        # Half of it new, half of it said before.
        part = f"{block[:24]} {block[0]} the {block[1:3]} of {parts[-1][:24] if parts else ''}\n"
        parts.append(part)
        length += len(part)
    return "".join(parts).encode()[:size]


def seal(directory):
    """Make DIRECTORY and all below it as the store's files are."""
    for parent, directories, files in os.walk(directory, topdown=False):
        for name in files:
            path = os.path.join(parent, name)
            mode = os.lstat(path).st_mode
            if not stat.S_ISLNK(mode):
                os.chmod(path, 0o555 if mode & 0o111 else 0o444)
            os.utime(path, (1, 1), follow_symlinks=False)
        for name in directories:
            path = os.path.join(parent, name)
            if os.path.islink(path):
                os.utime(path, (1, 1), follow_symlinks=False)
        os.chmod(parent, 0o555)
        os.utime(parent, (1, 1))


def write_file(path, content):
    with open(path, "wb") as file:
        file.write(content)


def package_files(package):
    """The files and links of an installed Debian package, and their size."""
    listing = subprocess.run(["dpkg", "-L", package], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    paths, size = [], 0
    for path in listing.splitlines():
        try:
            status = os.lstat(path)
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode) and os.access(path, os.R_OK):
            paths.append(path)
            size += status.st_size
        # A link to a directory may be /lib, which the package did not bring.
        elif stat.S_ISLNK(status.st_mode) and not os.path.isdir(path):
            paths.append(path)
    return paths, size


def make_store(directory):
    """An item for each of the machine's first packages by name."""
    listing = subprocess.run(["dpkg-query", "-W", "-f",
                              "${binary:Package} ${Version}\n"], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    total = 0
    for line in sorted(listing.splitlines()):
        package, version = line.split()
        paths, size = package_files(package)
        if (size not in PACKAGE_SIZES or len(paths) < PACKAGE_MIN_FILES
                or total + size > PACKAGES_SIZE * 1.01):
            continue
        total += size
        name = package.split(":")[0] + "-" + version.replace(":", ".").replace("~", "-")
        item = os.path.join(directory, item_name(name))
        for path in paths:
            target = item + "/" + path.removeprefix("/usr").lstrip("/")
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if not os.path.lexists(target):
                shutil.copy2(path, target, follow_symlinks=False)
        if total >= PACKAGES_SIZE:
            break


def make_small(directory):
    for number in range(SMALL_ITEMS):
        item = os.path.join(directory, item_name(f"small-{number}"))
        os.makedirs(item + "/share")
        for file in range(SMALL_FILES):
            write_file(f"{item}/share/file-{file}",
                       words(f"{number}-{file}", SMALL_FILE_SIZE))


def make_large(directory):
    for number in range(LARGE_ITEMS):
        item = os.path.join(directory, item_name(f"large-{number}"))
        os.mkdir(item)
        with open(item + "/file", "wb") as file:
            for part in range(LARGE_FILE_SIZE >> 20):
                # Text is slow to make: a little of it, again and again.
                file.write(words(f"{number}-{part}", 1 << 14) * (1 << 6))


def make_empty(directory):
    for number in range(EMPTY_ITEMS):
        item = os.path.join(directory, item_name(f"empty-{number}"))
        for place in range(EMPTY_DIRECTORIES):
            os.makedirs(f"{item}/{place}")
            for file in range(EMPTY_FILES):
                write_file(f"{item}/{place}/{file}", b"")


class Items:
    """Store items in a directory."""

    def __init__(self, directory, names):
        self.directory = directory
        self.names = names
        self.files = self.bytes = self.entries = 0
        for name in names:
            path = os.path.join(directory, name)
            for parent, directories, files in os.walk(path):
                self.entries += 1
                for entry in files + directories:
                    status = os.lstat(os.path.join(parent, entry))
                    if stat.S_ISREG(status.st_mode):
                        self.files += 1
                        self.bytes += status.st_size
                    elif stat.S_ISLNK(status.st_mode):
                        self.files += 1

    def first(self, count):
        """COUNT of the items."""
        return Items(self.directory, self.names[:count])

    def every(self, step):
        """One item in STEP."""
        return Items(self.directory, self.names[::step])

    def read(self):
        """Bring all that is in the items into memory."""
        for name in self.names:
            for parent, _, files in os.walk(os.path.join(self.directory, name)):
                for file in files:
                    path = os.path.join(parent, file)
                    if not os.path.islink(path):
                        with open(path, "rb", buffering=0) as stream:
                            while stream.read(1 << 20):
                                pass


def make(directory, name, maker):
    """The set NAME in DIRECTORY, made by MAKER if it is not there yet."""
    path = os.path.join(directory, name)
    if not os.path.exists(path):
        unfinished = path + ".unfinished"
        if os.path.exists(unfinished):
            remove(unfinished)
        os.makedirs(unfinished)
        maker(unfinished)
        seal(unfinished)
        os.chmod(unfinished, 0o755)
        os.rename(unfinished, path)
    return Items(path, sorted(os.listdir(path)))


def remove(directory):
    """Remove DIRECTORY, in which all is read-only."""
    for parent, _, _ in os.walk(directory):
        os.chmod(parent, 0o755)
    shutil.rmtree(directory)
