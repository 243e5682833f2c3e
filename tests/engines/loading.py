# SPDX-License-Identifier: GPL-3.0-or-later
"""Each engine with each image: load, compare the IDs, run, forget."""

import io
import pathlib
import re
import tarfile

import image
from place import CommandFailed
from report import report

LIMITS = pathlib.Path(__file__).with_name("limits.tsv")


def limits():
    """A dictionary from engine, form and compression to (pattern, reason)."""
    listed = {}
    for line in LIMITS.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            engine, form, compression, pattern, reason = line.split("\t")
            for each in ("single", "layered") if form == "*" else [form]:
                listed[engine, each, compression] = pattern, reason
    return listed


SCRIPT = """
echo "arguments: $0, $1"
echo "environment: $GREETING"
cat /etc/extra /var/guix/db/db.sqlite
readlink /bin
stat -c "%n %a %F" /tmp /locked /gnu/store
cat "$PROFILE/share/greeting" "$PROFILE/share/data/two words" $LINK
cat "$PROFILE/share/data/long-link"
script works
""".strip()


def script_and_output():
    """The script run in an image and what it is to print."""
    items = image.items()
    profile, link = items["profile-1"], items["link"]
    script = SCRIPT.replace("$PROFILE", profile).replace("$LINK", link)
    return script, f"""\
arguments: zero, one two
environment: grüße, two words
an extra file
a database
{profile}/bin
/tmp 1777 directory
/locked 700 directory
/gnu/store 755 directory
greeting 1
spaced
plain
deep
script: works
"""


def check_export(name, archive):
    """Compare the files in an exported ARCHIVE with what the image is to hold."""
    profile = image.items()["profile-1"]
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        members = {member.name.strip("/"): member for member in tar}
        held = {key: members.get(key) for key in ("bin", "tmp", "locked", "etc/extra")}
        if report.check(f"{name}: exported files", all(held.values()), held):
            report.equal(f"{name}: exported files' types, modes and contents",
                         (held["bin"].linkname, held["tmp"].mode, held["locked"].mode,
                          tar.extractfile(held["etc/extra"]).read()),
                         (f"{profile}/bin", 0o1777, 0o700, b"an extra file\n"))


def check_image(engine, each, limit):
    """Load and run one image; return what came of it, as a word."""
    name = f"{engine.id}: {each.form} {each.compression}"
    try:
        engine.load(each.file)
    except CommandFailed as failure:
        message = str(failure)
        if limit is None:
            report.check(f"{name}: loads", False, message)
            return "failed"
        pattern, reason = limit
        report.check(f"{name}: refused for a listed reason: {reason}",
                     re.search(pattern, message), f"{pattern!r} not in:\n{message}")
        return "refused"
    if limit is not None:
        report.check(f"{name}: refused as listed in limits.tsv", False,
                     f"it loads, so the line is out of date: {limit[1]}")
        return "failed"
    image_id, diff_ids = engine.identity()
    if image_id is not None:
        report.equal(f"{name}: loaded with the ID reported", image_id, each.id)
        report.equal(f"{name}: diff IDs as reported", diff_ids, each.diff_ids)
    if not engine.runs:
        check_export(name, engine.export())
        return "loaded"
    script, expected = script_and_output()
    try:
        output = engine.run(script, "zero", "one two")
    except CommandFailed as failure:
        output = str(failure)
    report.equal(f"{name}: runs", output, expected)
    return "run"


def check_history(engine, each):
    """Is there a line for each layer, that says what the layer holds?"""
    name = f"{engine.id}: {each.form}: history"
    comments = engine.history()[::-1]
    if not report.equal(f"{name}: lines", len(comments), len(each.layers)):
        return
    report.equal(f"{name}: no two lines are alike", len(set(comments)), len(comments))
    dumb = [(comment, layer.items) for comment, layer in zip(comments, each.layers)
            if not comment or not all(item.split("-", 1)[1] in comment
                                      for item in layer.items)]
    report.check(f"{name}: each line names the items of its layer", not dumb, dumb)


def check_building_upon(engine, each):
    """Make another image with EACH as its base; return whether that worked."""
    name = f"{engine.id}: {each.form}: an image built upon it runs"
    try:
        return report.equal(name, engine.build_upon(), "a database\n")
    except CommandFailed as failure:
        return report.check(name, False, failure)


def check_images(engine, images, results):
    """Load and run every image in ENGINE; note the outcomes in RESULTS."""
    listed = limits()
    for form, compression in image.KINDS:
        each = images[form, compression]
        outcome = check_image(engine, each, listed.get((engine.id, form, compression)))
        results[engine.id, form, compression] = outcome
        if compression == "none" and outcome == "run":
            if hasattr(engine, "history") and form == "layered":
                check_history(engine, each)
            if hasattr(engine, "build_upon"):
                results[engine.id, "base", form] = check_building_upon(engine, each)
        engine.wipe()
