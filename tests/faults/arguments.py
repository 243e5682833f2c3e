# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments that are missing, of the wrong shape or out of range."""

import os

INVALID, TEXT = "INVALID_ARGUMENT", "INVALID_TEXT"


def check_all(scene):
    driver, image, small = scene.driver, scene.image, scene.small
    bare = [driver, "path", small]

    # The first thing that messages say is what C calls the argument.
    def refused(name, *words, says, status=INVALID):
        scene.failure(name, "path", small, *words, status=status,
                      says=[f"{says[0]}: ", *says[1:]])

    def refused_whole(name, *words, says):
        scene.failure(name, status=INVALID, says=[f"{says[0]}: ", *says[1:]],
                      command=[*bare, *words])

    refused_whole("image is NULL", "prefix", "p", says=["image", "NULL"])
    refused_whole("image is empty", "image", "", "prefix", "p", says=["image", "empty"])
    refused_whole("image ends in a slash", "image", f"{image}/", "prefix", "p",
                  says=["image", str(image), "directory"])
    refused_whole("prefix is NULL", "image", image, says=["prefix", "NULL"])
    refused_whole("prefix is empty", "image", image, "prefix", "", says=["prefix", "empty"])

    refused("a path is NULL", "null", "path", says=["paths", "NULL"])
    for word, member in {"directive": "extra_files", "transformation": "transformations",
                         "ownership": "ownership", "variable": "environment",
                         "label": "labels", "annotation": "annotations"}.items():
        refused(f"a {word} is NULL", "null", word, says=[member, "NULL"])
    refused("the list of paths is NULL but has a count", "null", "paths",
            says=["paths", "NULL", "1"])
    refused("a path is empty", "path", "", says=["paths", '""', "absolute"])
    refused("a path is relative", "path", "in/small", says=["paths", "in/small", "absolute"])
    refused("a path has '..'", "path", f"{small}/../small", says=["paths", "small/..", '".."'])
    refused("a path ends in '..'", "path", f"{small}/..", says=["paths", '".."'])
    refused("the database is relative", "database", "db", says=["database", "db", "absolute"])
    refused("the database has '..'", "database", "/a/../b", says=["database", '".."'])
    refused("the root system is relative", "root-system", "./root",
            says=["root_system", "./root", "absolute"])
    refused("the root system is empty", "root-system", "", says=["root_system", "absolute"])

    for system in ("", "sparc64-linux", "X86_64-linux", "x86", "aarch64_be-linux"):
        refused(f"the system is {system!r}", "system", system, status="UNSUPPORTED_SYSTEM",
                says=["system", f'"{system}"', "x86_64", "riscv64"])
    for system in ("x86_64-w64-mingw32", "i586-pc-gnu", "aarch64-apple-darwin"):
        refused(f"the system is {system!r}", "system", system, status="UNSUPPORTED_SYSTEM",
                says=["system", f'"{system}"', "Linux"])
    refused("max-layers is 1", "max-layers", 1, says=["max_layers", "1", "2"])
    for history in (3, 2 ** 32 - 1):
        refused(f"history is {history}", "history", history, says=["history", str(history)])
    for word, values in {"whiteouts": 2, "modes": 2, "xattrs": 2, "layering": 2,
                         "config-keys": 2, "format": 3}.items():
        for value in (values, 2 ** 32 - 1):
            refused(f"{word} is {value}", word, value,
                    says=[word.replace("-", "_"), f"{value} is none of the values"])
    for word in ("parent-directories", "archive-digest", "immutable-paths"):
        for value in (2, 2 ** 32 - 1):
            refused(f"{word} is {value}", word, value,
                    says=[word.replace("-", "_"), f"{value} is neither 0 nor 1"])
    for time in (-2 ** 63 + 1, -62167219201, 253402300800, 2 ** 63 - 1):
        refused(f"creation-time is {time}", "creation-time", time,
                says=["creation_time", str(time), "9999"])

    check_container(scene, refused)
    check_directives(scene, refused)
    check_pairs(refused)
    check_text(scene, refused)


