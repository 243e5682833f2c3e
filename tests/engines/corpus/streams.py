# SPDX-License-Identifier: GPL-3.0-or-later
"""Compressed layers and compressed archives, and their media types.

The rows are those of archives.py."""

import bz2
import gzip
import lzma
import struct
import zlib

from . import pack, tars
from .documents import NESTED, oci, one
from .tree import file_of

ZSTD_MAGIC, SKIPPABLE = b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18"


def zstd(content, window=0x58, checksum=None, flags=0, more=b""):
    """A frame of stored blocks."""
    frame = ZSTD_MAGIC + bytes([flags | (4 if checksum else 0), window]) + more
    pieces = [content[at:at + 65536] for at in range(0, len(content), 65536)] or [b""]
    for piece in pieces:
        last = piece is pieces[-1]
        frame += struct.pack("<I", len(piece) << 3 | last)[:3] + piece
    return frame + (checksum or b"")


def skippable(content=b"skipped", number=0):
    return bytes([SKIPPABLE[0] + number]) + SKIPPABLE[1:] + struct.pack("<I", len(content)) + content


def gzip_header(content, flags, more):
    """CONTENT's gzip stream with optional fields in its header."""
    plain = gzip.compress(content, mtime=0)
    return plain[:3] + bytes([flags]) + plain[4:10] + more + plain[10:]


def header_sum(content, right=True):
    start = gzip.compress(content, mtime=0)
    start = start[:3] + b"\x02" + start[4:10]
    total = zlib.crc32(start) & 0xffff
    return gzip_header(content, 2, struct.pack("<H", total if right else total ^ 1))


def halves(content):
    return content[:700], content[700:]


def z(content):
    return gzip.compress(content, mtime=0)


GZIP = [
    ("gzip", z),
    ("gzip-two-members", lambda c: z(halves(c)[0]) + z(halves(c)[1])),
    ("gzip-empty-members", lambda c: z(b"") + z(halves(c)[0]) + z(b"") + z(halves(c)[1]) + z(b"")),
    ("gzip-zeros-behind", lambda c: z(c) + bytes(512)),
    ("gzip-zero-behind", lambda c: z(c) + bytes(1)),
    ("gzip-zeros-between", lambda c: z(halves(c)[0]) + bytes(512) + z(halves(c)[1])),
    ("gzip-garbage-behind", lambda c: z(c) + b"garbage" * 50),
    ("gzip-magic-behind", lambda c: z(c) + b"\x1f\x8b"),
    ("gzip-no-trailer", lambda c: z(c)[:-8]),
    ("gzip-half-trailer", lambda c: z(c)[:-4]),
    ("gzip-cut", lambda c: z(c)[:-30]),
    ("gzip-wrong-sum", lambda c: z(c)[:-8] + b"\0\0\0\0" + z(c)[-4:]),
    ("gzip-wrong-size", lambda c: z(c)[:-4] + b"\1\0\0\0"),
    ("gzip-name", lambda c: gzip_header(c, 8, b"layer.tar\0")),
    ("gzip-extra-comment", lambda c: gzip_header(c, 4 + 16, b"\4\0abcd" + b"comment\0")),
    ("gzip-header-sum", header_sum),
    ("gzip-header-sum-wrong", lambda c: header_sum(c, right=False)),
    ("gzip-reserved-flags", lambda c: gzip_header(c, 0xe0, b"")),
    ("gzip-method", lambda c: z(c)[:2] + b"\7" + z(c)[3:]),
    ("gzip-stored", lambda c: gzip.compress(c, 0, mtime=0)),
]
ZSTDS = [
    ("zstd", zstd),
    ("zstd-skippable-first", lambda c: skippable() + zstd(c)),
    ("zstd-skippable-15-first", lambda c: skippable(number=15) + zstd(c)),
    ("zstd-two-frames", lambda c: zstd(halves(c)[0]) + zstd(halves(c)[1])),
    ("zstd-skippable-between", lambda c: zstd(halves(c)[0]) + skippable() + zstd(halves(c)[1])),
    ("zstd-skippable-last", lambda c: zstd(c) + skippable()),
    ("zstd-skippable-cut", lambda c: zstd(c) + skippable()[:-3]),
    ("zstd-empty-frame", lambda c: zstd(b"") + zstd(c) + zstd(b"")),
    ("zstd-garbage-behind", lambda c: zstd(c) + b"garbage" * 50),
    ("zstd-zeros-behind", lambda c: zstd(c) + bytes(512)),
    ("zstd-cut", lambda c: zstd(c)[:-30]),
    ("zstd-wrong-sum", lambda c: zstd(c, checksum=b"\1\2\3\4")),
    ("zstd-window-128m", lambda c: zstd(c, window=17 << 3)),
    ("zstd-window-256m", lambda c: zstd(c, window=18 << 3)),
    ("zstd-window-1g", lambda c: zstd(c, window=20 << 3)),
    ("zstd-window-4g", lambda c: zstd(c, window=22 << 3)),
    ("zstd-dictionary", lambda c: zstd(c, flags=1, more=b"\7")),
    ("zstd-reserved-bit", lambda c: zstd(c, flags=8)),
]
OTHERS = [
    ("xz", lambda c: lzma.compress(c)),
    ("xz-two-streams", lambda c: lzma.compress(halves(c)[0]) + lzma.compress(halves(c)[1])),
    ("bzip2", bz2.compress),
    ("lzma", lambda c: lzma.compress(c, format=lzma.FORMAT_ALONE)),
]


