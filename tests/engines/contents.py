# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of trees that are no store items, names made to fit, many layers."""

import json
import re
import tarfile

import image
from place import CommandFailed, sid
from report import report

# What every engine takes.
LAYERS = 125

SCRIPT = """
stat -c "%n %u:%g %a" /own /own/home /own/home/user /own/home/user/file /own/secret \\
     /own/large /own/t /own/t/d /made
cat /own/t/x
ls /own/t/d
""".strip()

OUTPUT = """\
/own 0:0 OWN
/own/home 0:0 755
/own/home/user 1000:1000 705
/own/home/user/file 1000:1000 640
/own/secret 0:0 600
/own/large 3000000:0 644
/own/t 0:0 755
/own/t/d 0:0 711
/made 7:8 755
second
one
two
"""

# As the user 1000: to write where it should, and to read by a capability what
# it should not.
USER_SCRIPT = """
echo written >/own/home/user/new && cat /own/home/user/new
cat /own/secret 2>/dev/null || echo refused
/own/bin/capable /own/secret
""".strip()

USER_OUTPUT = "written\nrefused\na secret\n"

NAME = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*")


def check_own(engine, images):
    """Load and run images of trees, in both forms."""
    for form in ("single", "layered"):
        each = images[f"own-{form}", "none"]
        name = f"{engine.id}: a tree, {form}"
        try:
            engine.load(each.file)
            if engine.runs:
                # The path comes after the extra files in a single layer, before
                # them in several.
                expected = OUTPUT.replace("OWN", {"single": "755", "layered": "711"}[form])
                output = engine.run(SCRIPT)
                if not engine.shows_owners:
                    output, expected = (re.sub(" [0-9]*:[0-9]* ", " ", text)
                                        for text in (output, expected))
                report.equal(f"{name}: files as they should be", output, expected)
            if hasattr(engine, "run_as"):
                report.equal(f"{name}: a user writes, a capability works",
                             engine.run_as("1000", USER_SCRIPT), USER_OUTPUT)
        except CommandFailed as failure:
            report.check(name, False, failure)
        engine.wipe()


def repository(file):
    with tarfile.open(file) as archive:
        tag = json.load(archive.extractfile("manifest.json"))[0]["RepoTags"][0]
    return tag.removesuffix(":latest")


def check_names(engine, images):
    """Load images with names that had to be changed."""
    files = {repository(file): file for file in images.named}
    names = list(files)
    report.check(f"{engine.id}: names are in Docker's grammar",
                 all(NAME.fullmatch(name) and len(name) <= 237 for name in names), names)
    for name, file in files.items():
        try:
            engine.load(file)
            listed = engine.names()
        except CommandFailed as failure:
            listed = str(failure)
        if not any(full.endswith(f"/{name}:latest") or full == f"{name}:latest"
                   for full in listed):
            report.check(f"{engine.id}: an image is loaded as {name}", False, listed)
            break
    else:
        report.check(f"{engine.id}: images are loaded by all {len(names)} names", True)
    engine.wipe()


def check_layers(engine, images, results):
    """Load images of more and more layers; note how many the engine takes."""
    taken = 0
    for count, file in sorted(images.layers.items()):
        try:
            engine.load(file)
        except CommandFailed:
            break
        taken = count
        engine.wipe()
    most = max(images.layers)
    report.check(f"{engine.id}: takes {LAYERS} layers, {taken} in fact", taken >= LAYERS)
    results[engine.id, "layers"] = f"{taken} or more" if taken == most else str(taken)


def check_streams(engine):
    """Load images from a pipe, and compare what they say with what was asked."""
    items = image.items()
    for form in ("single", "layered"):
        # The compression of the whole does not see what the form is.
        for compressor in engine.stream_compressors[:1 if form == "single" else None]:
            name = f"{engine.id}: from a pipe, {form} {compressor}"
            producer = sid.start(
                "env", "GUIX_DOCKER_LIBRARY=/mnt/library.so", "GUILE_AUTO_COMPILE=0",
                "guile", "-L", "/mnt/guile", "/mnt/checkout/tests/engines/stream.scm",
                form, compressor, items["profile-1"],
                *(items[name] for name in ("glibc", "libraries", "bash", "coreutils",
                                           "data", "script", "profile-1")))
            try:
                engine.load_stream(producer)
                config, author = engine.configuration()
                check_configuration(name, config, author)
                if hasattr(engine, "names"):
                    names = engine.names()
                    tags = [name.rpartition(":")[2] for name in names]
                    report.check(f"{name}: it has all its names",
                                 any("registry.example:5000/team/app:1.2" in name
                                     for name in names)
                                 and any(re.fullmatch("[0-9a-f]{12}", tag) for tag in tags)
                                 and "latest" in tags, names)
                if hasattr(engine, "run_default"):
                    report.equal(f"{name}: runs what it says, where and as whom",
                                 engine.run_default(), "the default of /srv\n")
                    report.equal(f"{name}: another command",
                                 engine.run("echo x >/data/x; cat /data/x;"
                                            "stat -c '%u %g' /data/x"), "x\n1000 100\n")
            except CommandFailed as failure:
                report.check(name, False, failure)
            finally:
                producer.kill()
                producer.wait()
            engine.wipe()


def check_configuration(name, config, author):
    expected = {
        "User": "1000:100", "WorkingDir": "/srv", "Cmd": ["echo the default of $PWD"],
        "ExposedPorts": {"53/udp": {}, "8080/tcp": {}}, "Volumes": {"/data": {}},
        "Labels": {"org.opencontainers.image.title": "Größe", "empty": ""},
        "StopSignal": "SIGINT",
        "Healthcheck": {"Test": ["CMD-SHELL", "exit 0"], "Interval": 30000000000,
                        "Retries": 2},
        "OnBuild": ["RUN x"],
    }
    # Not all engines show all of it.
    found = {key: config[key] for key in expected if config.get(key) is not None}
    shown = {key: value for key, value in expected.items() if key in found}
    report.equal(f"{name}: the configuration is what was asked for", found, shown)
    missing = expected.keys() - found.keys()
    report.check(f"{name}: it is all there", missing <= {"Healthcheck", "OnBuild"}, missing)
    report.equal(f"{name}: the author", author, "Someone")


def check(engine, images, results):
    """Do with ENGINE all that it can."""
    check_own(engine, images)
    if hasattr(engine, "load_stream"):
        check_streams(engine)
    if hasattr(engine, "names"):
        check_names(engine, images)
        check_layers(engine, images, results)
