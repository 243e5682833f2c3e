# SPDX-License-Identifier: GPL-3.0-or-later
"""Append a member to every structure of the C interface.

usage: grow.py BOUNDARY

BOUNDARY is a directory of sources, which are edited.  The new member is called
"grown" and is 42 in what the library fills in.  Fails if a structure is not
found, or not written as this expects."""

import pathlib
import re
import sys

# The structures that callers fill in, and those that the library does.
READ = {"Options", "Directive", "Transformation", "Variable", "Ownership", "MergeOptions"}
WRITTEN = {"Event", "CReport", "CLayer", "CError"}

DEFINITION = re.compile(r"(#\[repr\(C\)\]\n(?:#\[derive\([^)]*\)\]\n)?pub struct (\w+) \{\n"
                        r"(?:(?:    .*)?\n)*?)(\}\n)")
VALUE = re.compile(r"struct_size: size_of::<(\w+)>\(\)")


def grow(text, found):
    """TEXT with the new member; FOUND gets what it has been added to."""
    def note(place, match, name, replacement):
        found[place].append(match[name])
        return replacement

    text = DEFINITION.sub(lambda match: note(
        "defined", match, 2,
        f"{match[1]}    /// What a later version adds.\n    pub grown: u64,\n{match[3]}"), text)
    return VALUE.sub(lambda match: note(
        "filled in", match, 1, f"grown: 42, {match[0]}"), text)


def main():
    found = {"defined": [], "filled in": []}
    for source in sorted(pathlib.Path(sys.argv[1]).glob("*.rs")):
        source.write_text(grow(source.read_text(), found))
    for place, expected in {"defined": READ | WRITTEN, "filled in": WRITTEN}.items():
        if sorted(found[place]) != sorted(expected):
            sys.exit(f"grow.py: structures {place} are {found[place]}, not {expected}")


if __name__ == "__main__":
    main()
