# SPDX-License-Identifier: GPL-3.0-or-later
"""docker-archives: manifest.json, names, the configuration, the archive's members.

Each row: the name of a case, a function from the name to the arguments of
case.Case, and what is meant, as in files.py."""

import json

from . import pack, tars
from .pack import REMOVED

DEFAULT = {"file": "file content"}
TWO = {"first": "file x", "other": "file x"}
SHA512 = "sha512:" + "0" * 128
ZERO = "sha256:" + "0" * 64


def docker(name, **more):
    return {"form": "docker", "data": pack.docker(name, **more)}


def configured(**changes):
    """An image with a changed configuration."""
    def make(name):
        layers = [pack.small()]
        return docker(name, layers=layers, document=pack.config(layers, **changes))
    return make


def tagged(tags):
    return lambda name: docker(name, entry={"RepoTags": tags})


def folded(document):
    """DOCUMENT with all keys in lower case."""
    if isinstance(document, dict):
        return {key.lower(): folded(value) for key, value in document.items()}
    if isinstance(document, list):
        return [folded(value) for value in document]
    return document


def manifest_of(name, document, **entry):
    return [pack.merged({"Config": pack.digest(document)[7:] + ".json",
                         "RepoTags": [f"corpus:{name}"], "Layers": ["0/layer.tar"]}, entry)]


def edited_config(edit):
    """An image whose configuration's text was edited."""
    def make(name):
        layers = [pack.small()]
        return docker(name, layers=layers, document=edit(json.dumps(pack.config(layers))))
    return make


def edited_manifest(edit):
    def make(name):
        layers = [pack.small()]
        document = pack.text(pack.config(layers))
        manifest = json.dumps(manifest_of(name, document))
        return docker(name, layers=layers, document=document, manifest=edit(manifest))
    return make


def with_layers(count, **changes):
    """An image of COUNT layers, of which each has a file."""
    names = ["first", "other"] if count == 2 else [f"f{number}" for number in range(count)]

    def make(name):
        layers = [tars.archive(tars.file(each)) for each in names]
        made = docker(name, layers=layers, document=pack.config(layers, **changes))
        if count == 2:
            return {**made, "commit": True}
        # The others start a process for each layer.
        return {**made, "judges": ["d28", "d28c"]}
    return make


def history(*entries):
    return with_layers(2, history=list(entries))


def diff_ids(choose):
    def make(name):
        layers = [pack.small()]
        return docker(name, layers=layers, document=pack.config(
            layers, rootfs={"type": "layers", "diff_ids": choose(pack.digest(layers[0]))}))
    return make


def rootfs(**changes):
    def make(name):
        layers = [pack.small()]
        whole = pack.config(layers)["rootfs"]
        return docker(name, layers=layers,
                      document=pack.config(layers, rootfs=pack.merged(whole, changes)))
    return make


def health(**value):
    return configured(config={"Cmd": ["/x"], "Healthcheck": value})


# Archives written member by member: functions of the configuration, the layer
# and the manifest.
def archive_of(*members, **entry):
    def make(name):
        layers = [pack.small()]
        document = pack.text(pack.config(layers))
        manifest = pack.text([pack.merged({"Config": "config.json", "Layers": ["layer.tar"],
                                           "RepoTags": [f"corpus:{name}"]}, entry)])
        contents = {"config": document, "layer": layers[0], "manifest": manifest}
        return {"form": "docker", "data": tars.archive(
            *(each if isinstance(each, bytes) else each(contents) for each in members))}
    return make


def at(name, what):
    """A document or a layer as the member NAME."""
    return lambda contents: tars.file(name, contents[what])


CONFIG, LAYER = at("config.json", "config"), at("layer.tar", "layer")
MANIFEST = at("manifest.json", "manifest")


def config_at(member, name):
    return archive_of(at(member, "config"), LAYER, MANIFEST, Config=name)


def layer_at(member, name):
    return archive_of(CONFIG, at(member, "layer"), MANIFEST, Layers=[name])


def with_member(*members):
    """Well-made, but for more MEMBERS in front."""
    return archive_of(*members, CONFIG, LAYER, MANIFEST)


def whole(change):
    return lambda name: {"form": "docker", "data": change(pack.docker(name))}


