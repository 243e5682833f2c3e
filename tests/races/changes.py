# SPDX-License-Identifier: GPL-3.0-or-later
"""What the other process does to the tree, and what of it may be in an image.

Contents are made of lines that tell of which version they are, so that a
mixture of two is seen.  Files that are replaced by others have sizes of their
own; a file that is changed in its place keeps its size, grows or shrinks.
"""

import contextlib
import functools
import os
import stat
import time

# What is in the files elsewhere, none of which may be in an image.
OUTSIDE = b"from elsewhere: not to be seen\n"
OUTSIDE_NAME = "unseen"

LINE = 32


@functools.lru_cache(maxsize=24)
def content(version, lines):
    """A whole file of VERSION."""
    return b"".join(b"version %09d, line %07d\n" % (version, line) for line in range(lines))


def problem_of_content(data):
    """What is wrong with DATA, which is to be of a single version."""
    if len(data) % LINE:
        return f"it has {len(data)} bytes, which is no whole number of lines"
    if not data:
        return None
    version = data[8:17]
    if not version.isdigit():
        return f"it begins with {data[:LINE]!r}"
    if data == content(int(version), len(data) // LINE):
        return None
    lines = [data[at:at + LINE] for at in range(0, len(data), LINE)]
    versions = sorted({line[8:17] for line in lines})
    return f"it has lines of the versions {versions[:6]}, {len(lines)} in all"


class Change:
    """A kind of change, to files in the directory `victims` of the tree."""

    # Whether changes are made all the time; otherwise when `words` says.
    continual = True
    # How many times as long builds take.
    cost = 1
    # Lines of the files that are there at first.
    lines = 1000

    def __init__(self, tree, outside):
        self.outside = outside
        self.directory = tree / "victims"
        self.version = 1
        self.prepare()

    def prepare(self):
        """Make what there is at first."""
        self.directory.mkdir()
        for name in self.names():
            self.replace(self.directory / name)

    def names(self):
        return [f"file-{number}" for number in range(6)]

    def words(self):
        """What the driver is to do besides."""
        return []

    def settle(self):
        """Undo what must not be there when the next build begins."""

    def replace(self, path):
        """Put a new version at PATH, whatever is there but a directory."""
        self.version += 1
        new = path.with_name(".new")
        new.write_bytes(content(self.version, self.lines + self.version % 7))
        os.rename(new, path)

    def change(self, random):
        """Make one change; RANDOM is a source of numbers."""
        self.change_file(self.directory / random.choice(self.names()), random)

    def change_file(self, path, random):
        raise NotImplementedError

    def problem(self, member, data):
        """What is wrong with a MEMBER in the directory, which has DATA."""
        if member.isfile():
            return problem_of_content(data)
        return None if member.isdir() else f"it is of type {member.type!r}"


class Grows(Change):
    """A file grows, a line at a time or some, and is made anew when it is large."""

    def change_file(self, path, random):
        size = path.stat().st_size
        if size > 100_000:
            self.replace(path)
            return
        version = int(path.read_bytes()[8:17])
        whole = content(version, size // LINE + random.choice([1, 100]))
        with open(path, "ab", buffering=0) as file:
            file.write(whole[size:])


class Shrinks(Change):
    """A file shrinks, until it is empty, and is made anew."""

    def change_file(self, path, random):
        size = path.stat().st_size
        if size == 0:
            self.replace(path)
        else:
            lines = size // LINE - random.choice([1, 50, 1000])
            os.truncate(path, max(0, lines * LINE))


class IsRewritten(Change):
    """A file gets another content of the same length, by one call."""

    lines = 4000

    def replace(self, path):
        self.version += 1
        # One file is larger than the pieces in which files are read.
        lines = 100_000 if path.name == "file-0" else self.lines
        # Few, so that writing takes most of the time.
        data = content(self.version % 3, lines)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, data)
        finally:
            os.close(descriptor)

    def change_file(self, path, random):
        self.replace(path)


class IsReplaced(Change):
    """Another file takes its place."""

    def change_file(self, path, random):
        self.replace(path)


class BecomesLink(Change):
    """A symbolic link to a file elsewhere takes its place, and it comes back."""

    def change_file(self, path, random):
        if path.is_symlink():
            self.replace(path)
            return
        new = path.with_name(".new")
        new.symlink_to(self.outside / OUTSIDE_NAME)
        os.rename(new, path)

    def problem(self, member, data):
        if member.issym():
            right = member.linkname == str(self.outside / OUTSIDE_NAME)
            return None if right else f"it is a link to {member.linkname}"
        return super().problem(member, data)


class DirectoryChange(Change):
    """What is done to directories with files in them."""

    def prepare(self):
        self.directory.mkdir()
        self.hidden = self.directory.parent.parent / "hidden"
        self.hidden.mkdir()
        for name in self.names():
            for below in ("", "below"):
                (self.directory / name / below).mkdir()
                for number in range(4):
                    # The names are those of the files elsewhere.
                    self.replace(self.directory / name / below / f"{OUTSIDE_NAME}-{number}")

    def names(self):
        return [f"directory-{number}" for number in range(4)]

    def is_there(self, path):
        return path.is_dir() and not path.is_symlink()

    def take_place(self, path):
        """Put at PATH, where nothing is, what takes the directory's place."""
        raise NotImplementedError

    def change_file(self, path, random):
        away = self.hidden / path.name
        if self.is_there(path):
            os.rename(path, away)
            self.take_place(path)
        else:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            os.rename(away, path)


class DirectoryBecomesLink(DirectoryChange):
    """A symbolic link to a directory elsewhere, with the same names in it."""

    def take_place(self, path):
        path.symlink_to(self.outside)

    def problem(self, member, data):
        if member.issym():
            right = member.linkname == str(self.outside)
            return None if right else f"it is a link to {member.linkname}"
        return super().problem(member, data)


class DirectoryBecomesFile(DirectoryChange):
    """A file takes the place of a directory."""

    def take_place(self, path):
        self.replace(path)


class DirectoryMovesAway(DirectoryChange):
    """A directory is moved away and comes back, or another one comes."""

    def take_place(self, path):
        # Another one is there for a while, without what was in it.
        if self.version % 2:
            path.mkdir()

    def change_file(self, path, random):
        self.version += 1
        if (self.hidden / path.name).exists():
            with contextlib.suppress(FileNotFoundError):
                path.rmdir()
            os.rename(self.hidden / path.name, path)
        else:
            super().change_file(path, random)


class ParentMovesAway(Change):
    """The directory above the whole tree is moved away and comes back."""

    def prepare(self):
        super().prepare()
        self.parent = self.directory.parent.parent
        self.away = self.parent.with_name("away")

    def change(self, random):
        os.rename(self.parent, self.away)
        time.sleep(random.choice([0, 0.0002, 0.001]))
        os.rename(self.away, self.parent)


class ParentBecomesLink(Change):
    """A symbolic link to a directory elsewhere, with the same names in it, takes
    the place of the directory above the tree when files are read.  It would be
    followed if it were there at first, as what is asked for."""

    continual = False
    cost = 6
    AHEAD = 192 << 20

    def prepare(self):
        super().prepare()
        self.parent = self.directory.parent.parent
        self.away = self.parent.with_name("away")
        same = self.outside / self.directory.relative_to(self.parent)
        same.mkdir(parents=True)
        for name in self.names():
            path = self.directory / name
            (same / name).write_bytes((OUTSIDE * path.stat().st_size)[:path.stat().st_size])
            # All that is looked at is the same but the content.
            os.utime(path, (1, 1))
            os.utime(same / name, (1, 1))
        # Reading it takes longer than it takes to be told that it has begun.
        with open(self.directory / "ahead", "wb") as file:
            file.truncate(self.AHEAD)

    def words(self):
        return ["at", 1, "run",
                f"mv {self.parent} {self.away} && ln -s {self.outside} {self.parent}"]

    def settle(self):
        if self.away.exists():
            self.parent.unlink()
            os.rename(self.away, self.parent)

    def problem(self, member, data):
        if member.name.endswith("/ahead"):
            return None if data == bytes(self.AHEAD) else "its content is another one"
        return super().problem(member, data)


class BecomesSpecial(Change):
    """A FIFO or a device takes the file's place."""

    def change_file(self, path, random):
        if stat.S_ISREG(path.lstat().st_mode):
            new = path.with_name(".new")
            if os.getuid() == 0 and random.random() < 0.5:
                # Has no end when it is read.
                os.mknod(new, stat.S_IFCHR | 0o644, os.makedev(1, 5))
            else:
                os.mkfifo(new)
            os.rename(new, path)
        else:
            self.replace(path)

    def problem(self, member, data):
        if member.isfifo():
            return None
        if member.ischr():
            right = (member.devmajor, member.devminor) == (1, 5)
            return None if right else "it is another device"
        return super().problem(member, data)


class Touched(Change):
    """Mode and modification time change, the content does not."""

    MODES = (0o644, 0o444, 0o755)

    def change_file(self, path, random):
        if random.random() < 0.5:
            path.chmod(random.choice(self.MODES))
        else:
            seconds = random.randrange(10 ** 9)
            os.utime(path, (seconds, seconds))

    def problem(self, member, data):
        if member.isfile() and member.mode not in (*self.MODES, 0o555):
            return f"its mode is {member.mode:o}"
        return super().problem(member, data)


class ComesAndGoes(Change):
    """Files, links and directories are added and removed."""

    def change_file(self, path, random):
        path = self.directory / f"{random.choice(['a', 'm', 'z'])}-{random.randrange(8)}"
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.is_dir():
            with contextlib.suppress(FileNotFoundError):
                (path / "file").unlink()
            path.rmdir()
        else:
            kind = random.randrange(3)
            if kind == 0:
                self.replace(path)
            elif kind == 1:
                path.symlink_to("file-0")
            else:
                path.mkdir()
                self.replace(path / "file")

    def problem(self, member, data):
        if member.issym():
            return None if member.linkname == "file-0" else f"it is a link to {member.linkname}"
        return super().problem(member, data)


class LinkIsRetargeted(Change):
    """A symbolic link gets another target."""

    def replace(self, path):
        self.version += 1
        new = path.with_name(".new")
        # As long as names may be, now and then.
        new.symlink_to(f"{self.version:09d}/" * (self.version % 9 * 20 + 1) + "end")
        os.rename(new, path)

    def change_file(self, path, random):
        self.replace(path)

    def problem(self, member, data):
        if not member.issym():
            return super().problem(member, data)
        parts = member.linkname.split("/")
        right = len(set(parts[:-1])) == 1 and parts[-1] == "end" and \
            len(parts) - 2 == int(parts[0]) % 9 * 20
        return None if right else f"it is a link to {member.linkname}"


class GetsHardLink(Change):
    """Hard links to a file come and go."""

    def change_file(self, path, random):
        other = path.with_name(path.name + "-too")
        if other.exists():
            other.unlink()
        else:
            os.link(path, other)


ALL = [Grows, Shrinks, IsRewritten, IsReplaced, BecomesLink, DirectoryBecomesLink,
       DirectoryBecomesFile, DirectoryMovesAway, ParentMovesAway, ParentBecomesLink,
       BecomesSpecial, Touched, ComesAndGoes, LinkIsRetargeted, GetsHardLink]
