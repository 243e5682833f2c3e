# SPDX-License-Identifier: GPL-3.0-or-later
"""What engines do with each image of the corpus, and what `guix-docker check` says.

An engine that refuses an image makes it one that check is to call refused; trees
that differ from one another or from what is meant, one whose files are lost."""

import json
import pathlib
import posixpath
import subprocess
import threading
import time
import traceback

from report import report

from . import judges, table, tree
from .case import LOST

PROGRAM = "/mnt/guix-docker"
MEMBERS = "/mnt/members"
EXPLAINED = pathlib.Path(__file__).parent.with_name("corpus-explained.tsv")
MOST = 0.02                     # of the images
PRUNE = 50                      # images until a daemon forgets those of older cases


def ask(judge, cases, verdicts):
    """Let JUDGE load the CASES; note "refused" with the reason, or "taken" with the tree."""
    for number, case in enumerate(cases):
        try:
            judge.load(case)
            files = judge.tree() if case.extract else None
            if files is not None and case.counted:
                files["(images)"] = str(judge.count)
            if case.commit and judge.id == "podman":
                judge.commit()
            verdicts[case.id][judge.id] = "taken", files
        except judges.Refused as refused:
            verdicts[case.id][judge.id] = "refused", str(refused)
        if number % PRUNE == PRUNE - 1:
            judge.prune()


