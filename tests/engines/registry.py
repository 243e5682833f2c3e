# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry on loopback: two layered images that differ in one item and
their profile are pushed to it, and pulled and run from it."""

import re

import engines
import image
from place import CommandFailed, sid
from report import report

ADDRESS = "127.0.0.1:5002"
LOG = "/mnt/e/registry.log"


def uploads():
    """How many blobs were uploaded so far."""
    with open(LOG, encoding="utf-8") as log:
        return len(re.findall(r"\bPUT /v2/\S+/blobs/uploads/", log.read()))


def push(each):
    """Push an image; return the number of blobs uploaded."""
    before = uploads()
    sid.run("skopeo", "copy", "--dest-tls-verify=false", f"docker-archive:{each.file}",
            f"docker://{ADDRESS}/engines:{each.name}")
    return uploads() - before


def start(images):
    """Start the registry and push both images; return its process."""
    daemon = sid.spawn(LOG, "crane", "registry", "serve", "--address", ADDRESS)
    try:
        engines.wait_for(lambda: sid.run("crane", "catalog", "--insecure", ADDRESS))
        first, second = images["first", "none"], images["second", "none"]
        new = set(second.diff_ids) - set(first.diff_ids)
        # The item, the profile, and the extra files with their link to it.
        report.equal("registry: layers that are new in the second image", len(new), 3)
        report.equal("registry: the first push uploads each layer and the config",
                     push(first), len(set(first.diff_ids)) + 1)
        report.equal("registry: the second push uploads the new layers and the config",
                     push(second), len(new) + 1)
    except CommandFailed as failure:
        report.check("registry: both images are pushed", False, failure)
    return daemon


def check_pull(engine, images):
    """Pull the second image and run it."""
    reference = f"{ADDRESS}/engines:second"
    second = images["second", "none"]
    name = f"{engine.id}: pulled from a registry"
    try:
        engine.pull(reference)
        image_id, diff_ids = engine.identity(reference)
        report.equal(f"{name}: same ID and diff IDs", (image_id, diff_ids),
                     (second.id, second.diff_ids))
        report.equal(f"{name}: runs",
                     engine.run(f"cat {image.items()['profile-2']}/share/greeting",
                                reference=reference), "greeting 2\n")
    except CommandFailed as failure:
        report.check(name, False, failure)
