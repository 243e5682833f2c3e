# SPDX-License-Identifier: GPL-3.0-or-later
"""Tar archives written field by field, well-formed or not."""

# Offset and width of each field of a header.
FIELDS = {"name": (0, 100), "mode": (100, 8), "uid": (108, 8), "gid": (116, 8),
          "size": (124, 12), "mtime": (136, 12), "sum": (148, 8), "type": (156, 1),
          "link": (157, 100), "magic": (257, 8), "uname": (265, 32), "gname": (297, 32),
          "major": (329, 8), "minor": (337, 8), "prefix": (345, 155)}
USTAR, GNU, V7 = b"ustar\x0000", b"ustar  \0", b"\0" * 8
END = bytes(1024)

# Modification time of the members; a number of its own for each image of the
# corpus, so that no engine has a layer's content before it reads the layer.
mtime = 1


def octal(value, width):
    return b"%0*o\0" % (width - 1, value)


def number(value, width):
    """The bytes of a field, which may be given as they are."""
    return value if isinstance(value, bytes) else octal(value, width)


def base256(value, width):
    """VALUE, which may be negative, in GNU's binary form."""
    field = bytearray(value.to_bytes(width, "big", signed=True))
    field[0] |= 0x80
    return bytes(field)


def encoded(text):
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text


def padded(content):
    return content + bytes(-len(content) % 512)


def header(name, type="0", size=0, mode=0o644, link="", magic=USTAR, checksum=None, **raw):
    """A header; RAW are the bytes of more fields, and MODE and SIZE may be bytes too."""
    block = bytearray(512)
    fields = {"name": encoded(name), "mode": number(mode, 8), "uid": octal(0, 8),
              "gid": octal(0, 8), "size": number(size, 12), "mtime": octal(mtime, 12),
              "sum": b" " * 8, "type": encoded(type), "link": encoded(link), "magic": magic}
    for field, value in {**fields, **raw}.items():
        offset, width = FIELDS[field]
        block[offset:offset + width] = value[:width].ljust(width, b"\0")
    block[148:156] = b"%06o\0 " % sum(block) if checksum is None else checksum
    return bytes(block)


def file(name, content="x", **fields):
    content = encoded(content)
    fields.setdefault("size", len(content))
    return header(name, **fields) + padded(content)


def directory(name, **fields):
    return header(name, **{"type": "5", "mode": 0o755, **fields})


def link(name, target, **fields):
    return header(name, type="2", link=target, **fields)


def hard(name, target, **fields):
    return header(name, type="1", link=target, **fields)


def record(key, value):
    """A record of a PAX header."""
    rest = b" " + encoded(key) + b"=" + encoded(value) + b"\n"
    size = len(rest) + 1
    while size != len(rest) + len(str(size)):
        size = len(rest) + len(str(size))
    return b"%d" % size + rest


def pax(*records, type="x", name="pax"):
    """A PAX header of (key, value) pairs or raw bytes."""
    return file(name, b"".join(each if isinstance(each, bytes) else record(*each)
                               for each in records), type=type)


def long_name(name, type="L", end=b"\0"):
    """GNU's member for a long name; of type "K", for a long link target."""
    return file("././@LongLink", encoded(name) + end, type=type, magic=GNU)


def archive(*members, end=END):
    return b"".join(members) + end


def sparse(name, data=b"", entries=(), size=0, extended=0, more=b"", **fields):
    """A member of GNU's old sparse type; ENTRIES are (offset, length) pairs."""
    block = bytearray(header(name, type="S", size=len(data), magic=GNU, **fields))
    for index, (offset, length) in enumerate(entries):
        at = 386 + 24 * index
        block[at:at + 24] = octal(offset, 12) + octal(length, 12)
    block[482] = extended
    block[483:495] = octal(size, 12)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + more + padded(data)
