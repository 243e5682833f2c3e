#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what is wrong with the image that channel.sh has 'guix docker build' make
with all its options.

usage: options.py ARCHIVE NAME

NAME is the name that the archive has in the store.  The variable ZSTD holds a
command to uncompress zstd with (default: zstd).
"""

import io
import json
import os
import shlex
import subprocess
import sys
import tarfile


class Image:
    def __init__(self, name):
        self.archive = tarfile.open(name)
        (self.entry,) = json.loads(self.read("manifest.json"))
        index = json.loads(self.read("index.json"))
        self.manifest = self.blob(index["manifests"][0])
        self.config = self.blob(self.manifest["config"])

    def read(self, name):
        return self.archive.extractfile(name).read()

    def blob(self, descriptor):
        return json.loads(self.layer(descriptor))

    def layer(self, descriptor):
        return self.read("blobs/" + descriptor["digest"].replace(":", "/"))

    def items(self):
        """Return the names of the items in each layer, lowest first."""
        lists = [layer["annotations"].get("guix-docker.layer.items", "[]")
                 for layer in self.manifest["layers"]]
        return [[item.split("-", 1)[1] for item in json.loads(each)] for each in lists]

    def members(self, index):
        """Return the members of a layer."""
        command = shlex.split(os.environ.get("ZSTD", "zstd"))
        layer = subprocess.run([*command, "-dc"], check=True, stdout=subprocess.PIPE,
                               input=self.layer(self.manifest["layers"][index])).stdout
        return tarfile.open(fileobj=io.BytesIO(layer)).getmembers()


def differences(image):
    """Yield what differs from what it should be, and both."""
    config = dict(image.config["config"])
    entry_point = config.pop("Entrypoint", [""])
    environment = config.pop("Env", [])
    short_id = image.manifest["config"]["digest"].split(":")[1][:12]
    where = {name: index for index, names in enumerate(image.items()) for name in names}
    layers = image.manifest["layers"]
    for name, have, want in (
            ("configuration", config,
             {"User": "1000:100", "Cmd": ["-c", "echo hi"], "WorkingDir": "/tmp",
              "Labels": {"a": "b", "c": "d=e"}, "ExposedPorts": {"80/tcp": {}},
              "Volumes": {"/data": {}}, "StopSignal": "SIGINT",
              "Healthcheck": {"Test": ["CMD", "true"]}}),
            ("entry point", [part.split("-", 1)[1] for part in entry_point],
             ["profile/bin/bash"]),
            # Not that of the profile.
            ("PATH", [text for text in environment if text.startswith("PATH=")],
             ["PATH=/given"]),
            ("WORD", "WORD=two words" in environment, True),
            ("author", image.config.get("author"), "nobody"),
            ("merged", image.config.get("x"), 1),
            ("variant", image.config.get("variant"), "v2"),
            ("history", image.config.get("history"), None),
            ("names", image.entry["RepoTags"],
             ["local.example:5000/team/shell:1", "other:" + short_id]),
            ("annotations", image.manifest["annotations"].get("x"), "y"),
            ("owner of /tmp", [(member.uid, member.gid) for member in image.members(-1)
                               if member.name == "tmp"], [(7, 8)]),
            ("parent directories", [member.name for member in image.members(0)][:2],
             ["gnu", "gnu/store"]),
            ("number of layers", 2 <= len(layers) <= 5, True),
            ("media types", {layer["mediaType"].rpartition("+")[2] for layer in layers},
             {"zstd"}),
            # What others refer to is below them.
            ("order of layers",
             where["libraries"] < where["debian-bash"] < where["profile"], True)):
        if have != want:
            yield f"{name}: {have} instead of {want}"


def main(archive, name):
    problems = list(differences(Image(archive)))
    if not name.endswith("-bash-coreutils-oci-archive.tar"):
        problems.append(f"name: {name}")
    print("\n".join(problems))
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
