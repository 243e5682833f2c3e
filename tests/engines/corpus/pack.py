# SPDX-License-Identifier: GPL-3.0-or-later
"""Images packed from layers and documents, in Docker's and in OCI's form."""

import gzip
import hashlib
import json

from . import tars

OCI = "application/vnd.oci.image."
LAYER = OCI + "layer.v1.tar"
GZIP, ZSTD = LAYER + "+gzip", LAYER + "+zstd"
CONFIG, MANIFEST, INDEX = OCI + "config.v1+json", OCI + "manifest.v1+json", OCI + "index.v1+json"
AMD64 = {"architecture": "amd64", "os": "linux"}


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def text(document):
    """The bytes of a document, which may be text as it is."""
    if isinstance(document, bytes):
        return document
    return (document if isinstance(document, str) else json.dumps(document)).encode()


def merged(document, changes):
    """DOCUMENT with CHANGES, in which None removes a key."""
    both = {**document, **(changes or {})}
    return {key: value for key, value in both.items() if value is not REMOVED}


REMOVED = object()


def config(layers, **changes):
    """An image's configuration; a change of REMOVED removes a key."""
    return merged({"created": "1970-01-01T00:00:01Z", **AMD64,
                   "config": {"Env": ["PATH=/bin"], "Cmd": ["/x"]},
                   "rootfs": {"type": "layers", "diff_ids": [digest(each) for each in layers]},
                   "history": [{"created": "1970-01-01T00:00:01Z", "created_by": str(number)}
                               for number in range(len(layers))]}, changes)


def small(*members):
    """A layer with a file and MEMBERS."""
    return tars.archive(tars.file("file", "content"), *members)


def docker(name, layers=None, document=None, blobs=None, manifest=None, members=(),
           archive_config=None, entry=None, before=()):
    """A docker-archive.  LAYERS are the layers' uncompressed bytes, BLOBS what is
    stored of them, DOCUMENT the configuration, ENTRY changes of the manifest's
    entry, MANIFEST the whole manifest; MEMBERS and BEFORE are more members."""
    layers = [small()] if layers is None else layers
    blobs = layers if blobs is None else blobs
    document = text(config(layers) if document is None else document)
    config_name = archive_config or digest(document)[7:] + ".json"
    names = [f"{number}/layer.tar" for number in range(len(blobs))]
    if manifest is None:
        manifest = [merged({"Config": config_name, "RepoTags": [f"corpus:{name}"],
                            "Layers": names}, entry)]
    return tars.archive(*before, tars.file(config_name, document),
                        *(tars.file(each, blob) for each, blob in zip(names, blobs)),
                        *members, tars.file("manifest.json", text(manifest)))


def descriptor(content, media_type, **more):
    content = text(content)
    return {"mediaType": media_type, "digest": digest(content), "size": len(content), **more}


class Layout:
    """An OCI archive in the making."""

    def __init__(self):
        self.blobs = {}

    def add(self, content, media_type, **more):
        """Keep a blob; return its descriptor."""
        content = text(content)
        self.blobs[digest(content)] = content
        return descriptor(content, media_type, **more)

    def image(self, layers=None, blobs=None, document=None, layer_type=LAYER,
              config_type=CONFIG, changes=None, layer_changes=(), manifest_type=MANIFEST, **more):
        """Keep an image; return its manifest's descriptor with MORE keys."""
        layers = [small()] if layers is None else layers
        blobs = layers if blobs is None else blobs
        document = config(layers) if document is None else document
        stored = [self.add(blob, layer_type) for blob in blobs]
        for each, change in zip(stored, layer_changes):
            each.update(change)
        manifest = merged({"schemaVersion": 2, "mediaType": manifest_type,
                           "config": self.add(document, config_type), "layers": stored}, changes)
        return self.add(manifest, manifest_type, **more)

    def pack(self, manifests, index=None, members=(), without=(), oci_layout=None):
        """An archive whose index lists MANIFESTS, without the blobs WITHOUT."""
        index = merged({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests},
                       index) if not isinstance(index, (str, bytes)) else index
        layout = {"imageLayoutVersion": "1.0.0"} if oci_layout is None else oci_layout
        return tars.archive(
            *([tars.file("oci-layout", text(layout))]),
            tars.file("index.json", text(index)),
            *(tars.file("blobs/sha256/" + name[7:], content)
              for name, content in self.blobs.items() if name not in without), *members)


def named(name):
    """The annotations that give an image of an index its name."""
    return {"annotations": {"io.containerd.image.name": f"docker.io/library/corpus:{name}",
                            "org.opencontainers.image.ref.name": name}}


def both(name, layout, manifests, entry=None, manifest=None, image=0, **pack):
    """An archive in both forms, as docker save writes it: MANIFEST or its ENTRY
    refers to the blobs of the manifest of number IMAGE."""
    if manifest is None:
        parsed = json.loads(layout.blobs[manifests[image]["digest"]])
        path = "blobs/sha256/"
        manifest = [merged({"Config": path + parsed["config"]["digest"][7:],
                            "RepoTags": [f"corpus:{name}"],
                            "Layers": [path + each["digest"][7:] for each in parsed["layers"]]},
                           entry)]
    members = list(pack.pop("members", ()))
    return layout.pack(manifests, members=members + [tars.file("manifest.json", text(manifest))],
                       **pack)


def gzipped(content, **options):
    return gzip.compress(content, mtime=0, **options)