def check_container(scene, refused):
    """What the configuration and the names say."""
    for option, values in {
            "name": ["", "App", "app:", "a//b", "app@sha256:00", "a___b", "host:x/a", "a" * 238],
            "user": ["", ":", "a:b:c", "a b"],
            "working-directory": ["", "relative", "/a/../b"],
            "volume": ["", "relative", "/a/.."],
            "exposed-port": ["", "0", "65536", "80/http", "80-90"],
            "stop-signal": ["", "SIGNONE", "0", "65", "SIGRTMIN+16"],
            "health-check": ["", "{}", '{"Test":["no"]}', '{"Test":["CMD","a"],"Interval":1}'],
            "config": ["", "[]", '{"rootfs":{}}', '{"config":{"Cmd":"a"}}', '{"os":1}'],
    }.items():
        member = {"name": "names", "volume": "volumes", "exposed-port": "exposed_ports"}.get(
            option, option.replace("-", "_"))
        for value in values:
            refused(f"{option} is {value[:30]!r}", option, value, says=[member])
    refused("a name is given twice", "name", "a", "name", "a:latest", says=["names", "twice"])
    refused("a label has no name", "label", "", "x", says=["labels", "name"])
    refused("a label is given twice", "label", "a", "b", "label", "a", "c",
            says=["labels", '"a"', '"b"', '"c"'])
    refused("a variable is given twice", "variable", "A", "b", "variable", "A", "c",
            says=["environment", '"A"', '"b"', '"c"'])
    refused("a name and a descriptor", "image-fd", "1", says=["image_fd", "leave out"])
    scene.success("the same label and variable twice", "path", scene.small, "label", "a", "b",
                  "label", "a", "b", "variable", "A", "b", "variable", "A", "b")


def check_directives(scene, refused):
    extra = "extra_files"
    refused("a directive has no name", "directory", "/a", "null", "name", says=[extra, "NULL"])
    refused("a directive of no kind", "directory", "/a", "kind", "0", says=[extra, '"/a"', "0"])
    refused("a directive of an unknown kind", "directory", "/a", "kind", "4",
            says=[extra, '"/a"', "4"])
    refused("a mode above 07777", "directory", "/a", "mode", "10001",
            says=[extra, 'the mode 10001 of the directory "/a" is above 7777'])
    refused("a directory with '..'", "directory", "/a/../b", says=[extra, '"/a/../b"', '".."'])
    refused("a file with '..'", "file", "../b", says=[extra, '"../b"', '".."'])
    refused("a link with '..'", "link", "/..", "/tmp", says=[extra, '"/.."', '".."'])
    for name in ("", "/", "/./"):
        refused(f"a file named {name!r}", "file", name, says=[extra, f'"{name}"'])
        refused(f"a link named {name!r}", "link", name, "/tmp", says=[extra, f'"{name}"'])
    refused("a file whose content is NULL but has a size", "file", "/a", "null", "content",
            says=[extra, "NULL"])
    refused("a link with no target", "link", "/a", "/tmp", "null", "target",
            says=[extra, "NULL"])
    refused("a link with an empty target", "link", "/a", "", says=[extra, '"/a"', "target"])
    refused("a link to nothing", "link", "/a", "/no/such/file",
            says=[extra, '"/a"', '"/no/such/file"', "neither"])
    refused("links in a circle", "directory", "/d", "link", "/d/a", "b", "link", "/d/b", "a",
            says=[extra, '"/d/a"'])
    refused("a file in no directory", "file", "/missing/file",
            says=[extra, '"/missing/file"', "directive"])
    refused("a file in a file", "file", "/a", "file", "/a/b", says=[extra, '"/a/b"'])
    refused("a file on a directory", "directory", "/a", "file", "/a", says=[extra, '"/a"'])
    refused("a link on a directory", "directory", "/a", "link", "/a", "/tmp",
            says=[extra, '"/a"'])
    scene.success("a directory on a directory", "path", scene.small,
                  "directory", "/a", "directory", "/a")


