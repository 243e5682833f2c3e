# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that an image cannot have beside one another, or not at all."""

import os
import socket

from checks import check

# Both kinds of images.
FORMS = {"single": [], "layered": ["max-layers", 50]}


def check_all(scene):
    check_links(scene)
    check_both(scene)
    check_whiteouts(scene)
    check_warnings(scene)


def in_both_orders(scene, name, one, other, *words, says):
    """Building with the paths ONE and OTHER fails, in either order."""
    for form, form_words in FORMS.items():
        for first, second in ((one, other), (other, one)):
            scene.failure(f"{name}, {form}, {os.path.basename(first)} first",
                          "path", first, "path", second, *words, *form_words,
                          status="INVALID_ARGUMENT", says=["paths: ", *says])


def check_links(scene):
    merged = scene.make_input("merged", {})
    (merged / "usr/bin").mkdir(parents=True)
    (merged / "usr/bin/busybox").write_bytes(b"")
    (merged / "bin").symlink_to("usr/bin")
    (merged / "sbin").symlink_to("/nowhere/but/here")
    link, below = merged / "bin", merged / "bin/busybox"
    in_both_orders(scene, "a file below a link", link, below,
                   says=[f'"{below}" would be below "{link}", which is a symbolic link',
                         f'name it "{merged}/usr/bin/busybox"'])
    file = merged / "usr/bin/busybox"
    for form, words in FORMS.items():
        scene.failure(f"extra files: a link above a path, {form}", "path", file,
                      *above(merged), "link", merged / "usr", "/usr", *words,
                      status="INVALID_ARGUMENT",
                      says=[f'"{file}" would be below "{merged}/usr"', '"/usr/bin/busybox"'])
        scene.failure(f"extra files: a file above a path, {form}", "path", file,
                      *above(merged), "file", merged / "usr", *words,
                      status="INVALID_ARGUMENT",
                      says=[f'"{file}" would be below "{merged}/usr", which is a file'])
    scene.failure("a root system's link above a path", "path", file, "root-system", merged,
                  "transformation", merged / "usr/bin", "/bin", "max-layers", 3,
                  status="INVALID_ARGUMENT", says=['"/bin/busybox"', '"/usr/bin/busybox"'])


def above(path):
    """Words that make the directories above PATH, and it too."""
    return ["directory", path]


def check_both(scene):
    one = scene.make_input("one", {"x": b"", "y": b""})
    other = scene.make_input("other", {"y": b""})
    (other / "x").mkdir()
    (other / "x/file").write_bytes(b"")
    in_both_orders(scene, "a file and a directory", one, other,
                   "transformation", one, "/t", "transformation", other, "/t",
                   says=['"/t/x" would be a directory', f"{one}/x", f"{other}/x"])
    for form, words in FORMS.items():
        scene.failure(f"extra files: a link and a path, a directory, {form}", "path", one,
                      *above(scene.input), "link", one, "/usr", *words,
                      status="INVALID_ARGUMENT",
                      says=[f'"{one}" would be a directory', 'a symbolic link to "/usr"'])
        scene.failure(f"extra files: a directory and a path, a file, {form}", "path", one / "x",
                      "directory", one / "x", *words, status="INVALID_ARGUMENT",
                      says=[f'"{one}/x" would be a directory', "a file"])
        scene.success(f"the same path twice, {form}", "path", one, "path", f"{one}//.", *words)


def check_whiteouts(scene):
    for name in (".wh.x", ".wh..wh..opq", ".wh.directory/file"):
        tree = scene.make_input(f"whiteout-{name.replace('/', '-')}", {})
        file = tree / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"")
        for form, words in FORMS.items():
            scene.failure(f"{name}, {form}", "path", tree, *words, status="INPUT",
                          says=[str(tree / name.split("/")[0]), "whiteout"])
            scene.success(f"{name}, {form}, allowed", "path", tree, "whiteouts", 1, *words)
        scene.failure(f"{name} in a root system", "root-system", tree, status="INPUT",
                      says=["whiteout"])
    scene.failure("a directive's name is a whiteout", "directory", "/.wh.x", status="INPUT",
                  says=['"/.wh.x', "whiteout"])
    scene.failure("a name that becomes a whiteout", "path", scene.small, "transformation",
                  scene.small, "/.wh.small", status="INPUT", says=['"/.wh.small', "whiteout"])


def check_warnings(scene):
    tree = scene.make_input("warnings", {"file": b""})
    with socket.socket(socket.AF_UNIX) as end:
        # Short: a socket's file name ends at 108 bytes.
        directory = os.open(tree, os.O_RDONLY)
        end.bind(f"/proc/self/fd/{directory}/socket")
        os.close(directory)
        outcome = scene.success("an image with a socket left out", "path", tree)
    check("a warning names it", f'"{tree}/socket"' in outcome.fields.get("warning", ""),
          outcome.text)
