# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives in OCI's form, with and without a manifest.json: the index, manifests,
sizes, digests, media types, and what is no image of files.

The rows are those of archives.py.  A build gets a layout and the case's name, and
returns the index's descriptors and arguments of Layout.pack or pack.both."""

import json

from . import pack, tars
from .archives import DEFAULT, ZERO
from .pack import REMOVED, Layout, named

AMD64 = {"platform": pack.AMD64}
ARM64 = {"platform": {"architecture": "arm64", "os": "linux"}}
UNKNOWN = {"platform": {"architecture": "unknown", "os": "unknown"}}
DOCKER = "application/vnd.docker."
DOCKER_MANIFEST = DOCKER + "distribution.manifest.v2+json"
SHA512 = "sha512:" + "0" * 128


REFERENCE = "org.opencontainers.image.ref.name"
NESTED = {"judges": ["d28c", "podman"]}     # umoci takes no index within an index
CHOOSE = {"choose": True}


def oci(build, **options):
    """A maker of an archive without manifest.json."""
    def make(name):
        layout = Layout()
        manifests, more = build(layout, name)
        more = {key: value for key, value in more.items() if key not in ("image", "manifest")}
        return {"form": "oci", "data": layout.pack(manifests, **more), **options}
    return make


def both(build, **more_options):
    """A maker of an archive in both forms."""
    def make(name):
        layout = Layout()
        manifests, more = build(layout, name)
        return {"form": "both",
                "data": pack.both(name, layout, manifests, **{**more, **more_options})}
    return make


def one(change=None, entry=None, options=None, **image):
    """A build of one image: ENTRY changes the index's descriptor, CHANGE the
    layout; IMAGE is passed to Layout.image."""
    def build(layout, name):
        each = {**layout.image(**named(name), **image), **(entry or {})}
        if change:
            change(layout, each)
        return [each], options or {}
    return build


def of_index(**changes):
    return oci(one(options={"index": changes}))


def of_layer(**changes):
    return oci(one(layer_changes=[changes]))


def of_manifest(**changes):
    return oci(one(changes=changes))


def of_config(options, **changes):
    def build(layout, name):
        layers = [pack.small()]
        return [layout.image(layers, document=pack.config(layers, **changes), **named(name))], {}
    return oci(build, **options)


def single(layout, name):
    return [layout.image(**AMD64, **named(name))], {}


def second(**more):
    """A build of two images, of which the second has another file."""
    def build(layout, name):
        layer = tars.archive(tars.file("second", "2"))
        return [layout.image(**AMD64, **named(name)), layout.image([layer], **more)], {}
    return build


# What is no image of files.
def attestation(layout, image):
    """Provenance as buildx adds it to IMAGE."""
    kind = "https://slsa.dev/provenance/v0.2"
    statement = pack.text({"_type": "https://in-toto.io/Statement/v0.1", "predicateType": kind})
    return layout.image(
        [statement], layer_type="application/vnd.in-toto+json",
        layer_changes=[{"annotations": {"in-toto.io/predicate-type": kind}}],
        document={"architecture": "unknown", "os": "unknown", "config": {},
                  "rootfs": {"type": "layers", "diff_ids": [pack.digest(statement)]}},
        annotations={"vnd.docker.reference.type": "attestation-manifest",
                     "vnd.docker.reference.digest": image["digest"]}, **UNKNOWN)


def signature(layout, image):
    """A signature by cosign."""
    payload = pack.text({"critical": {"image": {"docker-manifest-digest": image["digest"]}}})
    return layout.image(
        [payload], layer_type="application/vnd.dev.cosign.simplesigning.v1+json",
        layer_changes=[{"annotations": {"dev.cosignproject.cosign/signature": "MEUC"}}],
        document={"architecture": "", "os": "", "config": {}, "created": "0001-01-01T00:00:00Z",
                  "history": [{"created": "0001-01-01T00:00:00Z"}],
                  "rootfs": {"type": "layers", "diff_ids": [pack.digest(payload)]}},
        annotations={"org.opencontainers.image.ref.name": f"sha256-{image['digest'][7:]}.sig"})