def ask_all(cases, turn):
    """The verdicts of all judges: a dictionary by case and by judge."""
    verdicts = {case.id: {} for case in cases}

    def work(judge):
        began = time.monotonic()
        try:
            judge.start()
            ask(judge, [case for case in cases if judge.id in case.judges], verdicts)
        except Exception:
            report.check(f"corpus: {judge.id} ends without an exception", False,
                         traceback.format_exc())
        finally:
            judge.stop()
        report.log(f"corpus: {judge.id} took {time.monotonic() - began:.0f} s")
    threads = [threading.Thread(target=work, args=[judge]) for judge in judges.judges(turn)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return verdicts


def expected(case, verdicts):
    """What check is to say, and why."""
    refusals = [f"{judge}: {text}" for judge, (verdict, text) in verdicts.items()
                if verdict == "refused"]
    if refusals:
        return "refused", "; ".join(refusals)
    trees = {judge: files for judge, (_, files) in verdicts.items() if files is not None}
    if case.meant is LOST:
        return "lost", "files are lost in any case"
    distinct = list(trees.values())
    if any(files != distinct[0] for files in distinct):
        return "lost", f"the trees differ: {trees}"
    if case.meant is not None and distinct and distinct[0] != case.meant:
        return "lost", f"meant {case.meant}, but there is {distinct[0]}"
    return "well", ""


def said(case):
    """What check says, and why."""
    done = subprocess.run([PROGRAM, "check", "--json", case.file], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=600)
    if done.returncode not in (0, 1) or not done.stdout:
        return "refused", "unreadable: " + done.stderr.decode("utf-8", "replace").strip()[-300:]
    findings = [finding for image in json.loads(done.stdout) for finding in image["findings"]]
    for severity in ("refused", "lost"):
        reasons = [each["reason"] for each in findings if each["severity"] == severity]
        if reasons:
            return severity, "; ".join(reasons)
    return "well", "; ".join(each["reason"] for each in findings)


def explained():
    """Reasons for disagreements: from a case to what check says and why."""
    listed = {}
    for line in EXPLAINED.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            case, says, reason = line.split("\t")
            listed[case] = says, reason
    return listed


def kind_of(engines_say, check_says):
    if engines_say == "well":
        return "false alarm"
    return "miss" if check_says == "well" else "other severity"


def by_engine(cases, verdicts, answers):
    """Lines about each engine: what it refuses that check does not, and what it
    takes that check calls refused, mostly since another engine refuses it."""
    for judge in sorted({judge for case in cases for judge in case.judges}):
        asked = {case.id: verdicts[case.id][judge][0] for case in cases
                 if judge in verdicts[case.id]}
        refused = {case for case, verdict in asked.items() if verdict == "refused"}
        called = {case for case in asked if answers[case] == "refused"}
        yield (f"corpus: {judge}: {len(asked)} images, {len(refused)} refused, "
               f"{len(refused - called)} of these not called so, "
               f"{len(called - refused)} taken that are called refused")


def above(name):
    """NAME, and the directories above it."""
    parts = name.split("/")
    return {"/".join(parts[:count]) for count in range(1, len(parts) + 1)}


def compare_members(cases, verdicts):
    """Compare the names that this library reads in layers with those of the files that
    podman, whose reader is Go's, extracts."""
    chosen = [case for case in cases if case.group == "members"
              and verdicts[case.id].get("podman", ("", None))[1]
              and verdicts[case.id]["podman"][0] == "taken"]
    done = subprocess.run([MEMBERS, *(case.file for case in chosen)], check=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
    different = []
    for case, line in zip(chosen, done.stdout.splitlines(), strict=True):
        names = [bytes.fromhex(name).decode("utf-8", "surrogateescape")
                 for kind, name in json.loads(line)["members"] or [] if kind != "g"]
        if any(".wh." in name for name in names):
            continue
        ours = set().union(*(above(posixpath.normpath("/" + name).strip("/"))
                             for name in names)) - {""}
        theirs = set().union(*(above(name) for name in verdicts[case.id]["podman"][1]))
        if {name for name in ours if name.split("/")[0] not in tree.OWN} != theirs:
            different.append(f"{case.id}: {sorted(ours)}, podman has {sorted(theirs)}")
    report.check(f"corpus: podman extracts the names that are read, {len(chosen)} images",
                 not different and len(chosen) > 30, "\n".join(different))


def check():
    """Compare check with the engines; print each disagreement and their number."""
    directory = pathlib.Path("/mnt/corpus")
    directory.mkdir()
    cases = table.write(directory)
    verdicts = ask_all(cases, 1)
    listed = explained()
    counts = {"false alarm": 0, "miss": 0, "other severity": 0}
    unexplained, stale = [], []
    said_of = {case.id: said(case) for case in cases}
    answers = {case: says for case, (says, _) in said_of.items()}
    # An engine under load may end a request early: those are asked again.
    odd = [case for case in cases if case.id not in listed
           and expected(case, verdicts[case.id])[0] != answers[case.id]]
    if odd:
        print(f"corpus: asked again: {', '.join(case.id for case in odd)}", flush=True)
        verdicts.update(ask_all(odd, 2))
    for case in cases:
        engines_say, why = expected(case, verdicts[case.id])
        check_says, reason = said_of[case.id]
        report.log(f"corpus {case.id}: engines {engines_say} ({why}); check {check_says} ({reason})")
        if engines_say == check_says:
            if case.id in listed:
                stale.append(case.id)
            continue
        kind = kind_of(engines_say, check_says)
        counts[kind] += 1
        says, explanation = listed.get(case.id, (None, None))
        print(f"corpus: {kind}: {case.id}: engines: {engines_say} {why[:200]!r}, check: "
              f"{check_says} {reason[:200]!r}" + (f": {explanation}" if says == check_says else ""),
              flush=True)
        if says != check_says:
            unexplained.append(case.id)
    for line in by_engine(cases, verdicts, answers):
        print(line, flush=True)
    compare_members(cases, verdicts)
    total = sum(counts.values())
    share = total / len(cases)
    asked = sum(len(each) for each in verdicts.values())
    print(f"corpus: {len(cases)} images, {asked} verdicts of engines, {counts['false alarm']} "
          f"false alarms, {counts['miss']} misses, {counts['other severity']} of another "
          f"severity: {100 * share:.1f} % disagree", flush=True)
    print(f"corpus: unexplained: {', '.join(unexplained)}; explained, but agreed: "
          f"{', '.join(stale)}", flush=True)
    report.check(f"corpus: at most {100 * MOST:.0f} % of the images disagree", share <= MOST,
                 f"{100 * share:.1f} %")
    return verdicts
