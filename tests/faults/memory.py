# SPDX-License-Identifier: GPL-3.0-or-later
"""Too little memory.

What there is of it is limited, from nothing to enough.  At every step there is
an image, the same as always, or a clear failure: the process goes on."""

import hashlib
import io
import json
import os
import random
import tarfile

from checks import check

LONG = os.environ.get("LONG") == "true"

# Steps in KiB: where little is left, all depends on which allocation fails.
FINE = range(0, 1024, 16 if LONG else 64)
RATIO = 1.01 if LONG else 1.12
MOST = 1 << 20

# Sizes of bases' configurations in bytes.
CONFIG_SIZES = [46 << 10, 230 << 10, 690 << 10]

# Which memory is limited, with what a caller may say of backtraces.
LIMITS = [("address-space", "0"), ("data", "1")]
if LONG:
    LIMITS += [("address-space", "1"), ("data", "0")]

ADVICE = "memory"


def steps():
    """Amounts of memory in KiB, ever more."""
    yield from FINE
    left = FINE.stop
    while left < MOST:
        yield left
        left = int(left * RATIO) + 1


def large_base(scene, size):
    """Make a base of one empty layer whose configuration has SIZE bytes."""
    layer = bytes(1024)
    config = {
        "config": {"Env": [], "Labels": {}},
        "rootfs": {"type": "layers",
                   "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
        "history": [{"created_by": "the layer"}],
    }
    number = 0
    while len(json.dumps(config)) < size:
        for _ in range(200):
            number += 1
            config["history"].append({"created_by": f"step {number}", "empty_layer": True})
            config["config"]["Env"].append(f"VARIABLE_{number}=value")
            config["config"]["Labels"][f"label.{number}"] = "value"
    manifest = [{"Config": "config.json", "RepoTags": None, "Layers": ["layer.tar"]}]
    file = scene.input / f"base-{size}.tar"
    with tarfile.open(file, "w") as archive:
        for name, content in [("config.json", json.dumps(config).encode()),
                              ("manifest.json", json.dumps(manifest).encode()),
                              ("layer.tar", layer)]:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file


def check_all(scene):
    noise = random.Random(1)
    large = scene.make_input("large", {"noise": noise.randbytes(24 << 20)})
    many = scene.make_input("many", {})
    for number in range(20):
        directory = many / f"{number:0200}"
        directory.mkdir()
        for file in range(300):
            (directory / f"{file:0100}").write_bytes(b"")
    some = [scene.make_input(f"item-{number}", {"noise": noise.randbytes(3 << 20)})
            for number in range(3)]
    layered = [word for item in some for word in ("path", item)] + ["max-layers", 10]
    base = scene.input / "base.tar"
    scene.run(scene.words("path", some[0], "compressor", "gzip", ";", image=base))
    kinds = {
        "uncompressed": ["path", large],
        "layers": layered,
        "gzip": ["path", large, "compressor", "gzip", ";", "threads", 2],
        "gzip, 8 threads": ["path", large, "compressor", "gzip", ";", "threads", 8],
        "layers, gzip": [*layered, "compressor", "gzip", ";", "threads", 4],
        "zstd": ["path", large, "compressor", "zstd", ";", "threads", 2],
        "a filter": ["path", large, "compressor", "cat", ";"],
        "many files": ["path", many, "parent-directories", 1],
        "OCI, gzip": [*layered, "format", 1, "compressor", "gzip", ";", "threads", 2],
        "OCI, zstd": [*layered, "format", 1, "compressor", "zstd", ";", "threads", 2],
        "upon a base": ["path", some[1], "base", base],
        **{f"upon a base with a configuration of {size >> 10} KiB":
           ["path", some[1], "base", large_base(scene, size)] for size in CONFIG_SIZES},
    }
    for kind, words in kinds.items():
        for limit, backtrace in LIMITS:
            sweep(scene, kind, words, limit, backtrace)


def sweep(scene, kind, words, limit, backtrace):
    """Build with ever more memory, until it is enough three times."""
    command = scene.words(*words, "creation-time", 0)
    whole = scene.run(command)
    expected = digest(scene.image)
    scene.image.unlink()
    problems, statuses = [], []
    if whole.status != "OK":
        problems.append(whole.text)
    for left in steps():
        environment = {"RUST_BACKTRACE": backtrace}
        outcome = scene.run(["env", *(f"{key}={value}" for key, value in environment.items()),
                             *command, limit, str(left)], timeout=300)
        statuses.append(outcome.status)
        found = list(outcome.harm)
        if outcome.ended != 0:
            found.append(f"the driver ended with {outcome.ended}")
        elif outcome.status == "OK":
            if digest(scene.image) != expected:
                found.append("the image is another one")
        elif outcome.status == "RESOURCES":
            if ADVICE not in outcome.message and "thread" not in outcome.message:
                found.append("the message says nothing of memory")
        elif not (outcome.status == "COMPRESSOR" and kind == "a filter"):
            found.append(f"the status is {outcome.status}")
        names = sorted(os.listdir(scene.output))
        if names != (["image.tar"] if outcome.status == "OK" else []):
            found.append(f"in the output directory: {names}")
        scene.image.unlink(missing_ok=True)
        problems += [f"{left} KiB: {problem}: {outcome.text[-300:]}" for problem in found]
        if statuses[-3:] == ["OK"] * 3 and "RESOURCES" in statuses:
            break
    if "RESOURCES" not in statuses or statuses[-1] != "OK":
        problems.append(f"statuses: {statuses}")
    check(f"little {limit}, {kind}, RUST_BACKTRACE={backtrace}: "
          f"{statuses.count('RESOURCES')} failures, enough are {left} KiB",
          not problems, "\n".join(problems[:12]))


def digest(path):
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
