# SPDX-License-Identifier: GPL-3.0-or-later
"""Places that an image cannot be written to, and odd ones that it can."""

import os
import pathlib
import socket
import stat
import subprocess

from checks import check, skip
from scene import UNPRIVILEGED, mount, unmount

WRITERS = {"uncompressed": [], "gzip": ["compressor", "gzip", ";"],
           "a filter": ["compressor", "cat", ";"]}


def check_all(scene):
    check_bad_places(scene)
    check_other_kinds(scene)
    check_links(scene)
    check_unreplaceable(scene)
    check_open_files(scene)
    check_modes(scene)
    check_without_unnamed_files(scene)


def refused(scene, name, image, *words, says=(), status="OUTPUT", **options):
    scene.failure(name, "path", scene.small, *words, image=image, status=status, says=says,
                  **options)


def check_bad_places(scene):
    output = scene.output
    missing = scene.places / "missing"
    refused(scene, "the output directory does not exist", missing / "i.tar",
            says=["image", missing, "directory first"])
    scene.image.write_text("a file\n")
    refused(scene, "the output directory is a file", scene.image / "i.tar",
            says=["image", scene.image, "Not a directory"], old=[True])
    output.chmod(0o555)
    refused(scene, "the output directory is not writable", scene.image,
            says=["image", output, "Permission denied"], before=UNPRIVILEGED)
    output.chmod(0o666)
    refused(scene, "the output directory may not be searched", scene.image,
            says=["image", output, "Permission denied"], before=UNPRIVILEGED)
    output.chmod(0o755)
    place = mount(scene, scene.work / "read-only", "ro")
    refused(scene, "the output file system is read-only", place / "i.tar",
            says=["image", place, "Read-only"])
    unmount(place)
    long_name = output / ("x" * 256)
    refused(scene, "the image's name is too long", long_name,
            says=["image", "x" * 256, "name too long"])
    deep = output / "/".join(["d" * 200] * 30)
    refused(scene, "the output directory's name is too long", deep / "i.tar",
            says=["image", "name too long"])
    refused(scene, "a directory without files", "/proc/i.tar", says=["image", "/proc"])


def check_other_kinds(scene):
    """What is not a regular file stays what it is."""
    directory = scene.output / "directory"
    directory.mkdir()
    refused(scene, "the image is a directory", directory,
            says=["image", directory, "directory"], old=[False])
    directory.rmdir()
    for name, make in {"FIFO": os.mkfifo,
                       "socket": lambda name: socket.socket(socket.AF_UNIX).bind(os.fspath(name)),
                       }.items():
        make(scene.image)
        refused(scene, f"the image is a {name}", scene.image,
                says=["image", scene.image, "not a regular file"], old=[False])
    for device in ("/dev/full", "/dev/null"):
        before = os.stat(device)
        refused(scene, f"the image is {device}", device,
                says=["image", device, "not a regular file"])
        after = os.stat(device)
        check(f"{device} is still there", stat.S_ISCHR(after.st_mode)
              and (before.st_rdev, before.st_mode) == (after.st_rdev, after.st_mode))


def check_links(scene):
    output = scene.output
    link, target = output / "link", output / "target.tar"

    def through(outcome):
        target_is_image = target.is_file() and not target.is_symlink() and \
            target.stat().st_size == int(outcome.fields["size"])
        problem = "" if link.is_symlink() and target_is_image else "not written through the link"
        for file in (link, target):
            file.unlink(missing_ok=True)
        return problem

    for text, name in {"target.tar": "relative", str(target): "absolute"}.items():
        link.symlink_to(text)
        target.write_text("old\n")
        scene.success(f"the image is a link to a file, {name}", "path", scene.small, image=link,
                      also=through)
        link.symlink_to(text)
        scene.success(f"the image is a link to nothing, {name}", "path", scene.small, image=link,
                      also=through)
    link.symlink_to("link")
    refused(scene, "the image is a link to itself", link, says=["image", link])
    link.unlink()
    link.symlink_to("missing/i.tar")
    refused(scene, "the image is a link into a directory that does not exist", link,
            says=["image", output / "missing"])
    link.unlink()
    link.symlink_to(".")
    refused(scene, "the image is a link to a directory", link, says=["image", "directory"])
    link.unlink()
    link.symlink_to("/dev/full")
    refused(scene, "the image is a link to a device", link, says=["image", "not a regular file"])
    link.unlink()


