# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an image is whole: its digests and sizes, and its layers' members."""

import gzip
import hashlib
import io
import json
import pathlib
import subprocess
import tarfile


class Broken(Exception):
    """The image is not what it must be."""


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def unpack(data):
    """DATA as it was before it was compressed, if it was."""
    if data.startswith(b"\x1f\x8b"):
        return gzip.decompress(data)
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        return subprocess.run(["zstd", "-dc"], input=data, stdout=subprocess.PIPE,
                              check=True).stdout
    return data


def members(data, what):
    """The members of the archive DATA with their contents; it must be whole."""
    found = []
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for member in archive:
            content = archive.extractfile(member).read() if member.isfile() else b""
            if len(content) != (member.size if member.isfile() else 0):
                raise Broken(f"{what}: {member.name} is cut off")
            found.append((member, content))
        rest = data[archive.offset:]
    # What cannot be read as a member ends an archive for this module.
    if len(rest) < 512 or len(data) % 512 or rest.strip(b"\0"):
        raise Broken(f"{what}: after {len(found)} members there is {rest[:100]!r}")
    return found


def read_files(path):
    """The files of the image at PATH, by name."""
    if path.is_dir():
        return {str(file.relative_to(path)): file.read_bytes()
                for file in path.rglob("*") if file.is_file()}
    data = unpack(path.read_bytes())
    return {member.name: content for member, content in members(data, "the image") if member.isfile()}


def layers_of(path, image_id):
    """The layers of the image at PATH, unpacked.  Its digests must be right, and
    its ID the one that was reported."""
    files = read_files(pathlib.Path(path))
    if "oci-layout" in files:
        config, stored = read_oci(files)
    else:
        manifest, = json.loads(files["manifest.json"])
        config = files[manifest["Config"]]
        stored = [files[name] for name in manifest["Layers"]]
    if digest(config) != image_id:
        raise Broken("the image's ID is not its configuration's digest")
    layers = [unpack(layer) for layer in stored]
    if [digest(layer) for layer in layers] != json.loads(config)["rootfs"]["diff_ids"]:
        raise Broken("the layers have other digests than the configuration says")
    return layers


def read_oci(files):
    """The configuration and the layers of an OCI image; every blob is checked."""
    for name, data in files.items():
        if name.startswith("blobs/") and digest(data).replace(":", "/") != name[len("blobs/"):]:
            raise Broken(f"{name} has another digest")

    def blob(descriptor):
        data = files["blobs/" + descriptor["digest"].replace(":", "/")]
        if len(data) != descriptor["size"]:
            raise Broken(f"{descriptor['digest']} has another size")
        return data

    index = json.loads(files["index.json"])
    manifest = json.loads(blob(index["manifests"][0]))
    return blob(manifest["config"]), [blob(layer) for layer in manifest["layers"]]