DEFAULT = {"file": file_of(b"content" * 200), "end": "file x"}


def layer():
    """A layer, new with each case."""
    return tars.archive(tars.file("file", "content" * 200), tars.file("end"))


def in_docker(compress):
    """The layer of a docker-archive compressed."""
    def make(name):
        content = layer()
        return {"form": "docker", "data": pack.docker(name, [content], blobs=[compress(content)])}
    return make


def in_oci(compress, media_type, **options):
    """The layer of an OCI archive compressed."""
    def build(layout, name):
        content = layer()
        return one(layers=[content], blobs=[compress(content)], layer_type=media_type)(layout, name)
    return oci(build, **options)


def around(compress):
    """A whole docker-archive compressed."""
    return lambda name: {"form": "docker", "data": compress(pack.docker(name, [layer()]))}


def plain(content):
    return content


DOCKER = "application/vnd.docker.image.rootfs."
NONDISTRIBUTABLE = "application/vnd.oci.image.layer.nondistributable.v1.tar"
TYPES = [
    ("gzip-as-tar", z, pack.LAYER), ("tar-as-gzip", plain, pack.GZIP),
    ("zstd-as-gzip", zstd, pack.GZIP), ("zstd-as-tar", zstd, pack.LAYER),
    ("gzip-as-zstd", z, pack.ZSTD), ("tar-as-zstd", plain, pack.ZSTD),
    ("tar-as-nondistributable", plain, NONDISTRIBUTABLE),
    ("gzip-as-nondistributable-gzip", z, NONDISTRIBUTABLE + "+gzip"),
    ("xz-as-tar", lzma.compress, pack.LAYER), ("xz-as-xz", lzma.compress, pack.LAYER + "+xz"),
    ("tar-as-octets", plain, "application/octet-stream"),
    ("tar-as-encrypted", plain, pack.LAYER + "+encrypted"),
    ("tar-as-none", plain, ""), ("tar-with-parameter", plain, pack.LAYER + "; charset=utf-8"),
    ("tar-as-upper-case", plain, pack.LAYER.upper()),
]
DOCKER_TYPES = [
    ("tar-as-docker-tar", plain, DOCKER + "diff.tar"),
    ("gzip-as-docker-gzip", z, DOCKER + "diff.tar.gzip"),
    ("zstd-as-docker-zstd", zstd, DOCKER + "diff.tar.zstd"),
    ("gzip-as-docker-foreign", z, DOCKER + "foreign.diff.tar.gzip"),
]
# Of those in an OCI archive and around an archive, some of each kind.
SOME = {"gzip", "gzip-two-members", "gzip-zeros-behind", "gzip-no-trailer", "gzip-wrong-sum",
        "zstd", "zstd-skippable-first", "zstd-skippable-between", "zstd-garbage-behind"}

ROWS = (
    [(name, in_docker(compress), DEFAULT) for name, compress in GZIP + ZSTDS + OTHERS]
    + [("oci-" + name, in_oci(compress, pack.GZIP), DEFAULT)
       for name, compress in GZIP if name in SOME]
    + [("oci-" + name, in_oci(compress, pack.ZSTD), DEFAULT)
       for name, compress in ZSTDS if name in SOME]
    + [("around-" + name, around(compress), DEFAULT)
       for name, compress in [("none", plain)] + GZIP + ZSTDS + OTHERS
       if name in SOME or name in ("none", "xz", "bzip2")]
    + [("type-" + name, in_oci(compress, kind), DEFAULT) for name, compress, kind in TYPES]
    + [("type-" + name, in_oci(compress, kind, **NESTED), DEFAULT)
       for name, compress, kind in DOCKER_TYPES]
)