def check_unreplaceable(scene):
    """Files that cannot be replaced are told of before any work is done: the
    compressor would wait for ever."""
    image = scene.output / "guarded.tar"
    waiting = ["compressor", "sh", "-c", "sleep 3600", ";"]

    def refused_early(name, *says, **options):
        refused(scene, name, image, *waiting, says=["image", image, *says], old=[False],
                **options)

    other = scene.work / "other"
    other.write_text("mounted\n")
    image.write_text("under the mount\n")
    subprocess.run(["mount", "--bind", other, image], check=True)
    refused_early("the image is a mounted file", "mounted by itself", "directory")
    subprocess.run(["umount", image], check=True)
    image.unlink()

    for attribute in "ia":
        image.write_text("kept\n")
        if subprocess.run(["chattr", f"+{attribute}", image], capture_output=True,
                          check=False).returncode != 0:
            skip(f"the image has the attribute {attribute}", "this file system has none")
        else:
            refused_early(f"the image has the attribute {attribute}", "immutable", "chattr")
            subprocess.run(["chattr", f"-{attribute}", image], check=True)
        image.unlink()

    if os.getuid() != 0 or pathlib.Path("/proc/self/uid_map").read_text().split()[2] == "1":
        skip("the image is another's, in a sticky directory", "there is one user")
        return
    scene.output.chmod(0o1777)
    image.write_text("root's\n")
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    refused_early("the image is another's, in a sticky directory", "belongs to another user",
                  "name another file", before=nobody)
    image.unlink()
    scene.output.chmod(0o755)


def check_open_files(scene):
    """What a shell calls its standard output gets the image, in its order; what
    else a process has open is no name for one."""
    words = ["path", scene.small, "creation-time", 1]
    scene.run(scene.words(*words))
    expected = scene.image.read_bytes()
    scene.image.unlink()
    for name in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
        for how in ("a file", "a pipe"):
            target = scene.output / "stdout"
            with open(target, "wb") as file:
                process = subprocess.run(
                    scene.words(*words, image=name), check=False,
                    stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    stdout=subprocess.PIPE if how == "a pipe" else file,
                    cwd=scene.places / "cwd", timeout=300)
            # The driver reports on its standard output as well.
            output = process.stdout if how == "a pipe" else target.read_bytes()
            target.unlink()
            image, report = output[:len(expected)], output[len(expected):]
            check(f"the image is {name}, {how}",
                  process.returncode == 0 and image == expected and b"status: 0" in report
                  and not os.listdir(scene.output), f"{len(output)} {report[-500:]}")
    with open(scene.output / "other", "wb") as file:
        os.set_inheritable(file.fileno(), True)
        for name in (f"/dev/fd/{file.fileno()}", f"/proc/self/fd/{file.fileno()}"):
            scene.failure(f"the image is {name}", "path", scene.small, image=name,
                          status="OUTPUT", says=["image", "a process has open"], close_fds=False)
    (scene.output / "other").unlink()


def check_modes(scene):
    for how, words in WRITERS.items():
        for mask in (0, 0o022, 0o077, 0o137):
            scene.success(f"umask {mask:03o}, {how}", "path", scene.small, *words,
                          preexec_fn=lambda mask=mask: os.umask(mask),
                          also=lambda outcome, mask=mask: mode_problem(scene.image, mask))
    scene.image.write_text("old\n")
    scene.success("an image in the place of another", "path", scene.small,
                  also=lambda outcome: "" if scene.image.stat().st_size > 4 else "still the old one")
    scene.success("an image in the current directory", "path", scene.small, image="here.tar",
                  also=lambda outcome: (scene.places / "cwd" / "here.tar").unlink() or "")


def mode_problem(image, mask):
    mode = stat.S_IMODE(image.stat().st_mode)
    return "" if mode == 0o666 & ~mask else f"the image's mode is {mode:o}"


def check_without_unnamed_files(scene):
    """Where /proc is not there, a file without a name cannot be given one: the
    image has a hidden name while it is written."""
    script = scene.work / "without-proc"
    script.write_text('#!/bin/sh\nset -e\nmount -t tmpfs none /proc\nexec "$@"\n')
    script.chmod(0o755)
    before = ["unshare", "--mount", str(script)]
    for how, words in WRITERS.items():
        for mask in (0o022, 0o077):
            scene.success(f"no /proc, umask {mask:03o}, {how}", "path", scene.small, *words,
                          before=before, preexec_fn=lambda mask=mask: os.umask(mask),
                          also=lambda outcome, mask=mask: mode_problem(scene.image, mask))
        scene.failure(f"no /proc, a path that does not exist, {how}", "path", scene.small,
                      "path", "/no/such/file", *words, before=before, status="INPUT",
                      says=["/no/such/file"])
        scene.failure(f"no /proc, stopped, {how}", "path", big(scene), *words, "cancel", 1,
                      before=before, status="CANCELLED", says=["progress"])
    scene.success("no /proc, the directory is changed meanwhile", "path", big(scene),
                  "at", 1, "chdir", "/", image="../out/image.tar", before=before,
                  also=lambda outcome: "" if scene.image.is_file() and "acted" in outcome.fields
                  else "the image is not where it should be")
    scene.failure("no /proc, a compressor that fails", "path", scene.small,
                  "compressor", "false", ";", before=before, status="COMPRESSOR", says=["false"])


def big(scene):
    """Input that takes long enough to be stopped."""
    directory = scene.input / "big"
    if not directory.exists():
        directory.mkdir()
        with open(directory / "sparse", "wb") as file:
            file.truncate(1 << 29)
    return directory
