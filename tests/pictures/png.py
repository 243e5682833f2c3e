# SPDX-License-Identifier: GPL-3.0-or-later
"""The colours in a small PNG."""

import struct
import zlib


def colours(data):
    """The set of colours, as (red, green, blue), of a PNG with 8 bits a channel."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        content = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", content)
        elif kind == b"IDAT":
            packed += content
        at += length + 12
    assert depth == 8 and colour in (2, 6) and not interlaced
    size = 3 if colour == 2 else 4
    raw = zlib.decompress(packed)
    stride = width * size
    above = bytes(stride)
    found = set()
    for row in range(height):
        begin = row * (stride + 1)
        kind, line = raw[begin], bytearray(raw[begin + 1:begin + 1 + stride])
        for i in range(stride):
            left = line[i - size] if i >= size else 0
            corner = above[i - size] if i >= size else 0
            line[i] = (line[i] + _guess(kind, left, above[i], corner)) & 255
        found.update(tuple(line[i:i + 3]) for i in range(0, stride, size))
        above = line
    return found


def _guess(kind, left, up, corner):
    """What a filter of PNG guesses a byte to be from its neighbours."""
    if kind == 4:
        about = left + up - corner
        return min((left, up, corner), key=lambda one: abs(one - about))
    return (0, left, up, (left + up) // 2)[kind]
