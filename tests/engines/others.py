# SPDX-License-Identifier: GPL-3.0-or-later
"""The program with images of other tools: check, inspect, diff, and images built
on top of them, some of which an engine runs."""

import json
import os
import pathlib
import subprocess

import engines
import tools
from place import CommandFailed, sid
from report import report

PROGRAM = "/mnt/guix-docker"
ITEM = pathlib.Path("/mnt/tools/item")
REFERENCE = "on-top:1"


def program(*arguments):
    """Run the program; return its exit status, its output and what it says."""
    done = subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=600)
    output, errors = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    report.log(f"$ guix-docker {' '.join(map(str, arguments))}\n{output[:4000]}{errors[:2000]}"
               f"=> {done.returncode}")
    return done.returncode, output, errors


def findings(output):
    return [finding for image in json.loads(output) for finding in image["findings"]]


def check_check(title, file):
    """check says nothing worse than a note."""
    status, output, errors = program("check", "--json", file)
    try:
        wrong = [each for each in findings(output) if each["severity"] != "note"]
    except ValueError:
        wrong = [errors]
    return report.check(f"{title}: check finds no fault", status == 0 and not wrong,
                        "\n".join(map(str, wrong)))


def check_inspect(title, made):
    status, output, errors = program("inspect", "--json", *made.selection(), made.file)
    images = json.loads(output) if status == 0 else []
    report.check(f"{title}: inspect shows one image with layers",
                 len(images) == 1 and images[0]["layers"], output[-400:] + errors)
    status, output, errors = program("inspect", made.file)
    report.check(f"{title}: inspect shows all", status == 0 and output, errors)


def check_diff(title, made):
    status, output, errors = program("diff", *made.selection(), made.file, made.file)
    report.check(f"{title}: diff compares the image with itself", status == 0 and output, errors)


def build(title, made, engine):
    """Build on top of an image, check the result and run it with ENGINE."""
    file = pathlib.Path("/mnt/tools/on-top.tar")
    file.unlink(missing_ok=True)
    name = ["--base-name", made.name] if made.name else []
    status, output, errors = program(
        "build", "-q", "--base", made.file, *name, "--system", "x86_64-linux", "-o", file,
        "-t", REFERENCE, "--max-layers", "20", "--format", "oci-archive", ITEM)
    if not report.check(f"{title}: an image is built on top of it", status == 0, errors):
        return
    if check_check(f"{title}: on top of it", file) and made.runs:
        try:
            engine.docker("load", "-i", file)
            report.equal(f"{title}: what is on top of it runs", engine.docker(
                "run", "--rm", "--network=none", "--entrypoint", made.busybox(), REFERENCE,
                "cat", f"{ITEM}/file"), "on top\n")
        except CommandFailed as failure:
            report.check(f"{title}: what is on top of it runs", False, failure)
        engine.wipe()


def check():
    made = tools.make()
    report.check("images of others: they are made", len(made) > 35, len(made))
    ITEM.mkdir()
    (ITEM / "file").write_text("on top\n", encoding="ascii")
    engine = engines.Docker(sid, "others", containerd_store=True)
    engine.start()
    try:
        for each in made:
            title = f"images of others: {each.title}"
            if not os.path.exists(each.file):
                report.check(f"{title}: it is there", False)
                continue
            check_check(title, each.file)
            check_inspect(title, each)
            check_diff(title, each)
            build(title, each, engine)
    finally:
        engine.stop()