def artifact(layout, image):
    """A bill of materials that refers to IMAGE, with the empty configuration."""
    subject = {key: image[key] for key in ("mediaType", "digest", "size")}
    return layout.image([b'{"spdxVersion":"SPDX-2.3"}'], layer_type="application/spdx+json",
                        document=b"{}", config_type="application/vnd.oci.empty.v1+json",
                        changes={"artifactType": "application/spdx+json", "subject": subject})


def chart(layout, image):
    """A chart of Helm."""
    return layout.image([pack.gzipped(tars.archive(tars.file("chart/Chart.yaml", "name: x")))],
                        layer_type="application/vnd.cncf.helm.chart.content.v1.tar+gzip",
                        document={"name": "chart", "version": "1.0.0", "apiVersion": "v2"},
                        config_type="application/vnd.cncf.helm.config.v1+json",
                        annotations={"org.opencontainers.image.ref.name": "chart"})


def beside(other, first=False):
    """A build of an image with OTHER beside it, or before it."""
    def build(layout, name):
        image = layout.image(**AMD64, **named(name))
        more = other(layout, image)
        return ([more, image] if first else [image, more]), ({"image": 1} if first else {})
    return build


def nested(build, times=1):
    """What BUILD makes in an index of its own, as docker, buildx and ctr write it."""
    def outer(layout, name):
        manifests, more = build(layout, name)
        if more.get("without") is None and "image" not in more:
            entry = entry_of(layout, manifests[0], name)
        else:
            entry = entry_of(layout, manifests[more.get("image", 0)], name)
        manifests = [{key: value for key, value in each.items()
                      if key != "annotations" or "vnd.docker.reference.type" in value}
                     for each in manifests]
        for level in range(times):
            more_keys = named(name) if level == times - 1 else {}
            manifests = [layout.add({"schemaVersion": 2, "mediaType": pack.INDEX,
                                     "manifests": manifests}, pack.INDEX, **more_keys)]
        return manifests, {**more, "manifest": [entry]}
    return outer


def entry_of(layout, image, name):
    """The entry of manifest.json for an image of the layout."""
    parsed = json.loads(layout.blobs[image["digest"]])
    path = "blobs/sha256/"
    return {"Config": path + parsed["config"]["digest"][7:], "RepoTags": [f"corpus:{name}"],
            "Layers": [path + each["digest"][7:] for each in parsed["layers"]]}


def absent(build, which, *parts):
    """What BUILD makes without PARTS of the image of number WHICH: "manifest",
    "config", "layers"."""
    def without(layout, name):
        manifests, more = build(layout, name)
        parsed = json.loads(layout.blobs[manifests[which]["digest"]])
        digests = {"manifest": [manifests[which]["digest"]],
                   "config": [parsed["config"]["digest"]],
                   "layers": [each["digest"] for each in parsed["layers"]]}
        gone = {digest for part in parts for digest in digests[part]}
        return manifests, {**more, "without": gone}
    return without


ALL = ("manifest", "config", "layers")


def fewer(layout, name):
    """index.json with the first of two images that manifest.json has."""
    images, _ = second()(layout, name)
    return images[:1], {"manifest": [entry_of(layout, images[0], name),
                                     entry_of(layout, images[1], name + "-2")]}


def other(layout, name):
    """index.json with one image, manifest.json with another."""
    images, _ = second()(layout, name)
    return images[:1], {"manifest": [entry_of(layout, images[1], name)]}


def without_layers(layout, name):
    """index.json with a manifest that has no layers, manifest.json with them."""
    image = layout.image(**named(name))
    entry = entry_of(layout, image, name)
    parsed = json.loads(layout.blobs[image["digest"]])
    bare = layout.add({**parsed, "layers": []}, pack.MANIFEST, **named(name))
    return [bare], {"manifest": [entry]}


def changed(what):
    """Change a byte of a blob, which keeps its name and size."""
    def change(layout, image):
        parsed = json.loads(layout.blobs[image["digest"]])
        digest, text = {"manifest": (image["digest"], b"layers"),
                        "config": (parsed["config"]["digest"], b"linux"),
                        "layer": (parsed["layers"][0]["digest"], b"content")}[what]
        content = layout.blobs[digest]
        at = content.index(text)
        layout.blobs[digest] = content[:at] + text[:1].swapcase() + content[at + 1:]
    return change


