# SPDX-License-Identifier: GPL-3.0-or-later
"""The most important failures through the Scheme module, as scheme.scm has
them."""

import os
import subprocess

from checks import check, skip
from driver import TOP
from scene import difference, left_processes, snapshot


def check_all(scene):
    if not scene.guile:
        skip("failures in Scheme", "guile is not installed")
        return
    sparse = scene.make_input("scheme", {})
    with open(sparse / "sparse", "wb") as file:
        file.truncate(1 << 30)
    environment = dict(os.environ, GUILE_AUTO_COMPILE="0", LC_ALL="C.UTF-8",
                       GUIX_DOCKER_LIBRARY=str(scene.work / "lib" / "libguix_docker.so.0"),
                       TMPDIR=str(scene.places / "tmp"))
    before = snapshot(scene.places)
    run = subprocess.run(
        [scene.guile, "--no-auto-compile", "-q", "-L", TOP / "guile",
         TOP / "tests" / "faults" / "scheme.scm", scene.image, scene.small, sparse],
        cwd=scene.places / "cwd", env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=600)
    problems = difference(before, snapshot(scene.places)) + left_processes()
    name = None
    details = []
    count = 0
    for line in run.stdout.decode("utf-8", "backslashreplace").splitlines() + ["ok - "]:
        if not line.startswith(("ok - ", "not ok - ")):
            details.append(line)
            continue
        if name is not None:
            check(name, good, "\n".join(details))
            count += 1
        good = line.startswith("ok - ")
        name = line.partition(" - ")[2]
        details = []
    check("the Scheme failures ran to their end", run.returncode == 0 and count > 10,
          run.stdout.decode("utf-8", "backslashreplace")[-2000:])
    check("the Scheme failures left nothing behind", not problems, "\n".join(problems))
