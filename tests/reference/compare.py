#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the images of the reference with ours.

usage: compare.py REFERENCE OURS LAYERS

REFERENCE and OURS are the directories build.scm and decompress filled.  Each
different layer of ours is written to LAYERS, whose file "list" says what
check-layers is to do with it.
"""

import hashlib
import json
import os
import re
import sys

from archive import Member, changed, members, pack, parse

reference_dir, ours_dir, layers_dir = sys.argv[1:4]
failures = 0


def report(name, problems):
    """One line for the check NAME, and more if there are PROBLEMS."""
    global failures
    if problems:
        failures += 1
        print(f"not ok - {name}")
        for problem in problems[:12]:
            print(f"#   {problem}")
    else:
        print(f"ok - {name}")


def load(directory, n, suffix):
    """The file N.SUFFIX in DIRECTORY, or None."""
    try:
        with open(f"{directory}/{n}.{suffix}", "rb") as port:
            return port.read()
    except FileNotFoundError:
        return None


def expected(image):
    """What ours must be, given the reference's IMAGE: its bytes but for the
    rules about the outer archive, and with container_config null."""
    inside = parse(image)
    if pack(inside) != image:
        raise ValueError("the reference's archive is not understood")
    inside = [with_null(member) for member in inside]
    if inside[0].name != b"./":
        return pack(inside)             # layered: the very same archive
    return pack(outer(inside))


def outer(inside):
    """The members of a single-layer archive with our names, in our order."""
    inside = [changed(member, name=member.name[2:]) for member in inside[1:]]
    id = inside[0].name.rstrip(b"/")
    order = [id + b"/", id + b"/VERSION", id + b"/json", id + b"/layer.tar",
             b"config.json", b"manifest.json", b"repositories"]
    return sorted(inside, key=lambda member: order.index(member.name))


def with_null(member):
    """MEMBER with container_config null, as guile-json 3.x writes it: 4.x
    has no null for #nil and writes false."""
    if not re.fullmatch(rb"(.*/)?(config\.)?json", member.name):
        return member
    # Not strict: the reference may have written control characters.
    if json.loads(member.data, strict=False)["container_config"] is not False:
        return member
    before, after = member.data.split(b'"container_config":false')
    return changed(member, data=before + b'"container_config":null' + after)


def explain(want, have, where=""):
    """In what the archives WANT and HAVE differ, in a few lines."""
    try:
        want, have = parse(want), parse(have)
    except ValueError as error:
        return [f"{where}{error}"]
    lines = []
    if len(want) != len(have):
        lines.append(f"{where}{len(have)} members instead of {len(want)}")
    for w, h in zip(want, have):
        at = f"{where}{w.name!r}: "
        if w == h:
            continue
        if w.name != h.name:
            lines.append(f"{at}name {h.name!r}")
        for field, start, end in (("mode", 100, 108), ("uid", 108, 116),
                                  ("gid", 116, 124), ("size", 124, 136),
                                  ("mtime", 136, 148), ("typeflag", 156, 157),
                                  ("link", 157, 257), ("magic", 257, 265),
                                  ("uname", 265, 297), ("gname", 297, 329),
                                  ("device", 329, 345), ("rest", 345, 512)):
            if w.header[start:end] != h.header[start:end]:
                lines.append(f"{at}{field} {h.header[start:end]!r} instead of "
                             f"{w.header[start:end]!r}")
        if w.data == h.data:
            continue
        if w.name.endswith(b"/layer.tar"):
            lines += explain(w.data, h.data, at)
        elif len(w.data) < 2000:
            lines.append(f"{at}{h.data!r} instead of {w.data!r}")
        else:
            lines.append(f"{at}content differs")
        if len(lines) > 20:
            break
    return ([line if len(line) < 400 else line[:400] + "..." for line in lines]
            or [f"{where}same members, but other bytes"])


def layers_of(image):
    """The layers of IMAGE as its manifest lists them, each checked against
    the config."""
    archive = parse(image)
    inside = {member.name.decode().removeprefix("./"): member.data
              for member in archive}
    if len(inside) < len(archive):
        raise ValueError("a name occurs twice in the outer archive")
    (manifest,) = json.loads(inside["manifest.json"])
    config = json.loads(inside[manifest["Config"]])
    layers = [inside[name] for name in manifest["Layers"]]
    ids = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]
    if ids != config["rootfs"]["diff_ids"]:
        raise ValueError("diff_ids are not the layers' hashes")
    return layers


def names(layer):
    return [member.name for member in members(layer)]


def like(image, reference):
    """Problems of IMAGE, which must be as the REFERENCE."""
    want = expected(reference)
    return [] if image == want else explain(want, image)


def promised_members(image, promise, reference):
    """Problems of IMAGE, whose layers must hold the members of PROMISE, each
    as in the REFERENCE's image if there is one of as many members."""
    want = [layer.split(b"\0")[:-1]
            for layer in re.findall(rb"((?:[^\0\n][^\0]*\0)*)\n", promise)]
    have = layers_of(image)
    if [names(layer) for layer in have] != want:
        return [f"layers hold {[names(layer) for layer in have]}",
                f"instead of  {want}"]
    if not reference:
        return []
    theirs = [member for layer in layers_of(reference)
              for member in members(layer)]
    mine = [member for layer in have for member in members(layer)]
    if len(theirs) != len(mine):
        return []
    def rest(all):
        return sorted((m.header[100:148], m.header[156:], m.data) for m in all)
    return [] if rest(mine) == rest(theirs) else ["members differ in content"]