def titled(**annotations):
    return oci(one(entry={"annotations": annotations}), judges=["d28c", "podman"])


ROWS = [
    # Which document counts.
    ("both", both(single), DEFAULT),
    ("index-null", both(single, index={"manifests": None}), None),
    ("index-empty", both(single, index={"manifests": []}), None),
    ("index-missing-list", both(single, index={"manifests": REMOVED}), None),
    ("index-broken", both(single, index="{"), None),
    ("index-fewer", both(fewer), {**DEFAULT, "(images)": "2"}),
    ("index-more", both(second()), {**DEFAULT, "(images)": "2"}),
    ("index-other-image", both(other), None),
    ("index-without-layers", both(without_layers), None),
    ("both-layout-empty", both(single, oci_layout=""), None),
    ("oci", oci(single), DEFAULT),
    ("oci-manifests-null", of_index(manifests=None), None),
    ("oci-manifests-empty", of_index(manifests=[]), None),
    ("layout-version-2", oci(one(options={"oci_layout": {"imageLayoutVersion": "2.0.0"}})), None),
    ("layout-broken", oci(one(options={"oci_layout": "x"})), None),
    ("index-no-schema", of_index(schemaVersion=REMOVED), DEFAULT),
    ("index-no-media-type", of_index(mediaType=REMOVED), DEFAULT),
    ("index-media-type-other", of_index(mediaType="application/json"), DEFAULT),
    ("index-keys-upper-case", oci(lambda layout, name: ([], {"index": json.dumps(
        {"SchemaVersion": 2, "Manifests": single(layout, name)[0]})})), DEFAULT),
    ("manifest-no-schema", of_manifest(schemaVersion=REMOVED), DEFAULT),
    ("manifest-no-media-type", of_manifest(mediaType=REMOVED), DEFAULT),
    ("manifest-type-differs", of_manifest(mediaType=DOCKER_MANIFEST), None),
    ("manifest-of-docker", oci(one(manifest_type=DOCKER_MANIFEST,
                                   config_type=DOCKER + "container.image.v1+json",
                                   layer_type=DOCKER + "image.rootfs.diff.tar"), **NESTED),
     DEFAULT),
    ("descriptor-type-differs", oci(one(entry={"mediaType": DOCKER_MANIFEST})), None),
    ("descriptor-no-type", oci(one(entry={"mediaType": ""})), None),
    ("config-type-other", oci(one(config_type="application/json")), None),
    ("layers-and-manifests", of_manifest(manifests=[]), None),
    ("annotations-null", of_manifest(annotations=None), DEFAULT),
    ("annotations-number", of_manifest(annotations={"a": 1}), None),
    ("layers-null", oci(one(layers=[], changes={"layers": None})), {}),
    ("no-layers", oci(one(layers=[])), {}),
    # umoci takes these, but makes no container's configuration of them.
    ("no-os", of_config(NESTED, os=REMOVED), DEFAULT),
    ("no-platform", of_config(NESTED, os=REMOVED, architecture=REMOVED), DEFAULT),
    ("platform-differs", oci(one(entry=ARM64)), DEFAULT),
    ("platform-null", oci(one(entry={"platform": None})), DEFAULT),
    ("platform-text", oci(one(entry={"platform": "linux/amd64"})), None),

    # Sizes and digests.
    ("layer-size-small", of_layer(size=1), None), ("layer-size-large", of_layer(size=99999), None),
    ("layer-size-zero", of_layer(size=0), None), ("layer-size-negative", of_layer(size=-1), None),
    ("layer-size-null", of_layer(size=None), None), ("layer-size-text", of_layer(size="1"), None),
    ("layer-size-fraction", of_layer(size=2048.5), None),
    ("layer-digest-other", of_layer(digest=ZERO), None),
    ("layer-digest-short", of_layer(digest="sha256:00"), None),
    ("layer-digest-sha512", of_layer(digest=SHA512), None),
    ("layer-digest-null", of_layer(digest=None), None),
    ("layer-digest-upper-case", of_layer(digest=ZERO.upper()), None),
    ("layer-urls", of_layer(urls=["http://127.0.0.1:1/x"]), None),
    ("layer-urls-text", of_layer(urls="http://127.0.0.1:1/x"), None),
    ("layer-urls-empty", of_layer(urls=[]), DEFAULT),
    ("layer-data-bad", of_layer(data="%"), None),
    ("layer-annotations", of_layer(annotations={"a": "b"}), DEFAULT),
    ("manifest-size-wrong", oci(one(entry={"size": 1})), None),
    ("layer-changed", oci(one(change=changed("layer"))), None),
    ("config-changed", oci(one(change=changed("config"))), None),
    ("manifest-changed", oci(one(change=changed("manifest"))), None),
    ("foreign-absent", oci(absent(one(
        layer_type="application/vnd.oci.image.layer.nondistributable.v1.tar",
        layer_changes=[{"urls": ["http://127.0.0.1:1/x"]}]), 0, "layers")), None),

    # What is no image of files.
    ("attestation", oci(nested(beside(attestation)), **NESTED), DEFAULT),
    ("attestation-first", oci(nested(beside(attestation, first=True)), **NESTED), DEFAULT),
    ("attestation-both", both(nested(beside(attestation))), DEFAULT),
    ("attestation-first-both", both(nested(beside(attestation, first=True))), DEFAULT),
    ("signature", oci(beside(signature), **CHOOSE), DEFAULT),
    ("signature-first", oci(beside(signature, first=True), **CHOOSE), DEFAULT),
    ("signature-first-both", both(beside(signature, first=True)), DEFAULT),
    ("artifact", oci(beside(artifact), **CHOOSE), DEFAULT),
    ("artifact-first", oci(beside(artifact, first=True), **CHOOSE), DEFAULT),
    ("artifact-both", both(beside(artifact)), DEFAULT),
    ("chart-first", oci(beside(chart, first=True), **CHOOSE), DEFAULT),

    # Parts that are not there.
    ("absent-manifest", oci(nested(absent(second(**ARM64), 1, "manifest")), **NESTED), DEFAULT),
    ("absent-image", oci(nested(absent(second(**ARM64), 1, *ALL)), **NESTED), DEFAULT),
    ("absent-image-first", oci(nested(absent(lambda layout, name: (
        second(**ARM64)(layout, name)[0][::-1], {"image": 1}), 0, *ALL)), **NESTED), DEFAULT),
    ("absent-image-both", both(nested(absent(second(**ARM64), 1, *ALL))), DEFAULT),
    ("absent-layers", oci(nested(absent(second(**ARM64), 1, "layers")), **NESTED), DEFAULT),
    ("absent-layers-both", both(nested(absent(second(**ARM64), 1, "layers"))), DEFAULT),
    ("absent-config", oci(nested(absent(second(**ARM64), 1, "config")), **NESTED), DEFAULT),
    ("absent-own-layers", oci(absent(single, 0, "layers")), None),
    ("absent-own-config", oci(absent(single, 0, "config")), None),
    ("absent-own-manifest", oci(absent(single, 0, "manifest")), None),

    # Which of several.
    ("two-platforms", oci(nested(second(**ARM64)), **NESTED), DEFAULT),
    ("two-of-one-platform", oci(nested(second(**AMD64)), **NESTED), DEFAULT),
    ("two-without-platform", oci(nested(second()), **NESTED), DEFAULT),
    ("two-names", oci(lambda layout, name: second(**named(name + "-2"))(layout, name), **CHOOSE),
     None),
    ("index-in-index", oci(nested(single, 2), **NESTED), None),
    ("name-none", titled(), DEFAULT),
    ("name-full", titled(**{REFERENCE: "docker.io/library/corpus:x"}), DEFAULT),
    ("name-upper-case", titled(**{REFERENCE: "Corpus:X"}), None),
    ("name-with-space", titled(**{REFERENCE: "a b"}), None),
]