H, E = {"created_by": "x"}, {"created_by": "x", "empty_layer": True}

ROWS = [
    # Keys' case, doubles, null.
    ("keys-lower-config", lambda name: docker(
        name, document=folded(pack.config([pack.small()]))), DEFAULT),
    ("keys-lower-manifest", edited_manifest(lambda text: json.dumps(folded(json.loads(text)))),
     DEFAULT),
    ("keys-upper-config", edited_config(lambda text: text.replace('"rootfs"', '"ROOTFS"').replace(
        '"diff_ids"', '"DIFF_IDS"').replace('"os"', '"OS"')), DEFAULT),
    ("keys-long-s", edited_config(lambda text: text.replace('"os"', '"o\u017f"')), DEFAULT),
    ("double-rootfs-wrong-first", edited_config(lambda text: text.replace(
        '"rootfs"', '"rootfs": {"type": "layers", "diff_ids": ["%s"]}, "rootfs"' % ZERO)),
     DEFAULT),
    ("double-rootfs-wrong-last", edited_config(
        lambda text: text[:-1] + ', "rootfs": {"type": "layers", "diff_ids": ["%s"]}}' % ZERO),
     None),
    ("double-folded-wrong-first", edited_config(
        lambda text: '{"ROOTFS": {"type": "layers", "diff_ids": ["%s"]}, ' % ZERO + text[1:]),
     DEFAULT),
    ("double-folded-wrong-last", edited_config(
        lambda text: text[:-1] + ', "Rootfs": {"type": "layers", "diff_ids": ["%s"]}}' % ZERO),
     None),
    ("double-config", edited_config(lambda text: text[:-1] + ', "config": {"User": "u"}}'),
     DEFAULT),
    ("double-layers", edited_manifest(lambda text: text.replace(
        '"Layers"', '"Layers": ["none"], "Layers"')), DEFAULT),
    ("double-layers-folded-wrong", edited_manifest(lambda text: text.replace(
        '"Layers": ["0/layer.tar"]', '"Layers": ["0/layer.tar"], "layers": ["none"]')), None),
    ("double-os", edited_config(lambda text: text.replace(
        '"os": "linux"', '"os": "windows", "os": "linux"')), DEFAULT),
    ("double-wrong-form-first", edited_config(lambda text: text.replace(
        '"os": "linux"', '"os": 1, "os": "linux"')), None),
    ("null-history", configured(history=None), DEFAULT),
    ("null-config", configured(config=None), DEFAULT),
    ("null-lists", configured(config={
        "Cmd": None, "Env": None, "Entrypoint": None, "Volumes": None, "OnBuild": None,
        "Labels": None, "ExposedPorts": None, "Shell": None, "Healthcheck": None}), DEFAULT),
    ("null-layers", lambda name: docker(name, layers=[], entry={"Layers": None}), {}),
    ("null-diff-ids", lambda name: docker(name, layers=[], document=pack.config(
        [], rootfs={"type": "layers", "diff_ids": None})), {}),

    # Healthcheck.
    ("health-empty", health(), DEFAULT), ("health-test-empty", health(Test=[]), DEFAULT),
    ("health-test-null", health(Test=None), DEFAULT),
    ("health-interval-alone", health(Interval=10 ** 9), DEFAULT),
    ("health-none", health(Test=["NONE"]), DEFAULT),
    ("health-cmd", health(Test=["CMD", "/x"], Interval=10 ** 9, Retries=2), DEFAULT),
    ("health-cmd-alone", health(Test=["CMD"]), DEFAULT),
    ("health-shell", health(Test=["CMD-SHELL", "x"]), DEFAULT),
    ("health-unknown", health(Test=["RUN", "x"]), DEFAULT),
    ("health-interval-negative", health(Test=["CMD", "/x"], Interval=-1), DEFAULT),
    ("health-retries-negative", health(Test=["CMD", "/x"], Retries=-1), DEFAULT),
    ("health-interval-text", health(Test=["CMD", "/x"], Interval="30s"), None),

    # Platforms.
    ("platform-no-os", configured(os=REMOVED), DEFAULT),
    ("platform-no-architecture", configured(architecture=REMOVED), DEFAULT),
    ("platform-none", configured(os=REMOVED, architecture=REMOVED), DEFAULT),
    ("platform-empty", configured(os="", architecture=""), DEFAULT),
    ("platform-windows", configured(os="windows"), None),
    ("platform-upper-case", configured(os="Linux", architecture="AMD64"), None),
    ("platform-x86-64", configured(architecture="x86_64"), DEFAULT),
    ("platform-arm64", configured(architecture="arm64"), DEFAULT),

    # Names in manifest.json, and the members they stand for.
    ("config-dot", config_at("config.json", "./config.json"), None),
    ("config-dot-both", config_at("./config.json", "./config.json"), None),
    ("config-dots-inside", config_at("config.json", "a/../config.json"), None),
    ("config-absolute", config_at("config.json", "/config.json"), None),
    ("config-outside", config_at("config.json", "../config.json"), None),
    ("config-double-slash", config_at("a/config.json", "a//config.json"), None),
    ("config-empty", config_at("config.json", ""), None),
    ("config-missing", config_at("other.json", "config.json"), None),
    ("config-link", archive_of(at("x", "config"), tars.link("config.json", "x"), LAYER, MANIFEST),
     DEFAULT),
    ("config-hard-link", archive_of(at("x", "config"), tars.hard("config.json", "x"), LAYER,
                                    MANIFEST), None),
    ("layer-dot", layer_at("layer.tar", "./layer.tar"), None),
    ("layer-dots-inside", layer_at("layer.tar", "a/../layer.tar"), None),
    ("layer-absolute", layer_at("layer.tar", "/layer.tar"), None),
    ("layer-outside", layer_at("layer.tar", "../layer.tar"), None),
    ("layer-outside-both", layer_at("../layer.tar", "../layer.tar"), None),
    ("layer-missing", layer_at("other.tar", "layer.tar"), None),
    ("layer-link", archive_of(CONFIG, at("2/layer.tar", "layer"),
                              tars.link("1/layer.tar", "../2/layer.tar"), MANIFEST,
                              Layers=["1/layer.tar"]), None),
    ("layer-hard-link", archive_of(CONFIG, at("x", "layer"), tars.hard("layer.tar", "x"),
                                   MANIFEST), None),
    ("layer-link-chain", archive_of(CONFIG, at("x", "layer"), tars.link("y", "x"),
                                    tars.link("layer.tar", "y"), MANIFEST), None),
    ("layer-link-dangling", archive_of(CONFIG, tars.link("layer.tar", "none"), MANIFEST), None),
    ("layer-link-outside", archive_of(CONFIG, at("x", "layer"),
                                      tars.link("layer.tar", "../../x"), MANIFEST), None),
    ("layer-below-link", archive_of(CONFIG, at("d/layer.tar", "layer"), tars.link("e", "d"),
                                    MANIFEST, Layers=["e/layer.tar"]), None),
    ("manifest-first", archive_of(MANIFEST, CONFIG, LAYER), DEFAULT),
    ("manifest-dot", archive_of(CONFIG, LAYER, at("./manifest.json", "manifest")), DEFAULT),
    ("manifest-absolute", archive_of(CONFIG, LAYER, at("/manifest.json", "manifest")), None),
    ("all-dot", archive_of(at("./config.json", "config"), at("./layer.tar", "layer"),
                           at("./manifest.json", "manifest")), DEFAULT),
    ("manifest-missing", archive_of(CONFIG, LAYER), None),
    ("manifest-twice-same", archive_of(CONFIG, LAYER, MANIFEST, MANIFEST), DEFAULT),
    ("manifest-twice-first-bad", archive_of(CONFIG, LAYER, tars.file("manifest.json", "x"),
                                            MANIFEST), None),
    ("manifest-twice-last-bad", archive_of(CONFIG, LAYER, MANIFEST,
                                           tars.file("manifest.json", "x")), None),
    ("layer-twice-same", archive_of(CONFIG, LAYER, LAYER, MANIFEST), DEFAULT),
    ("layer-twice-last-bad", archive_of(CONFIG, LAYER, tars.file("layer.tar", "x"), MANIFEST),
     None),
    ("outer-extra", with_member(tars.file("README")), DEFAULT),
    ("outer-outside", with_member(tars.file("../x")), None),
    ("outer-device", with_member(tars.header("null", type="3", major=b"0000001\0",
                                             minor=b"0000003\0")), DEFAULT),
    ("outer-type-unknown", with_member(tars.file("x", type="Q")), None),
    ("outer-directories", with_member(tars.directory("./"), tars.directory("d/"),
                                      tars.directory("d/")), DEFAULT),
    ("outer-root", with_member(tars.directory("/")), DEFAULT),
    ("outer-pax", archive_of(CONFIG, lambda contents: tars.pax(("path", "layer.tar"))
                             + tars.file("short", contents["layer"]), MANIFEST), DEFAULT),
    ("outer-pax-global", with_member(tars.pax(("comment", "x"), type="g")), DEFAULT),
    ("outer-no-end", whole(lambda archive: archive[:-1024]), DEFAULT),
    ("outer-one-block", whole(lambda archive: archive[:-512]), DEFAULT),
    ("outer-garbage-behind", whole(lambda archive: archive + b"garbage" * 100), DEFAULT),
    ("outer-zeros-behind", whole(lambda archive: archive + bytes(20480)), DEFAULT),
    ("outer-lone-block", with_member(tars.file("x"), bytes(512)), None),
    ("outer-cut", whole(lambda archive: archive[:-1536]), None),
    ("outer-checksum", with_member(tars.header("x", checksum=b"000000\0 ")), None),

    # manifest.json and the configuration as text.
    ("manifest-empty", edited_manifest(lambda text: "[]"), None),
    ("manifest-null", edited_manifest(lambda text: "null"), None),
    ("manifest-object", edited_manifest(lambda text: text[1:-1]), None),
    ("manifest-list-null", edited_manifest(lambda text: "[null]"), None),
    ("manifest-bom", edited_manifest(lambda text: "\ufeff" + text), None),
    ("manifest-trailing", edited_manifest(lambda text: text + "x"), None),
    ("manifest-trailing-space", edited_manifest(lambda text: " \n" + text + "\n\t "), DEFAULT),
    ("manifest-trailing-comma", edited_manifest(lambda text: text[:-2] + ",}]"), None),
    ("manifest-unknown-key", edited_manifest(lambda text: text[:-2] + ',"x":1}]'), DEFAULT),
    ("manifest-parent", edited_manifest(lambda text: text[:-2] + ',"Parent":"%s"}]' % ZERO),
     DEFAULT),
    ("manifest-parent-number", edited_manifest(lambda text: text[:-2] + ',"Parent":1}]'), None),
    ("manifest-layer-sources", edited_manifest(lambda text: text[:-2] + ',"LayerSources":{}}]'),
     DEFAULT),
    ("manifest-layer-sources-list", edited_manifest(
        lambda text: text[:-2] + ',"LayerSources":[]}]'), None),
    ("manifest-layers-text", lambda name: docker(name, entry={"Layers": "0/layer.tar"}), None),
    ("manifest-layers-number", lambda name: docker(name, entry={"Layers": [1]}), None),
    ("manifest-config-number", lambda name: docker(name, entry={"Config": 1}), None),
    ("config-bom", edited_config(lambda text: "\ufeff" + text), None),
    ("config-trailing", edited_config(lambda text: text + "x"), None),
    ("config-trailing-space", edited_config(lambda text: text + "\n"), DEFAULT),
    ("config-not-utf8", lambda name: docker(name, document=json.dumps(pack.config(
        [pack.small()], author="@")).encode().replace(b"@", b"\xff")), DEFAULT),
    ("config-lone-surrogate", edited_config(
        lambda text: text.replace('"os"', '"author": "\\ud800", "os"')), DEFAULT),
    ("config-control-character", edited_config(
        lambda text: text.replace('"os"', '"author": "\n", "os"')), None),
    ("config-list", lambda name: docker(name, document="[]"), None),
    ("config-null", lambda name: docker(name, document="null"), None),
    ("config-not-json", lambda name: docker(name, document="x"), None),
    ("config-large-number", edited_config(lambda text: text.replace('"os"', '"x": 1e999, "os"')),
     DEFAULT),
    ("config-deep", edited_config(
        lambda text: text.replace('"os"', '"x": ' + "[" * 2000 + "]" * 2000 + ', "os"')), DEFAULT),
    ("config-deeper", edited_config(
        lambda text: text.replace('"os"', '"x": ' + "[" * 20000 + "]" * 20000 + ', "os"')), None),

    # RepoTags.
    ("tag-none", tagged(["corpus"]), None), ("tag-list-empty", tagged([]), DEFAULT),
    ("tag-null", tagged(None), DEFAULT), ("tag-empty", tagged([""]), None),
    ("tag-digest", tagged(["corpus@" + ZERO]), None),
    ("tag-and-digest", tagged(["corpus:1@" + ZERO]), None),
    ("tag-upper-case-name", tagged(["Corpus:1"]), None),
    ("tag-upper-case", tagged(["corpus:UPPER"]), DEFAULT),
    ("tag-colon-first", tagged([":1"]), None), ("tag-colon-last", tagged(["corpus:"]), None),
    ("tag-space", tagged(["cor pus:1"]), None), ("tag-two-slashes", tagged(["a//b:1"]), None),
    ("tag-registry", tagged(["localhost:5000/a/b:1"]), DEFAULT),
    ("tag-registry-upper-case", tagged(["Host.example/a:1"]), DEFAULT),
    ("tag-port-alone", tagged(["localhost:5000/a/b"]), None),
    ("tag-128", tagged(["corpus:" + "t" * 128]), DEFAULT),
    ("tag-129", tagged(["corpus:" + "t" * 129]), None),
    ("tag-dash-first", tagged(["corpus:-x"]), None),
    ("tag-name-237", tagged(["n" * 237 + ":1"]), DEFAULT),
    ("tag-name-256", tagged(["n" * 256 + ":1"]), None),
    ("tag-item-number", tagged([1]), None), ("tag-item-null", tagged([None]), None),
    ("tag-text", tagged("corpus:1"), None),
    ("tag-good-and-bad", tagged(["corpus:1", "Corpus:1"]), None),
    ("tag-unicode", tagged(["größe:1"]), None), ("tag-underscores", tagged(["a__b:1"]), DEFAULT),
    ("tag-three-underscores", tagged(["a___b:1"]), None),
    ("tag-docker-io", tagged(["docker.io/library/corpus:1"]), DEFAULT),
    ("tag-none-none", tagged(["<none>:<none>"]), None),

    # Layers, diff IDs and history.
    ("layers-none", lambda name: docker(name, layers=[]), {}),
    ("layers-same-twice", lambda name: docker(name, layers=[pack.small()] * 2), DEFAULT),
    # As docker save writes it before version 25.
    ("layers-same-linked", lambda name: docker(
        name, layers=[pack.small()] * 2, blobs=[pack.small()],
        members=[tars.link("1/layer.tar", "../0/layer.tar")],
        entry={"Layers": ["0/layer.tar", "1/layer.tar"]}), DEFAULT),
    ("layers-125", with_layers(125), {f"f{number}": "file x" for number in range(125)}),
    ("layers-126", with_layers(126), None),
    ("diff-id-wrong", diff_ids(lambda right: [ZERO]), None),
    ("diff-id-too-few", diff_ids(lambda right: []), None),
    ("diff-id-too-many", diff_ids(lambda right: [right, right]), None),
    ("diff-id-upper-case", diff_ids(lambda right: [right.upper().replace("SHA", "sha")]), None),
    ("diff-id-no-algorithm", diff_ids(lambda right: [right[7:]]), None),
    ("diff-id-short", diff_ids(lambda right: [right[:-1]]), None),
    ("diff-id-sha512", diff_ids(lambda right: [SHA512]), None),
    ("rootfs-type-other", rootfs(type="other"), DEFAULT),
    ("rootfs-type-missing", rootfs(type=REMOVED), DEFAULT),
    ("rootfs-missing", configured(rootfs=REMOVED), None),
    ("history-exact", history(H, H), TWO), ("history-few", history(H), None),
    ("history-many", history(H, H, H), None),
    ("history-empty-entries", history(E, H, E, H, E), TWO),
    ("history-all-empty", history(E, E), None), ("history-none", history(), TWO),
]
