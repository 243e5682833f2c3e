# SPDX-License-Identifier: GPL-3.0-or-later
"""Take tar archives of GNU format apart, strictly, and put them together."""

from collections import namedtuple

RECORD = 10240
# A header block, the member's name as it says, and the data.
Member = namedtuple("Member", "header name data")


def number(field):
    if field[0] & 0x80:
        return int.from_bytes(field, "big") & ~(1 << (8 * len(field) - 1))
    return int(field.rstrip(b"\0 "), 8)


def checksum(header):
    return b"%06o\0 " % sum(header[:148] + b" " * 8 + header[156:])


def padded(data):
    return data + bytes(-len(data) % 512)


def parse(archive):
    """The members of ARCHIVE one by one, ././@LongLink ones included."""
    result = []
    offset = 0
    while archive[offset:offset + 512].strip(b"\0"):
        header = archive[offset:offset + 512]
        if len(header) < 512 or header[148:156] != checksum(header):
            raise ValueError(f"no tar header at {offset}")
        size = number(header[124:136])
        data = archive[offset + 512:offset + 512 + size]
        if len(data) < size:
            raise ValueError(f"the member at {offset} ends early")
        result.append(Member(header, header[:100].rstrip(b"\0"), data))
        offset += 512 + len(padded(data))
    if archive[offset:].strip(b"\0"):
        raise ValueError(f"bytes after the end of the archive at {offset}")
    if len(archive) % RECORD or not 1024 <= len(archive) - offset:
        raise ValueError(f"{len(archive)} bytes, {offset} of them used")
    return result


def members(archive):
    """The members of ARCHIVE with their long names."""
    result = []
    name = None
    for member in parse(archive):
        if member.header[156:157] == b"L":
            name = member.data.rstrip(b"\0")
        elif member.header[156:157] != b"K":
            result.append(member._replace(name=name or member.name))
            name = None
    return result


def pack(all):
    """The archive of the Members in ALL."""
    body = b"".join(padded(member.header + member.data) for member in all)
    return body + bytes(1024 + -(len(body) + 1024) % RECORD)


def changed(member, name=None, data=None):
    """MEMBER with another NAME or DATA."""
    name = member.name if name is None else name
    data = member.data if data is None else data
    header = (name.ljust(100, b"\0") + member.header[100:124]
              + b"%011o\0" % len(data) + member.header[136:])
    return Member(header[:148] + checksum(header) + header[156:], name, data)
