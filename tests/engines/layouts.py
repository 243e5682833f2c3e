# SPDX-License-Identifier: GPL-3.0-or-later
"""An OCI image layout with several images, as the tools that read layouts see
it, and what of its images a registry takes."""

import hashlib
import json
import os
import pathlib
import re

import engines
import image
from place import CommandFailed, machine, sid
from report import report

LAYOUT = "/mnt/images/layout"
ADDRESS = "127.0.0.1:5003"
LOG = "/mnt/e/layouts-registry.log"
X86 = "x86_64-linux-gnu"
SINGLE = ["layout-gzip:1", "layout-gzip:2", "layout-zstd:latest", "layout-zstd:2"]


def digest(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def expected(images, name, system=X86):
    """The digests of the manifest and of the configuration of NAME."""
    return images.layout[name.removesuffix(":latest"), system]


def sizes(manifest):
    """The sizes of the layers and the configuration of MANIFEST, by digest."""
    return {blob["digest"]: blob["size"] for blob in [manifest["config"], *manifest["layers"]]}


def check_skopeo(place, images):
    for name in SINGLE:
        title = f"{place.name}/skopeo: {name} in a layout"
        source = f"oci:{LAYOUT}:{name}"
        report.equal(f"{title}: the manifest is the one reported",
                     digest(place.run("skopeo", "inspect", "--raw", source)),
                     expected(images, name)[0])
        copy = f"/mnt/e/copy-{place.name}-{name}"
        place.run("skopeo", "copy", source, f"dir:{copy}")
        report.equal(f"{title}: a copy has its digests",
                     digest(pathlib.Path(copy, "manifest.json").read_text()),
                     expected(images, name)[0])
    for compression in image.COMPRESSIONS["oci"]:
        source = f"oci-archive:{images['oci', compression].file}"
        copy = f"/mnt/e/copy-{place.name}-archive-{compression}"
        place.run("skopeo", "copy", source, f"dir:{copy}")
        report.equal(f"{place.name}/skopeo: an archive with layers of {compression} keeps "
                     "its digests", pathlib.Path(copy, "manifest.json").read_text(),
                     place.run("skopeo", "inspect", "--raw", source))
    both = f"/mnt/e/copy-{place.name}-systems"
    place.run("skopeo", "copy", "--all", f"oci:{LAYOUT}:systems:latest", f"dir:{both}")
    manifests = {name.split(".")[0] for name in os.listdir(both) if "." in name}
    report.check(f"{place.name}/skopeo: copy --all copies each system",
                 all(expected(images, "systems", system)[0][7:] in manifests
                     for system in (X86, "aarch64-linux")), manifests)
    for system, architecture in ((X86, "amd64"), ("aarch64-linux", "arm64")):
        raw = place.run("skopeo", "--override-arch", architecture, "inspect", "--config",
                        "--raw", f"oci:{LAYOUT}:systems:latest")
        report.equal(f"{place.name}/skopeo: the image for {architecture}", digest(raw),
                     expected(images, "systems", system)[1])


def check_umoci(place, images):
    listed = place.run("umoci", "list", "--layout", LAYOUT).split()
    report.equal(f"{place.name}/umoci: lists the images", sorted(listed),
                 sorted(SINGLE + ["systems:latest"]))
    for name in SINGLE:
        bundle = pathlib.Path(f"/mnt/e/bundle-{place.name}-{name.replace(':', '-')}")
        title = f"{place.name}/umoci: {name}"
        try:
            place.run("umoci", "unpack", "--image", f"{LAYOUT}:{name}", bundle)
        except CommandFailed as failure:
            # It knows zstd since 0.5.
            report.check(f"{title}: unpacks", "zstd" in name and place is machine
                         and re.search("zstd", str(failure)), failure)
            continue
        which = "2" if name.endswith(":2") else "1"
        profile = image.items()[f"profile-{which}"]
        greeting = bundle / "rootfs" / profile.lstrip("/") / "share/greeting"
        link = bundle / "rootfs" / os.readlink(greeting).lstrip("/") \
            if greeting.is_symlink() else greeting
        report.equal(f"{title}: unpacks", link.read_text(), f"greeting {which}\n")


def check_buildah(place):
    """buildah and podman get images from layouts as well."""
    for name in SINGLE:
        buildah = ["buildah", "--root", f"/mnt/e/layouts-{place.name}/root",
                   "--runroot", f"/mnt/e/layouts-{place.name}/run"]
        container = place.run(*buildah, "from", *engines.LIMITS, f"oci:{LAYOUT}:{name}").strip()
        report.check(f"{place.name}/buildah: {name} from a layout", container)
        place.run(*buildah, "rm", "--all")
        place.run(*buildah, "rmi", "--all", "--force")


def uploads():
    with open(LOG, encoding="utf-8") as log:
        return len(re.findall(r"\bPUT /v2/\S+/blobs/uploads/", log.read()))


def check_registry(images):
    """Push images; of the second version, only what has changed goes over."""
    known = {}                          # the registry knows blobs of all its repositories
    for compression in ("gzip", "zstd"):
        for number, name in enumerate(each for each in SINGLE if compression in each):
            reference = f"{ADDRESS}/{compression}:{number}"
            manifest = json.loads(sid.run("skopeo", "inspect", "--raw", f"oci:{LAYOUT}:{name}"))
            blobs = sizes(manifest)
            new = {blob: size for blob, size in blobs.items() if blob not in known}
            before = uploads()
            sid.run("skopeo", "copy", "--dest-tls-verify=false", "--preserve-digests",
                    f"oci:{LAYOUT}:{name}", f"docker://{reference}")
            report.equal(f"registry: {name}: uploads", uploads() - before, len(new))
            remote = sid.run("crane", "digest", "--insecure", reference).strip()
            report.equal(f"registry: {name}: the digest", remote, expected(images, name)[0])
            if number > 0:
                share = sum(new.values()) / sum(blobs.values())
                # One small item has changed, and the profile with it.
                report.check(f"registry: {name}: {sum(new.values())} of "
                             f"{sum(blobs.values())} bytes are new, {share:.1%}", share < 0.01, new)
            known.update(blobs)
            if compression == "gzip":   # of zstd it knows nothing
                sid.run("crane", "validate", "--insecure", "--remote", reference)


def check_crane(images):
    """crane sees each system of an index."""
    sid.run("skopeo", "copy", "--all", "--dest-tls-verify=false", "--preserve-digests",
            f"oci:{LAYOUT}:systems:latest", f"docker://{ADDRESS}/systems:1")
    for system, platform in ((X86, "linux/amd64"), ("aarch64-linux", "linux/arm64")):
        config = sid.run("crane", "config", "--insecure", "--platform", platform,
                         f"{ADDRESS}/systems:1")
        report.equal(f"crane: the image for {platform}", digest(config),
                     expected(images, "systems", system)[1])
    sid.run("crane", "push", "--insecure", "--index", LAYOUT, f"{ADDRESS}/whole:1")
    index = json.loads(sid.run("crane", "manifest", "--insecure", f"{ADDRESS}/whole:1"))
    report.equal("crane: pushes a layout as an index", len(index["manifests"]), len(SINGLE) + 1)


def check(images):
    places = [sid] if os.environ["MACHINE"] != "yes" else [machine, sid]
    for place in places:
        check_skopeo(place, images)
        check_umoci(place, images)
        check_buildah(place)
    daemon = sid.spawn(LOG, "crane", "registry", "serve", "--address", ADDRESS)
    try:
        engines.wait_for(lambda: sid.run("crane", "catalog", "--insecure", ADDRESS))
        check_registry(images)
        check_crane(images)
    finally:
        engines.stop_daemon(daemon)
