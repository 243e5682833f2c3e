#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the number of layers and of history entries of a Docker archive.

usage: layers.py ARCHIVE
"""

import json
import sys
import tarfile


def read(archive, name):
    # Guix's own archives of one layer have "./" before their names.
    (member,) = [member for member in archive.getmembers()
                 if member.name.removeprefix("./") == name]
    return json.loads(archive.extractfile(member).read())


with tarfile.open(sys.argv[1]) as image:
    print(len(read(image, "manifest.json")[0]["Layers"]),
          len(read(image, "config.json")["history"]))