def merged(image, reference):
    """Problems of IMAGE, whose layers must be the REFERENCE's but for members
    of one name: a directory has the last one's header in the place of the
    first, and so has anything else, with its content."""
    want = [merge(layer) for layer in layers_of(reference)]
    have = layers_of(image)
    if want == have:
        return []
    return [line for pair in zip(want, have) for line in explain(*pair)]


def merge(layer):
    found = {}
    headers = []
    for member in parse(layer):
        headers.append(member)
        if member.header[156:157] not in b"LK":
            name = b"/".join(part for part in member.name.split(b"/")
                             if part not in (b"", b"."))
            if name in found and member.header[156:157] == b"5":
                # It is still called as the first one is.
                headers = [changed(member, name=found[name][-1].name)]
            found[name] = headers
            headers = []
    return pack([header for headers in found.values() for header in headers])


def other_config(image, reference, pattern):
    """Problems unless IMAGE is as the REFERENCE, but for a config.json that
    matches PATTERN."""
    *rest, config, manifest, repositories = parse(image)
    if config.name != b"config.json" or pack(parse(image)) != image:
        return ["not an archive in the expected order"]
    layers_of(image)
    if not re.search(pattern.encode(), config.data):
        return [f"config.json: {config.data!r}"]
    want = [with_null(member) for member in outer(parse(reference))
            if member.name != b"config.json"]
    return [] if want == [*rest, manifest, repositories] else ["more differs"]


def refused(n, pattern):
    """Problems unless ours failed with a message that has PATTERN."""
    message = load(ours_dir, n, "error")
    if message is None:
        return ["no error"]
    if not re.search(pattern, message.decode(errors="replace")):
        return [f"message without '{pattern}': {message.decode()}"]
    if load(ours_dir, n, "image") is not None:
        return ["an error, but there is an image"]
    return []


def check(n, expectation, image, reference):
    """Problems of case N of ours."""
    error = load(ours_dir, n, "error")
    if expectation.startswith("error "):
        return refused(n, expectation[len("error "):])
    if image is None or error is not None:
        return [f"ours failed: {(error or b'no image').decode()}"]
    if expectation == "like":
        if reference is None:
            failure = load(reference_dir, n, "error") or b"no image"
            return [f"the reference failed: {failure.decode()}"]
        return like(image, reference)
    if expectation == "same":
        return like(image, load(reference_dir, n, "same"))
    if expectation.startswith("config "):
        return other_config(image, reference, expectation[len("config "):])
    if expectation == "merged":
        return merged(image, reference)
    return promised_members(image, load(reference_dir, n, "members"),
                            reference)


def still_wrong(n, outcome, image, reference):
    """Problems unless the reference fails, or its image differs from ours."""
    if outcome == "fails":
        return ["it does not"] if reference is not None else []
    if reference is None:
        return [f"it fails: {load(reference_dir, n, 'error').decode()}"]
    return ["it does not"] if image == expected(reference) else []


def reported(n, image):
    """Problems of the report on IMAGE."""
    id, size, *diff_ids = load(ours_dir, n, "report").decode().split()
    (config,) = [member.data for member in parse(image)
                 if member.name == b"config.json"]
    problems = []
    if id != "sha256:" + hashlib.sha256(config).hexdigest():
        problems.append(f"image ID {id}")
    if int(size) != os.path.getsize(f"{ours_dir}/{n}.built"):
        problems.append(f"size {size}")
    if diff_ids != json.loads(config)["rootfs"]["diff_ids"]:
        problems.append(f"layers {diff_ids}")
    return problems


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except (ValueError, KeyError) as error:
        return [f"{type(error).__name__}: {error}"]


to_check = {}                   # archive -> how check-layers treats it

with open(f"{reference_dir}/index", encoding="utf-8") as port:
    index = [line.rstrip("\n").split("\t") for line in port]

wrong_reports = []
for n, name, expectation, layout, compressor, comparable in index:
    image = load(ours_dir, n, "image")
    reference = load(reference_dir, n, "image")
    if expectation == "like":
        report(name, attempt(check, n, "like", image, reference))
    else:
        outcome, expectation = expectation.split(" ", 1)
        report(f"promise: {name}",
               attempt(check, n, expectation, image, reference))
        report(f"promise: {name}: the reference {outcome}",
               attempt(still_wrong, n, outcome, image, reference))
    if image is None:
        continue
    wrong_reports += [f"{name}: {problem}"
                      for problem in attempt(reported, n, image)]
    to_check[f"../ours/{n}.image"] = "-"
    try:
        layers = layers_of(image)
    except (ValueError, KeyError):
        continue                # reported above
    for position, layer in enumerate(layers):
        file = hashlib.sha256(layer).hexdigest() + ".tar"
        if file not in to_check:
            with open(f"{layers_dir}/{file}", "wb") as port:
                port.write(layer)
        on_disk = comparable == "yes" and (layout == "single"
                                           or position < len(layers) - 1)
        to_check[file] = layout if on_disk else to_check.get(file, "-")

report("the reports say what is in the images", wrong_reports)
with open(f"{layers_dir}/list", "w") as port:
    for file, how in to_check.items():
        print(file, how, file=port)
sys.exit(failures > 0)
