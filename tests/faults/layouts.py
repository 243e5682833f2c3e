# SPDX-License-Identifier: GPL-3.0-or-later
"""OCI image layouts: what happens to those that are there, and to the images in
them, when a build into one fails or is killed."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time

from checks import check, skip
from scene import MAX_SECONDS, UNPRIVILEGED, difference, left_processes, mount, snapshot, unmount

OCI = ["format", 2]
KILLS = 40


def check_all(scene):
    noise = scene.make_input("layout-noise", {"a": os.urandom(3_000_000),
                                              "b": os.urandom(3_000_000)})
    check_full(scene, noise)
    check_places(scene)
    check_damage(scene)
    check_waiting(scene)
    check_killing(scene, noise)
    check_injected(scene, noise)


def wrong(layout):
    """What is wrong with a layout, in a line, or nothing."""
    version = json.loads((layout / "oci-layout").read_text())
    if version != {"imageLayoutVersion": "1.0.0"}:
        return f"oci-layout is {version}"

    def blob(descriptor):
        content = (layout / "blobs/sha256" / descriptor["digest"][7:]).read_bytes()
        if (len(content) != descriptor["size"]
                or "sha256:" + hashlib.sha256(content).hexdigest() != descriptor["digest"]):
            raise ValueError(f"{descriptor['digest']} is not what it should be")
        return content

    try:
        for entry in json.loads((layout / "index.json").read_text())["manifests"]:
            manifest = json.loads(blob(entry))
            for part in [manifest["config"], *manifest["layers"]]:
                blob(part)
    except (OSError, ValueError, KeyError) as error:
        return repr(error)
    return ""


def make(scene, layout, *words):
    """Make a layout with one image."""
    outcome = scene.run(scene.words("path", scene.small, *OCI, *words, image=layout))
    check(f"{layout.name} is made", outcome.status == "OK" and not wrong(layout), outcome.text)


def check_full(scene, noise):
    place = mount(scene, scene.work / "full-layout", "size=4m")
    layout = place / "layout"
    for there in (False, True):
        if there:
            make(scene, layout, "repository", "there")
        for how, words in {"gzip": [], "none": ["compressor", "none", ";"],
                           "zstd": ["compressor", "zstd", ";"], "layered": ["max-layers", 4],
                           "2 threads": ["threads", 2]}.items():
            scene.failure(f"a full file system, a layout{' that is there' if there else ''}, {how}",
                          "path", noise, *OCI, *words, image=layout, status="NO_SPACE",
                          places=place, says=["No space left on device"], old=[False])
    unmount(place)


def check_places(scene):
    layout = scene.output / "layout"
    for name, image, says in [
            ("no directory above", scene.output / "missing/layout", ["make the directory above"]),
            ("a file is there", scene.small / "file", ["Not a directory"]),
            ("another directory is there", scene.small, ["no file oci-layout", "\"file\""])]:
        scene.failure(f"a layout: {name}", "path", scene.small, *OCI, image=image,
                      status="OUTPUT", says=["image", *says], old=[False])
    make(scene, layout)
    os.chmod(layout, 0o555)
    scene.failure("a layout that may not be written to", "path", scene.small, *OCI, image=layout,
                  status="OUTPUT", says=["image", "Permission denied"], old=[False],
                  command=[*UNPRIVILEGED, *scene.words("path", scene.small, *OCI, image=layout)])
    os.chmod(layout, 0o755)
    scene.failure("no archive takes the place of a layout", "path", scene.small, image=layout,
                  status="OUTPUT", says=["is a directory"], old=[False])
    shutil.rmtree(layout)


def check_damage(scene):
    layout = scene.output / "layout"
    make(scene, layout)
    index = (layout / "index.json").read_bytes()
    for name, content, says in [("of text", b"text", ["not a JSON object"]),
                                ("of no version", b"{}", ["schema version"]),
                                ("without images", b'{"schemaVersion":2}', ["no list"]),
                                ("of odd images", b'{"schemaVersion":2,"manifests":[1]}',
                                 ["not an object"])]:
        (layout / "index.json").write_bytes(content)
        scene.failure(f"a layout with an index {name}", "path", scene.small, *OCI,
                      image=layout, status="OUTPUT", says=["image", *says], old=[False])
    (layout / "index.json").unlink()
    scene.failure("a layout without an index", "path", scene.small, *OCI,
                  image=layout, status="OUTPUT", says=["no file index.json"], old=[False])
    (layout / "index.json").write_bytes(index)
    shutil.rmtree(layout)


def check_waiting(scene):
    """Another process has the layout, or what can be opened for reading alone."""
    layout = scene.output / "layout"
    make(scene, layout)
    readable = [layout, *layout.rglob("*")]
    locks = [subprocess.Popen(["flock", "--no-fork", str(path), "sleep", "3600"]) for path in readable]
    try:
        while any(subprocess.run(["flock", "-n", str(path), "true"], check=False).returncode == 0
                  for path in readable):
            time.sleep(0.01)
        outcome = scene.run(scene.words("path", scene.small, *OCI, image=layout), timeout=300)
        check("readers cannot lock a layout", outcome.status == "OK", outcome.text)
    finally:
        for lock in locks:
            lock.kill()
            lock.wait()
    make(scene, layout)
    file = layout / ".guix-docker.lock"
    lock = subprocess.Popen(["flock", "--no-fork", str(file), "sleep", "3600"])
    try:
        while subprocess.run(["flock", "-n", str(file), "true"], check=False).returncode == 0:
            time.sleep(0.01)
        process = subprocess.Popen(scene.words("path", scene.small, *OCI, image=layout),
                                   cwd=scene.places / "cwd", stdout=subprocess.DEVNULL)
        # Too short a time would be no failure, and the lock is asked for again and
        # again.
        time.sleep(0.5)
        waits = process.poll() is None
    finally:
        lock.kill()
        lock.wait()
    check("a build waits for the layout", waits and process.wait(MAX_SECONDS) == 0)
    shutil.rmtree(layout)


def check_killing(scene, noise):
    """Killed at any moment: the images that are there are there, and the next
    build works."""
    layout = scene.output / "killed"
    make(scene, layout, "repository", "there")
    words = scene.words("path", noise, *OCI, "max-layers", 4, "no-reuse", "", image=layout)
    start = time.monotonic()
    subprocess.run(words, cwd=scene.places / "cwd", stdout=subprocess.DEVNULL, check=True)
    whole = time.monotonic() - start
    problems = []
    for turn in range(KILLS):
        shutil.rmtree(layout)
        if turn % 2:
            make_quietly(scene, layout)
        process = subprocess.Popen(words, cwd=scene.places / "cwd", stdout=subprocess.DEVNULL)
        time.sleep(whole * turn / KILLS)
        process.send_signal(signal.SIGKILL)
        process.wait()
        left_processes()
        if layout.exists() and list(layout.iterdir()):
            problems.append(wrong(layout))
        elif turn % 2:
            problems.append("the layout is gone")
        outcome = scene.run(words)
        problems.append("" if outcome.status == "OK" else outcome.text)
        problems.append(wrong(layout))
    problems = [problem for problem in problems if problem]
    check(f"a layout is valid after {KILLS} kills, and can be written to", not problems,
          "\n".join(problems))
    shutil.rmtree(layout)


def make_quietly(scene, layout):
    scene.run(scene.words("path", scene.small, *OCI, "repository", "there", image=layout))


def check_injected(scene, noise):
    tried = shutil.which("strace") and subprocess.run(
        ["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0
    if not tried:
        skip("injected faults in layouts", "strace is not there, or may not trace")
        return
    layout = scene.output / "injected"
    make(scene, layout, "repository", "there")
    log = scene.work / "strace-layout.log"
    for name, calls, errno, when, status in [
            ("naming a blob", "linkat", "EIO", "1", "OUTPUT"),
            ("naming the second blob", "linkat", "ENOSPC", "2", "NO_SPACE"),
            ("replacing the index", "rename,renameat,renameat2", "EIO", "1+", "OUTPUT"),
            ("locking", "flock", "EIO", "1", "OUTPUT")]:
        before = ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={calls}", "-e",
                  f"inject={calls}:error={errno}:when={when}"]
        scene.failure(f"injected in a layout: {name}: {errno}", "path", noise, *OCI,
                      "max-layers", 4, image=layout, status=status, old=[False], before=before)
        check("it was injected", "INJECTED" in log.read_text(), log.read_text()[-500:])
    before = snapshot(layout)
    outcome = scene.run(scene.words("path", scene.small, *OCI, "repository", "there",
                                    image=layout))
    check("the layout is what it was", outcome.status == "OK" and not wrong(layout),
          "\n".join(difference(before, snapshot(layout))))
    shutil.rmtree(layout)
