# SPDX-License-Identifier: GPL-3.0-or-later
"""The images under test: what was reported of them and what they hold."""

import hashlib
import json
import shutil
import tarfile

import place

COMPRESSIONS = ("none", "gzip", "zstd", "xz")
FORMS = ("single", "layered")


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


def build():
    """Lay out the store and build every image; a dictionary of images."""
    place.sid.run("mkdir", "/mnt/images")
    listed = place.sid.run("/mnt/checkout/tests/engines/store")
    with open("/mnt/images/items", "w", encoding="utf-8") as file:
        file.write(listed)
    # Copied, as Guile prefers Guix's compiled module to an older source file.
    shutil.copytree("/mnt/checkout/guile", "/mnt/guile", copy_function=shutil.copyfile)
    output = place.sid.run(
        "env", "GUIX_DOCKER_LIBRARY=/mnt/library.so", "GUILE_AUTO_COMPILE=0",
        "guile", "-L", "/mnt/guile", "/mnt/checkout/tests/engines/images.scm",
        "/mnt/images", timeout=300)
    images = {}
    for line in output.splitlines():
        kind, *fields = line.split(" ")
        if kind == "image":
            image = Image(*fields)
            images[image.name, image.compression] = image
        elif kind == "layer":
            image.layers.append(Layer(fields[0], fields[1], fields[2:]))
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
