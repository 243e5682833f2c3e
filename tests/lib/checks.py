# SPDX-License-Identifier: GPL-3.0-or-later
"""One line per check, and the count at the end."""

import os
import sys

_counts = {"ok": 0, "not ok": 0, "skip": 0}


def _say(kind, name, detail=""):
    _counts[kind] += 1
    line = f"{kind} - {name}"
    if detail and kind == "skip":
        line += f": {detail}"
    elif detail:
        line += "".join(f"\n#   {part}" for part in str(detail).splitlines())
    print(line, flush=True)


def check(name, condition, detail=""):
    """Say whether CONDITION holds, with DETAIL if it does not."""
    _say("ok" if condition else "not ok", name, "" if condition else detail)
    return bool(condition)


def skip(name, reason):
    """Say that NAME was not tried; where everything must be, that is wrong."""
    if os.environ.get("CI") == "true":
        _say("not ok", name, f"cannot be tried: {reason}")
    else:
        _say("skip", name, reason)


def finish():
    """Print the counts and return the exit status."""
    print(f"{_counts['ok']} passed, {_counts['not ok']} failed, {_counts['skip']} skipped",
          flush=True)
    sys.stdout.flush()
    return 1 if _counts["not ok"] else 0
