# SPDX-License-Identifier: GPL-3.0-or-later
"""Images in the forms of tools that Debian has not: Jib before 2.3.0, kaniko, ko,
cosign save, docker save of version 29."""

import json

from corpus import pack, tars
from corpus.archives import folded
from corpus.documents import AMD64, ARM64, ALL, absent, attestation, entry_of, nested, signature

LAYERS = [tars.archive(tars.directory("app/"), tars.file("app/first")),
          tars.archive(tars.directory("app/"), tars.file("app/second"))]


def jib():
    """Keys in lower case, and layers by gzip, all at the top."""
    document = pack.text(folded(pack.config(LAYERS)))
    blobs = [pack.gzipped(layer) for layer in LAYERS]
    names = [pack.digest(blob)[7:] + ".tar.gz" for blob in blobs]
    manifest = [{"config": "config.json", "repotags": ["jib:1"], "layers": names}]
    return tars.archive(tars.file("config.json", document),
                        *map(tars.file, names, blobs),
                        tars.file("manifest.json", pack.text(manifest)))


def kaniko():
    """A root directory in each layer, and a directory that became a link."""
    layers = [tars.archive(tars.directory("/"), tars.directory("d/"), tars.file("d/x")),
              tars.archive(tars.directory("/"), tars.directory("/e/"), tars.file("/e/y")),
              tars.archive(tars.directory("/"), tars.file(".wh.d", ""), tars.link("d", "e"))]
    layers += [tars.archive(tars.directory("/"), tars.file(f"f{number}")) for number in range(12)]
    names = [pack.digest(layer) + ".tar.gz" for layer in layers]
    document = pack.text(pack.config(layers))
    manifest = [{"Config": pack.digest(document), "RepoTags": ["kaniko:1"], "Layers": names}]
    return tars.archive(tars.file(pack.digest(document), document),
                        *(tars.file(name, pack.gzipped(layer))
                          for name, layer in zip(names, layers)),
                        tars.file("manifest.json", pack.text(manifest)))


def ko():
    """An index of two platforms without a name, and a layer with absolute names."""
    layout = pack.Layout()

    def image(platform):
        layers = [*LAYERS, tars.archive(tars.directory("/ko-app"), tars.file("/ko-app/x", mode=0o555),
                                        tars.directory("/var"), tars.directory("/var/run"),
                                        tars.directory("/var/run/ko"))]
        return layout.image(layers, [pack.gzipped(layer) for layer in layers],
                            layer_type=pack.GZIP, **platform,
                            document=pack.config(layers, author="ko", **platform["platform"]))
    return layout.pack([image(AMD64), image(ARM64)])


def cosign():
    """An image and a signature of it, told apart by annotations."""
    layout = pack.Layout()
    image = layout.image(LAYERS)
    kind = "kind"
    image["annotations"] = {kind: "dev.cosignproject.cosign/image"}
    signed = signature(layout, image)
    signed["annotations"] = {kind: "dev.cosignproject.cosign/sigs"}
    return layout.pack([image, signed])


def docker_29():
    """An index in index.json, of which one image is there, and a manifest.json."""
    layout = pack.Layout()

    def both(layout, name):
        image = layout.image(LAYERS, **AMD64)
        layers = [tars.archive(tars.file("arm64"))]
        other = layout.image(layers, document=pack.config(layers, architecture="arm64"), **ARM64)
        return [image, other, attestation(layout, image)], {}
    manifests, more = nested(absent(both, 1, *ALL))(layout, "docker-29")
    return pack.both("docker-29", layout, manifests, **more)


def several():
    """Linux and Windows in one Docker archive without names."""
    layout = pack.Layout()
    entries = []
    for system in ("windows", "linux"):
        image = layout.image(LAYERS, document=pack.config(LAYERS, os=system))
        entries.append({**entry_of(layout, image, system), "RepoTags": None})
    return tars.archive(*(tars.file("blobs/sha256/" + name[7:], content)
                          for name, content in layout.blobs.items()),
                        tars.file("manifest.json", json.dumps(entries)))


FORMS = {"jib": jib, "kaniko": kaniko, "ko": ko, "cosign": cosign, "docker-29": docker_29,
         "several": several}


def write(directory):
    """Write an archive of each form; return its name and file."""
    for name, form in FORMS.items():
        (directory / f"h-{name}.tar").write_bytes(form())
        yield name, f"h-{name}.tar"
