# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers of layers' members: PAX, GNU, sparse files, numbers, checksums, ends.

The rows are like those of files.py; a layer may also be given as bytes."""

from . import tars
from .case import LOST
from .tree import file_of
from .tars import (base256, directory as d, file as f, hard, header, link, long_name,
                   padded, pax, record, sparse)

BIG = "n" * 150


def sparse_0(*records, name="a"):
    return pax(*records) + f(name, b"D" * 512) + f("b")


def sparse_1(map_="1\n512\n512\n", size="1024"):
    """A sparse file of PAX format 1.0 with a hole of 512 bytes at its start."""
    records = [("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"),
               ("GNU.sparse.name", "a"), ("GNU.sparse.realsize", size)]
    return pax(*records) + f("GNUSparseFile.0/a", padded(map_.encode()) + b"D" * 512) + f("b")


HOLED = file_of(bytes(512) + b"D" * 512)

CAPABILITY = bytes.fromhex("0100000202000000000000000000000000000000")


def signed(name):
    """A header whose checksum is one of signed bytes, as old Suns wrote it."""
    block = bytearray(header(name))
    block[148:156] = b" " * 8
    total = sum(byte - 256 if byte > 127 else byte for byte in block)
    block[148:156] = b"%06o\0 " % total
    return bytes(block)


CASES = [
    # PAX.
    ("pax-path", lambda: [[pax(("path", BIG)) + f("short"), f("b")]],
     {BIG: "file x", "b": "file x"}),
    ("pax-path-empty", lambda: [[pax(("path", "")) + f("a"), f("b")]], None),
    ("pax-linkpath", lambda: [[pax(("linkpath", BIG)) + link("a", "short")]], {"a": f"link {BIG}"}),
    ("pax-linkpath-empty", lambda: [[pax(("linkpath", "")) + link("a", "short"), f("b")]], None),
    ("pax-linkpath-empty-hard", lambda: [[f("b"), pax(("linkpath", "")) + hard("a", "b")]], None),
    ("pax-size", lambda: [[pax(("size", "600")) + f("a", "y" * 600, size=0), f("b")]],
     {"a": file_of(b"y" * 600), "b": "file x"}),
    ("pax-size-smaller", lambda: [[pax(("size", "1")) + f("a", "yy"), f("b")]],
     {"a": "file y", "b": "file x"}),
    ("pax-size-negative", lambda: [[pax(("size", "-1")) + f("a"), f("b")]], None),
    ("pax-size-words", lambda: [[pax(("size", "many")) + f("a"), f("b")]], None),
    ("pax-size-empty", lambda: [[pax(("size", "")) + f("a"), f("b")]], None),
    ("pax-size-on-directory", lambda: [[pax(("size", "600")) + d("a/"), f("b")]], None),
    ("pax-uid-negative", lambda: [[pax(("uid", "-1")) + f("a"), f("b")]], LOST),
    ("pax-uid-large", lambda: [[pax(("uid", "4294967294")) + f("a"), f("b")]],
     {"a": "file x (owner 4294967294:0)", "b": "file x"}),
    ("pax-uid-huge", lambda: [[pax(("uid", "9999999999")) + f("a"), f("b")]], LOST),
    ("pax-uid-words", lambda: [[pax(("uid", "root")) + f("a"), f("b")]], None),
    ("pax-mtime-fraction", lambda: [[pax(("mtime", "1.5")) + f("a"), f("b")]],
     {"a": "file x", "b": "file x"}),
    ("pax-mtime-negative", lambda: [[pax(("mtime", "-1.5")) + f("a"), f("b")]],
     {"a": "file x", "b": "file x"}),
    ("pax-mtime-words", lambda: [[pax(("mtime", "noon")) + f("a"), f("b")]], None),
    ("pax-unknown-key", lambda: [[pax(("VENDOR.key", "v")) + f("a")]], {"a": "file x"}),
    ("pax-double-key", lambda: [[pax(("path", "first"), ("path", "last")) + f("a")]],
     {"last": "file x"}),
    ("pax-global", lambda: [[pax(("comment", "c"), type="g"), f("a")]], {"a": "file x"}),
    ("pax-global-path", lambda: [[pax(("path", "global"), type="g"), f("a")]], None),
    ("pax-twice", lambda: [[pax(("path", "first")), pax(("path", "last")) + f("a")]], None),
    ("pax-twice-two-keys", lambda: [[pax(("path", "p")), pax(("mtime", "1")) + f("a")]], None),
    ("pax-bad-length", lambda: [[f("pax", "99 path=x\n", type="x") + f("a"), f("b")]], None),
    ("pax-no-newline", lambda: [[f("pax", "8 path=x", type="x") + f("a"), f("b")]], None),
    ("pax-no-equals", lambda: [[f("pax", "7 path\n", type="x") + f("a"), f("b")]], None),
    ("pax-empty-key", lambda: [[f("pax", record("", "x"), type="x") + f("a"), f("b")]], None),
    ("pax-zero-in-path", lambda: [[pax(("path", "a\0b")) + f("c"), f("b")]], None),
    ("pax-zero-in-xattr", lambda: [[pax(("SCHILY.xattr.user.x", "a\0b")) + f("a")]],
     {"a": "file x"}),
    ("pax-xattr", lambda: [[pax(("SCHILY.xattr.user.x", "v")) + f("a")]], {"a": "file x"}),
    ("pax-xattr-bad-name", lambda: [[pax(("SCHILY.xattr.nowhere", "v")) + f("a"), f("b")]], None),
    ("pax-capability", lambda: [[pax(("SCHILY.xattr.security.capability", CAPABILITY)) + f("a")]],
     {"a": "file x"}),
    ("pax-capability-bad", lambda: [[pax(("SCHILY.xattr.security.capability", "x")) + f("a"),
                                     f("b")]], None),
    ("pax-alone-at-end", lambda: [[f("b"), pax(("path", "a"))]], None),
    ("pax-path-not-utf8", lambda: [[pax(("path", b"a\xff")) + f("c")]], {"a\udcff": "file x"}),
    ("pax-dot-dot", lambda: [[pax(("path", "../a")) + f("c"), f("b")]], None),

    # GNU's long names, and both kinds together.
    ("gnu-long-name", lambda: [[long_name(BIG) + f("short")]], {BIG: "file x"}),
    ("gnu-long-link", lambda: [[long_name(BIG, "K") + link("a", "short")]], {"a": f"link {BIG}"}),
    ("gnu-long-name-no-zero", lambda: [[long_name(BIG, end=b"") + f("short")]], {BIG: "file x"}),
    ("gnu-long-name-two-zeros", lambda: [[long_name(BIG, end=b"\0\0") + f("short")]],
     {BIG: "file x"}),
    ("gnu-long-name-text-after-zero", lambda: [[long_name(BIG, end=b"\0more") + f("short")]],
     None),
    ("gnu-long-name-empty", lambda: [[long_name("") + f("a"), f("b")]], None),
    ("gnu-long-name-twice", lambda: [[long_name("first"), long_name("last") + f("a")]], None),
    ("gnu-then-pax-path", lambda: [[long_name("gnu"), pax(("path", "pax")) + f("a")]], None),
    ("pax-then-gnu-path", lambda: [[pax(("path", "pax")), long_name("gnu") + f("a")]], None),
    ("pax-then-gnu-link", lambda: [[pax(("linkpath", "pax")), long_name("gnu", "K")
                                    + link("a", "x")]], None),
    ("gnu-then-pax-link", lambda: [[long_name("gnu", "K"), pax(("linkpath", "pax"))
                                    + link("a", "x")]], None),
    ("pax-mtime-then-gnu", lambda: [[pax(("mtime", "1")), long_name("gnu") + f("a")]], None),
    ("gnu-then-pax-mtime", lambda: [[long_name("gnu"), pax(("mtime", "1")) + f("a")]], None),
    ("gnu-long-name-alone", lambda: [[f("b"), long_name("a")]], None),
    ("gnu-long-name-large", lambda: [[long_name("n" * (1 << 20) + "x") + f("a"), f("b")]], None),
    ("ustar-prefix", lambda: [[f("x", prefix=b"p/q")]],
     {"p": "dir", "p/q": "dir", "p/q/x": "file x"}),
    ("gnu-prefix-ignored", lambda: [[f("x", magic=tars.GNU, prefix=b"p/q")]], None),

    # Sparse files.
    ("sparse-gnu", lambda: [[sparse("a", b"D" * 512, [(512, 512)], 1024), f("b")]],
     {"a": HOLED, "b": "file x"}),
    ("sparse-gnu-extended", lambda: [[sparse("a", b"D" * 512, [(0, 0)] * 3 + [(512, 512)], 1024,
                                             extended=1, more=bytes(512)), f("b")]], None),
    ("sparse-gnu-no-entries", lambda: [[sparse("a", b"", [], 1024), f("b")]], None),
    ("sparse-gnu-overlap", lambda: [[sparse("a", b"D" * 1024, [(0, 512), (256, 512)], 1024),
                                     f("b")]], None),
    ("sparse-gnu-beyond", lambda: [[sparse("a", b"D" * 512, [(4096, 512)], 1024), f("b")]], None),
    ("sparse-pax-0.0", lambda: [[sparse_0(
        ("GNU.sparse.size", "1024"), ("GNU.sparse.numblocks", "1"),
        ("GNU.sparse.offset", "512"), ("GNU.sparse.numbytes", "512"))]],
     {"a": HOLED, "b": "file x"}),
    ("sparse-pax-0.1", lambda: [[sparse_0(
        ("GNU.sparse.size", "1024"), ("GNU.sparse.numblocks", "1"),
        ("GNU.sparse.map", "512,512"), ("GNU.sparse.name", "a"), name="GNUSparseFile.0/a")]],
     {"a": HOLED, "b": "file x"}),
    ("sparse-pax-1.0", lambda: [[sparse_1()]], {"a": HOLED, "b": "file x"}),
    ("sparse-pax-1.0-bad-map", lambda: [[sparse_1(map_="x\n")]], None),
    ("sparse-pax-1.0-beyond", lambda: [[sparse_1(size="100")]], None),
    ("sparse-pax-1.0-major-2", lambda: [[pax(("GNU.sparse.major", "2"), ("GNU.sparse.minor", "0"),
                                             ("GNU.sparse.name", "real")) + f("a", "1\n"), f("b")]],
     None),
    ("sparse-name-after-path", lambda: [[pax(
        ("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "512"),
        ("path", "path"), ("GNU.sparse.name", "name"))
        + f("a", padded(b"1\n0\n512\n") + b"D" * 512)]], None),
    ("sparse-name-before-path", lambda: [[pax(
        ("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "512"),
        ("GNU.sparse.name", "name"), ("path", "path"))
        + f("a", padded(b"1\n0\n512\n") + b"D" * 512)]], None),
    ("sparse-name-alone", lambda: [[pax(("GNU.sparse.name", "name"), ("path", "path"))
                                    + f("a")]], None),
    ("sparse-name-alone-first", lambda: [[pax(("path", "path"), ("GNU.sparse.name", "name"))
                                          + f("a")]], None),
    ("sparse-name-no-path", lambda: [[pax(("GNU.sparse.name", "name")) + f("a")]], None),

    # Numbers.
    ("mode-negative", lambda: [[f("a", "", mode=b"-000001\0"), f("b")]], None),
    ("mode-words", lambda: [[f("a", "", mode=b"rwxr-xr\0"), f("b")]], None),
    ("mode-large", lambda: [[f("a", "", mode=b"0177777\0"), f("b")]],
     {"a": "file  (mode 7777)", "b": "file x"}),
    ("mode-empty", lambda: [[f("a", "", mode=bytes(8)), f("b")]],
     {"a": "file  (mode 0)", "b": "file x"}),
    ("uid-words", lambda: [[f("a", "", uid=b"root\0"), f("b")]], None),
    ("uid-empty", lambda: [[f("a", "", uid=bytes(8)), f("b")]], {"a": "file ", "b": "file x"}),
    ("uid-spaces", lambda: [[f("a", "", uid=b"     12 "), f("b")]],
     {"a": "file  (owner 10:0)", "b": "file x"}),
    ("uid-eight-digits", lambda: [[f("a", "", uid=b"00000012"), f("b")]],
     {"a": "file  (owner 10:0)", "b": "file x"}),
    ("uid-base256", lambda: [[f("a", "", uid=base256(3000000, 8)), f("b")]],
     {"a": "file  (owner 3000000:0)", "b": "file x"}),
    ("uid-base256-negative", lambda: [[f("a", "", uid=base256(-1, 8)), f("b")]], LOST),
    ("uid-base256-huge", lambda: [[f("a", "", uid=base256(1 << 40, 8)), f("b")]], LOST),
    ("size-base256", lambda: [[f("a", "x", size=base256(1, 12)), f("b")]], {"a": "file x", "b": "file x"}),
    ("size-base256-negative", lambda: [[f("a", "", size=base256(-512, 12)), f("b")]], None),
    ("size-words", lambda: [[f("a", "", size=b"many\0"), f("b")]], None),
    ("size-huge", lambda: [[f("a", "", size=b"77777777777\0"), f("b")]], None),
    ("size-empty", lambda: [[f("a", "", size=bytes(12)), f("b")]], {"a": "file ", "b": "file x"}),
    ("size-nine", lambda: [[f("a", "x", size=b"00000000009\0"), f("b")]], None),
    ("mtime-words", lambda: [[f("a", "", mtime=b"noon\0"), f("b")]], None),
    ("mtime-negative-base256", lambda: [[f("a", "", mtime=base256(-1, 12)), f("b")]],
     {"a": "file ", "b": "file x"}),
    ("device-number-words", lambda: [[f("a", "", major=b"x\0"), f("b")]], None),
    ("device-number-words-v7", lambda: [[f("a", "", major=b"x\0", magic=bytes(8)), f("b")]], None),
    ("checksum-wrong", lambda: [[header("a", checksum=b"000000\0 "), f("b")]], None),
    ("checksum-signed", lambda: [[signed("ä"), f("b")]], {"ä": "file ", "b": "file x"}),
    ("checksum-empty", lambda: [[header("a", checksum=bytes(8)), f("b")]], None),
    ("magic-other", lambda: [[f("a", magic=b"xxxxxxxx"), f("b")]], {"a": "file x", "b": "file x"}),
    ("magic-v7", lambda: [[f("a", magic=bytes(8)), f("b")]], {"a": "file x", "b": "file x"}),
    ("owner-names-words", lambda: [[f("a", "", uname=b"user", gname=b"group"), f("b")]],
     {"a": "file ", "b": "file x"}),

    # Ends.
    ("end-missing", lambda: [tars.archive(f("a"), end=b"")], {"a": "file x"}),
    ("end-one-block", lambda: [tars.archive(f("a"), end=bytes(512))], {"a": "file x"}),
    ("end-many-blocks", lambda: [tars.archive(f("a"), end=bytes(10240))], {"a": "file x"}),
    ("end-odd-zeros", lambda: [tars.archive(f("a"), end=bytes(1024 + 100))], {"a": "file x"}),
    ("end-half-block", lambda: [tars.archive(f("a"), end=bytes(100))], None),
    ("padding-missing", lambda: [header("a", size=3) + b"abc"], {"a": "file abc"}),
    ("padding-part", lambda: [header("a", size=3) + b"abc" + bytes(10)], {"a": "file abc"}),
    ("padding-missing-two", lambda: [f("b") + header("a", size=3) + b"abc"],
     {"a": "file abc", "b": "file x"}),
    ("content-cut", lambda: [header("a", size=3) + b"ab"], None),
    ("header-cut", lambda: [f("b") + header("a")[:300]], None),
    ("members-after-end", lambda: [tars.archive(f("a")) + tars.archive(f("b"))], {"a": "file x"}),
    ("members-after-lone-block", lambda: [tars.archive(f("a"), bytes(512), f("b"))], None),
    ("lone-block-first", lambda: [bytes(512) + tars.archive(f("b"))], None),
    ("garbage-after-end", lambda: [tars.archive(f("a")) + b"garbage" * 200], {"a": "file x"}),
    ("garbage-only", lambda: [b"garbage" * 200], None),
    ("layer-empty", lambda: [b""], {}),
    ("layer-zeros", lambda: [bytes(1024)], {}),
    ("layer-zeros-512", lambda: [bytes(512)], {}),
    ("layer-zeros-10240", lambda: [bytes(10240)], {}),
]
