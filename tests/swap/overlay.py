# SPDX-License-Identifier: GPL-3.0-or-later
"""guile/make-overlay.

usage: overlay.py WORK TOP LIBRARY

WORK is an empty directory.
"""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from checks import check  # noqa: E402
from project import LIBRARY, MODULES, Project, changed, read, snapshot, write  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
OURS = "guix/docker/library.scm"


def check_refusals(project, work):
    nowhere = os.path.join(work, "nowhere")
    for name, arguments in (("no argument", []), ("two directories", [nowhere, nowhere]),
                            ("an empty name", [""]), ("an option", ["--help-me"]),
                            ("an option and a directory", ["-L", nowhere])):
        result = project.run("make-overlay", *arguments, cwd=work)
        check(f"overlay: {name}: usage",
              result.refused("usage:", status=2) and os.listdir(work) == ["in"], result)
    result = project.run("make-overlay", nowhere,
                         variables={"GUIX_DOCKER_LIBRARY": "not/there.so"})
    check("overlay: GUIX_DOCKER_LIBRARY that is not there is refused",
          result.refused("not/there.so") and not os.path.exists(nowhere), result)
    os.rename(project.file(LIBRARY), os.path.join(work, "aside"))
    result = project.run("make-overlay", nowhere)
    check("overlay: a missing library is refused",
          result.refused(LIBRARY, "cargo build", "GUIX_DOCKER_LIBRARY")
          and not os.path.exists(nowhere), result)
    os.rename(os.path.join(work, "aside"), project.file(LIBRARY))
    before = snapshot(project.directory)
    result = project.run("make-overlay", project.file("guile"))
    check("overlay: the project's own modules are not overwritten",
          result.status != 0 and snapshot(project.directory) == before, result)
    write(os.path.join(work, "file"), b"text")
    result = project.run("make-overlay", os.path.join(work, "file"))
    check("overlay: a file in the place of the directory is refused",
          result.status != 0 and read(os.path.join(work, "file")) == b"text", result)


def embedded(project, overlay):
    """Return the bytes in OVERLAY, as Guile reads them."""
    output = os.path.join(overlay, "..", "embedded")
    result = project.run(
        shutil.which("guile"), "--no-auto-compile", "-L", overlay, "-s",
        os.path.join(HERE, "embedded.scm"), output)
    return read(output) if result.status == 0 else str(result)


def build(project, modules, image, *options, **keywords):
    return project.run(
        shutil.which("guile"), "--no-auto-compile", "-L", modules, "-s",
        os.path.join(HERE, "build.scm"), image, project.file("guile"), *options, **keywords)


def check_overlay(project, work):
    overlay = os.path.join(work, "an overlay, é", "of a build")
    library = project.read(LIBRARY)
    result = project.run("make-overlay", overlay)
    made = snapshot(overlay)
    check("overlay: made, in a directory with spaces in its name",
          result.status == 0 and changed({}, made) == MODULES, result)
    for name in sorted(MODULES - {OURS}):
        check(f"overlay: {name} is the project's", made[name][1] == project.read("guile", name))
    check("overlay: the bytes in it are the library's", embedded(project, overlay) == library)
    result = project.run("make-overlay", overlay, variables={"LC_ALL": "C"},
                         cwd=os.path.dirname(overlay))
    check("overlay: made anew it is the same, in another locale too",
          snapshot(overlay) == made, result)

    # Every byte there is.
    bytes_ = bytes(range(256)) * 2 + bytes(range(255, -1, -1)) + b"\\x41;\"\r\n\0"
    other = os.path.join(work, "bytes")
    write(other, bytes_)
    link = os.path.join(work, "link")
    os.symlink(project.file("guile/make-overlay"), link)
    os.symlink(link, os.path.join(work, "link to it"))
    result = project.run(os.path.join(work, "link to it"), "relative/overlay", cwd=work,
                         variables={"GUIX_DOCKER_LIBRARY": "bytes"})
    relative = os.path.join(work, "relative", "overlay")
    check("overlay: by a symbolic link, with relative names, of any bytes",
          result.status == 0 and embedded(project, relative) == bytes_, result)
    # Neither way of loading these works.
    result = build(project, relative, os.path.join(work, "no-image"),
                   variables={"TMPDIR": "/no/such/place"})
    check("overlay: a library that cannot be loaded: the reasons of both ways are given",
          result.status != 0 and "/proc/self/fd/" in result.errors
          and "/no/such/place (No such file or directory)" in result.errors, result)
    result = project.run("make-overlay", relative)
    check("overlay: made anew it has the new library",
          result.status == 0 and read(os.path.join(relative, OURS)) == made[OURS][1], result)
    shutil.rmtree(relative)
    for where, _, names in os.walk(project.file("guile")):
        for name in names:
            os.chmod(os.path.join(where, name), 0o555)
    user = ({"user": 65534, "group": 65534, "extra_groups": []}
            if os.geteuid() == 0 else {})
    os.chmod(os.path.join(work, "relative"), 0o777)
    results = [project.run("make-overlay", relative, **user) for _ in range(2)]
    check("overlay: made twice of read-only files",
          [result.status for result in results] == [0, 0], results[1])
    return overlay


def check_builds(project, work, overlay):
    for name, options in ("single", []), ("layered", ["3"]):
        images = [os.path.join(work, f"{name}-{way}") for way in ("checkout", "overlay")]
        results = [build(project, project.file("guile"), images[0], *options)]
        # There is no other library now than the one in the overlay.
        os.rename(project.file(LIBRARY), os.path.join(work, "aside"))
        results.append(build(project, overlay, images[1], *options))
        failed = build(project, project.file("guile"), images[1] + "-not", *options)
        os.rename(os.path.join(work, "aside"), project.file(LIBRARY))
        check(f"overlay: a {name} image is the one that is built in a checkout",
              [result.status for result in results] == [0, 0] and failed.status != 0
              and len(read(images[0])) > 10240 and read(images[0]) == read(images[1]),
              f"{results[0]}{results[1]}{failed}")


def main(work, top, library):
    # Deep enough for no load path to lead to a library out of here.
    project = Project(os.path.join(work, "in", "some", "project"), top, library)
    check_refusals(project, work)
    check_builds(project, work, check_overlay(project, work))


main(*sys.argv[1:])
