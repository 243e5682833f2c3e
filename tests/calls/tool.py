# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether tamper does to calls what it is asked for."""

import subprocess

from checks import check
from stage import KINDS, LAYERS, SINGLE, Place


def check_all(stage):
    place = Place(stage, stage.work / "tool")
    for kind in KINDS:
        place.prepare(kind, False)
        build = place.build(kind, "count")
        calls, failable = map(int, build.log["calls"].split())
        check(f"calls are counted, {kind.name}: {calls}, {failable} of which can fail",
              build.outcome.status == "OK" and 100 < failable < calls < 2000
              and build.log["deeds"] == "0" and "unknown" not in build.log
              and place.result(kind, build) == stage.expect(kind, False),
              f"{build.outcome.text}{build.log}")
    check_numbers(stage, place)
    check_kills(place)


def check_numbers(stage, place):
    """The first calls are always in one order: the one that was asked for is
    the one that fails, and the status shows it."""
    place.prepare(SINGLE, False)
    place.build(SINGLE, "count")
    lines = [line.split()[2] for line in place.log.read_text().splitlines()
             if line.startswith("call: ")]
    probed = []
    number = 0
    for name in lines[:90]:
        place.prepare(SINGLE, False)
        build = place.build(SINGLE, "fail", number + 1, 0)
        hit = build.hit.split()
        if hit and hit[0] == name:
            number += 1
            probed.append((name, hit[1], build.outcome.status, build.log["deeds"]))
    check("the calls that fail are those that are asked for",
          len(probed) >= 15 and all(deeds == "1" for *_, deeds in probed)
          and any(status not in ("OK", "none") for _, _, status, _ in probed), probed)
    build = place.build(SINGLE, "fail", 100_000, 0)
    check("calls that there are not do not fail",
          build.outcome.status == "OK" and not build.hit and build.log["deeds"] == "0",
          build.log)
    build = place.build(SINGLE, "fail", 1, 100)
    check("calls do not fail in ways that they have not",
          "spared" in build.log and build.log["ended"] == "signal 9", build.log)


def check_kills(place):
    """Processes are killed, and those that are left are seen."""
    build = place.build(LAYERS, "kill", 50, "one")
    check("a process is killed at a call", build.log.get("ended") == "signal 9"
          and build.hit and build.outcome.status == "none", build.log)
    left = subprocess.run([place.stage.work / "tamper", place.log, "count", "--",
                           "sh", "-c", "sleep 3600 & exit 3"], check=False, timeout=300)
    log = place.log.read_text()
    check("a process that is left is seen, and ended", left.returncode == 0
          and "left: " in log and "ended: exit 3" in log, log)
