# SPDX-License-Identifier: GPL-3.0-or-later
"""Images made upon images of others: busybox and Debian, as buildah makes them,
and what Docker and podman save."""

import os
import pathlib

import image
from place import CommandFailed, sid
from report import report

BUILDAH = ["buildah", "--root", "/mnt/e/bases/root", "--runroot", "/mnt/e/bases/run"]

# What containers print of the base and of what is upon it.
SCRIPT = "cat /etc/base; echo $BASE; cat $OWN/share/greeting"


def make_trees():
    """The root file systems of the bases."""
    busybox = pathlib.Path("/mnt/images/busybox")
    for directory in ("bin", "etc", "tmp"):
        (busybox / directory).mkdir(parents=True)
    sid.run("cp", "/bin/busybox", "/mnt/images/busybox/bin/busybox")
    for program in ("sh", "cat", "echo", "sleep"):
        (busybox / "bin" / program).symlink_to("busybox")
    (busybox / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n", encoding="ascii")
    trees = {"busybox": busybox}
    if os.environ.get("DEBIAN"):
        trees["debian"] = pathlib.Path("/mnt/debian")
    return trees


def make():
    """Make the bases with buildah; return their files by name and kind."""
    bases = {}
    for name, tree in make_trees().items():
        container = sid.run(*BUILDAH, "from", "scratch").strip()
        sid.run(*BUILDAH, "copy", container, tree, "/", timeout=900)
        file = f"/mnt/images/{name}-file"
        with open(file, "w", encoding="ascii") as out:
            out.write(f"the base {name}\n")
        # A second layer.
        sid.run(*BUILDAH, "config", "--env", f"BASE={name}", "--env", "PATH=/bin:/usr/bin",
                "--workingdir", "/tmp", container)
        sid.run(*BUILDAH, "commit", container, f"{name}-first", timeout=900)
        sid.run(*BUILDAH, "rm", container)
        container = sid.run(*BUILDAH, "from", f"localhost/{name}-first").strip()
        sid.run(*BUILDAH, "copy", container, file, "/etc/base")
        sid.run(*BUILDAH, "commit", container, name, timeout=900)
        sid.run(*BUILDAH, "rm", container)
        for kind, target in (("docker-archive", f"{name}.docker.tar:base/{name}:1"),
                             ("oci-archive", f"{name}.oci.tar:1"), ("oci", f"{name}.oci:1")):
            sid.run(*BUILDAH, "push", name, f"{kind}:/mnt/images/{target}", timeout=900)
            bases[name, kind] = "/mnt/images/" + target.split(":")[0]
        sid.run(*BUILDAH, "rmi", "--all", "--force")
    return bases


def build(base, output_format, file):
    """Make an image upon BASE; return its ID and its diff IDs."""
    items = image.items()
    output = sid.run("env", "GUIX_DOCKER_LIBRARY=/mnt/library.so", "GUILE_AUTO_COMPILE=0",
                     "TMPDIR=/mnt/tmp", "guile", "-L", "/mnt/guile",
                     "/mnt/checkout/tests/engines/upon.scm", base, "", output_format, file,
                     items["profile-1"], items["greeting-1"], items["profile-1"],
                     items["data"], timeout=900)
    image_id, *diff_ids = output.split()
    return image_id, diff_ids


def check_one(engine, name, base, output_format, file, title):
    """Load and run an image made upon BASE; return whether that worked."""
    title = f"{engine.id}: {title}"
    try:
        expected = build(base, output_format, file)
        engine.load(file)
        identity = engine.identity()
        if identity[0] is not None:
            report.equal(f"{title}: the ID and the diff IDs", identity, expected)
        if not engine.runs:
            return False
        return report.equal(f"{title}: runs", engine.run_script(SCRIPT),
                            f"the base {name}\n{name}\ngreeting 1\n")
    except CommandFailed as failure:
        return report.check(title, False, failure)


def check(engine, bases):
    """All that ENGINE can do with images that are made upon others."""
    for (name, kind), base in bases.items():
        # Debian is large: once is enough.
        if name == "debian" and (kind == "oci" or engine.place is not sid):
            continue
        output_format = "docker-archive" if kind == "docker-archive" else "oci-archive"
        file = f"/mnt/images/upon-{engine.id.replace('/', '-')}.tar"
        worked = check_one(engine, name, base, output_format, file, f"upon {name}, {kind}")
        if worked and name == "busybox" and hasattr(engine, "save"):
            # What the engine saves of it is a base again.
            saved = f"/mnt/images/saved-{engine.id.replace('/', '-')}.tar"
            try:
                engine.save(saved)
                engine.wipe()
                check_one(engine, name, saved, output_format, file,
                          f"upon what it saves of that, {kind}")
                os.unlink(saved)
            except CommandFailed as failure:
                report.check(f"{engine.id}: saves an image", False, failure)
        engine.wipe()
        os.unlink(file)