def check_pairs(refused):
    transformations, environment = "transformations", "environment"
    refused("a transformation of NULL", "transformation", "/a", "/b", "null", "from",
            says=[transformations, "NULL"])
    refused("a transformation to NULL", "transformation", "/a", "/b", "null", "to",
            says=[transformations, "NULL"])
    refused("a transformation of '..'", "transformation", "/a/..", "/b",
            says=[transformations, '"/a/.."', '".."'])
    refused("a transformation to '..'", "transformation", "/a", "../b",
            says=[transformations, '"../b"', '".."'])
    refused("a variable whose name is NULL", "variable", "A", "b", "null", "variable-name",
            says=[environment, "NULL"])
    refused("a variable whose value is NULL", "variable", "A", "b", "null", "variable-value",
            says=[environment, "NULL"])
    refused("a variable with an empty name", "variable", "", "b", says=[environment, "name"])
    refused("a variable with '=' in its name", "variable", "A=B", "c",
            says=[environment, '"A=B"', '"="'])
    ownership = "ownership"
    refused("an ownership of NULL", "ownership", "/a", 0, 0, "null", "ownership-path",
            says=[ownership, "NULL"])
    refused("an ownership of no path", "ownership", "", 0, 0, says=[ownership, "empty"])
    refused("an ownership of '..'", "ownership", "/a/..", 0, 0,
            says=[ownership, '"/a/.."', '".."'])
    for ids in ((2 ** 32 - 1, 0), (0, 2 ** 32 - 1)):
        refused(f"an ownership of {ids}", "ownership", "/a", *ids,
                says=[ownership, '"/a"', "4294967295"])
    for system, variant in (("armhf-linux", "v4"), ("armhf-linux", "7"), ("x86_64-linux", "v5"),
                            ("aarch64-linux", ""), ("riscv64-linux", "v1")):
        refused(f"{system} has no variant {variant!r}", "system", system, "variant", variant,
                says=["variant", f'"{variant}"'])
    refused("a compressor with an empty name", "compressor", "", ";",
            says=["compressor", "empty"])
    refused("a word of the compressor is NULL", "null", "word", says=["compressor", "NULL"])
    refused("the entry point is NULL but has a count", "null", "entry-point",
            says=["entry_point", "NULL", "1"])


def check_text(scene, refused):
    bad = os.fsdecode(b"a\xffb")
    shown = r"\xFF"
    for name, words in {
            "repository": ["repository", bad],
            "system": ["system", bad],
            "variant": ["variant", bad],
            "names": ["name", bad],
            "cmd": ["cmd", bad, ";"],
            "user": ["user", bad],
            "working_directory": ["working-directory", f"/{bad}"],
            "volumes": ["volume", f"/{bad}"],
            "labels": ["label", "a", bad],
            "stop_signal": ["stop-signal", bad],
            "author": ["author", bad],
            "config": ["config", bad],
            "entry_point": ["entry-point", "/bin/sh", bad, ";"],
            "environment": ["variable", "A", bad],
    }.items():
        refused(f"{name}: text that is not UTF-8", *words, status="INVALID_TEXT",
                says=[name, shown, "UTF-8"])
    refused("environment: a name that is not UTF-8", "variable", bad, "b",
            status="INVALID_TEXT", says=["environment", shown])
    refused("environment: an encoded surrogate", "variable", "A",
            os.fsdecode(b"\xed\xa0\x80"), status="INVALID_TEXT", says=["environment", "UTF-8"])
    # File names are bytes, and the message about them text all the same.
    path = os.fsencode(scene.input) + b"/\xff\n.\x01"
    scene.failure("a message about a name that is not text", "path", os.fsdecode(path),
                  status="INPUT", says=[shown, r"\n"])
