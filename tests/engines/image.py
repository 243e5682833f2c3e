# SPDX-License-Identifier: GPL-3.0-or-later
"""The images under test: what was reported of them and what they hold."""

import hashlib
import json
import os
import pathlib
import shutil
import tarfile

import place

# What is compressed is the archive of the first two, and each layer of the last.
COMPRESSIONS = {"single": ("none", "gzip", "zstd", "xz"),
                "layered": ("none", "gzip", "zstd", "xz"),
                "oci": ("none", "gzip", "zstd")}
FORMS = tuple(COMPRESSIONS)
KINDS = [(form, compression) for form in FORMS for compression in COMPRESSIONS[form]]


class Layer:
    def __init__(self, diff_id, size, items):
        self.diff_id, self.size, self.items = diff_id, int(size), items


class Image:
    def __init__(self, name, file, form, compression, image_id, size):
        self.name, self.file, self.form = name, file, form
        self.compression, self.id, self.size = compression, image_id, int(size)
        self.layers = []

    @property
    def diff_ids(self):
        return [layer.diff_id for layer in self.layers]


def items():
    with open("/mnt/images/items", encoding="utf-8") as file:
        return dict(line.split() for line in file)


# cap_dac_override=ep, see capability.h: reads what it may not.
CAPABILITY = bytes.fromhex("0100000202000000000000000000000000000000")


def make_own(coreutils):
    """Lay out a tree that is no store item."""
    own = pathlib.Path("/mnt/images/own")
    for name, mode, content in [
            ("home/user/file", 0o640, "of the user\n"), ("secret", 0o600, "a secret\n"),
            ("large", 0o644, ""), ("t1/x", 0o644, "first\n"), ("t2/x", 0o644, "second\n"),
            ("t1/d/one", 0o644, ""), ("t2/d/two", 0o644, "")]:
        file = own / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="ascii")
        file.chmod(mode)
    (own / "home/user").chmod(0o705)
    (own / "t2/d").chmod(0o711)
    (own / "bin").mkdir()
    shutil.copy(f"/mnt/store/{coreutils.removeprefix('/gnu/store/')}/bin/cat", own / "bin/capable")
    (own / "bin/capable").chmod(0o755)
    os.setxattr(own / "bin/capable", "security.capability", CAPABILITY)


class Images(dict):
    """The images by name and compression."""

    def __init__(self):
        super().__init__()
        self.named = []         # files of images whose names were made to fit
        self.layout = {}        # digests of manifests and configs by name and system
        self.layers = {}        # files of images by their number of layers


def build():
    """Lay out the store and build every image."""
    place.sid.run("mkdir", "/mnt/images")
    listed = place.sid.run("/mnt/checkout/tests/engines/store")
    with open("/mnt/images/items", "w", encoding="utf-8") as file:
        file.write(listed)
    make_own(dict(line.split() for line in listed.splitlines())["coreutils"])
    # Copied, as Guile prefers Guix's compiled module to an older source file.
    shutil.copytree("/mnt/checkout/guile", "/mnt/guile", copy_function=shutil.copyfile)
    output = place.sid.run(
        "env", "GUIX_DOCKER_LIBRARY=/mnt/library.so", "GUILE_AUTO_COMPILE=0",
        "guile", "-L", "/mnt/guile", "/mnt/checkout/tests/engines/images.scm",
        "/mnt/images", timeout=900)
    images = Images()
    for line in output.splitlines():
        kind, *fields = line.split(" ")
        if kind == "image":
            image = Image(*fields)
            images[image.name, image.compression] = image
        elif kind == "layer":
            image.layers.append(Layer(fields[0], fields[1], fields[2:]))
        elif kind == "layout":
            name, system, manifest, image_id = fields
            images.layout[name, system] = manifest, image_id
        elif kind == "repository":
            images.named += fields
        elif kind == "layers":
            images.layers[int(fields[0])] = fields[1]
    return images


def read(file):
    """The ID, the diff IDs and the parsed config of an uncompressed image."""
    with tarfile.open(file, "r:") as archive:
        manifest = json.load(archive.extractfile("manifest.json"))[0]
        config = archive.extractfile(manifest["Config"]).read()
        diff_ids = []
        for layer in manifest["Layers"]:
            diff_ids.append("sha256:" + hashlib.file_digest(
                archive.extractfile(layer), "sha256").hexdigest())
    return "sha256:" + hashlib.sha256(config).hexdigest(), diff_ids, json.loads(config)
