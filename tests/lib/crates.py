# SPDX-License-Identifier: GPL-3.0-or-later
"""What Cargo.lock says."""

import os
import re


def locked_crates(top):
    """Return the name, the version and the SHA-256, in base 16, of each crate
    that the Cargo.lock in TOP has downloaded."""
    with open(os.path.join(top, "Cargo.lock"), encoding="utf-8") as port:
        tables = port.read().split("[[package]]\n")[1:]
    fields = [dict(re.findall(r'^(\w+) = "(.*)"$', table, re.MULTILINE)) for table in tables]
    return [(each["name"], each["version"], each["checksum"])
            for each in fields if "checksum" in each]
