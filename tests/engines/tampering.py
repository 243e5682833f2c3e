# SPDX-License-Identifier: GPL-3.0-or-later
"""Images with one bit of a file in a layer changed."""

import re

import image
from place import CommandFailed
from report import report

# What they say of it: Docker, containers/image, containerd and crane.
REFUSAL = re.compile("invalid diffID|wrong diff id|Digest did not match"
                     r"|mismatched layer\[\d+\] diffid"
                     # A blob of another digest than its name says is no blob.
                     "|failed to get reader from content store", re.IGNORECASE)


def make(images):
    """Write a changed copy of each form; a dictionary from form to file."""
    data = image.items()["data"].replace("/gnu/store", "/mnt/store")
    with open(f"{data}/share/numbers", "rb") as file:
        content = file.read()[:4096]
    changed = {}
    for form in image.FORMS:
        with open(images[form, "none"].file, "rb") as file:
            archive = bytearray(file.read())
        position = archive.index(content) + 1000
        archive[position] ^= 1
        changed[form] = f"/mnt/images/changed-{form}"
        with open(changed[form], "wb") as file:
            file.write(archive)
    return changed


def check(engine, changed):
    """Let ENGINE load the images CHANGED; return whether it refused them."""
    refused = True
    for form, file in changed.items():
        name = f"{engine.id}: {form} with a bit of a layer changed"
        try:
            engine.load(file)
        except CommandFailed as refusal:
            report.check(f"{name}: is refused", engine.checks_layers and
                         REFUSAL.search(str(refusal)), refusal)
        else:
            refused = False
            report.check(f"{name}: goes unnoticed, as is known" if not engine.checks_layers
                         else f"{name}: is refused", not engine.checks_layers,
                         "it was loaded")
        engine.wipe()
    return refused
