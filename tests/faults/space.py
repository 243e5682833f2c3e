# SPDX-License-Identifier: GPL-3.0-or-later
"""File systems that are full, and limits on the size of files."""

import os
import resource

from scene import OLD_IMAGE, mount, unmount

SIZE = 3_000_000

WRITERS = {
    "uncompressed": (["threads", 1], "NO_SPACE"),
    "uncompressed, 2 threads": (["threads", 2], "NO_SPACE"),
    "uncompressed, layered": (["max-layers", 3], "NO_SPACE"),
    "gzip": (["compressor", "gzip", ";"], "NO_SPACE"),
    "gzip, layered": (["compressor", "gzip", ";", "max-layers", 3], "NO_SPACE"),
    "an OCI archive": (["format", 1], "NO_SPACE"),
    "an OCI archive, zstd": (["format", 1, "compressor", "zstd", ";", "max-layers", 3],
                             "NO_SPACE"),
    "an OCI archive, uncompressed": (["format", 1, "compressor", "none", ";"], "NO_SPACE"),
    # What fails is the compressor, which says why.
    "a filter": (["compressor", "cat", ";"], ["NO_SPACE", "COMPRESSOR"]),
    "a filter, layered": (["compressor", "cat", ";", "max-layers", 3],
                          ["NO_SPACE", "COMPRESSOR"]),
}


def check_all(scene):
    noise = scene.make_input("noise", {"a": os.urandom(SIZE), "b": os.urandom(SIZE)})
    check_full(scene, noise)
    check_file_size(scene, noise)


def check_full(scene, noise):
    place = mount(scene, scene.work / "full", "size=4m")
    image = place / "image.tar"
    for old in (False, True):
        if old:
            image.write_bytes(OLD_IMAGE)
        there = ", an image is there" if old else ""
        for how, (words, status) in WRITERS.items():
            scene.failure(f"a full file system, {how}{there}", "path", noise, *words, image=image,
                          status=status, places=place, says=["No space left on device"],
                          old=[False])
    image.unlink()
    scene.success("the same file system takes what fits", "path", scene.small, image=image)
    unmount(place)

    place = mount(scene, scene.work / "no-inodes", "size=4m,nr_inodes=1")
    scene.failure("a file system that can take no file", "path", scene.small,
                  image=place / "image.tar", places=place, status="NO_SPACE",
                  says=["image", place, "No space left on device"], old=[False])
    unmount(place)

    # Full when the image is to get its name, after it was written.
    place = mount(scene, scene.work / "last-inode", "size=4m,nr_inodes=2")
    image = place / "image.tar"
    image.write_bytes(OLD_IMAGE)
    scene.failure("no inode for an image beside the old one", "path", scene.small, image=image,
                  places=place, status="NO_SPACE", says=["image", "No space left on device"],
                  old=[False])
    image.unlink()
    scene.success("the last inode is enough", "path", scene.small, image=image)
    unmount(place)


def check_file_size(scene, noise):
    """Passing the limit sends SIGXFSZ, which kills by default."""
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    for how, (words, status) in WRITERS.items():
        says = ["too large"] if status == "NO_SPACE" else ["cat"]
        scene.failure(f"a limit on the size of files, {how}", "path", noise, *words,
                      status=status, says=says, preexec_fn=limit)
