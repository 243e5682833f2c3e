# SPDX-License-Identifier: GPL-3.0-or-later
"""Results: a line a check on standard output, the details in a log file."""

import os
import threading

LOG = "/mnt/out/log"
SUMMARY = "/mnt/out/summary"        # printed by ./run


class Report:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self._lock = threading.Lock()
        self._log = open(LOG, "a", encoding="utf-8", errors="replace")

    def log(self, text):
        with self._lock:
            self._log.write(text.rstrip("\n") + "\n")
            self._log.flush()

    def _say(self, line):
        print(line, flush=True)
        self._log.write("*** " + line + "\n")
        self._log.flush()

    def check(self, name, success, detail=""):
        """Count and print one check; return whether it succeeded."""
        with self._lock:
            if success:
                self.passed += 1
                self._say(f"ok - {name}")
            else:
                self.failed += 1
                self._say(f"not ok - {name}")
                for line in str(detail).strip().splitlines()[-12:]:
                    self._say("    " + line[:400])
        return bool(success)

    def equal(self, name, actual, expected):
        return self.check(name, actual == expected,
                          f"expected: {expected!r}\nactual:   {actual!r}")

    def skip(self, name, reason):
        """Skip a part whose tools are missing; in CI that is a failure."""
        if os.environ.get("CI") == "true":
            self.check(name, False, reason)
            return
        with self._lock:
            self.skipped += 1
            self._say(f"skip - {name}: {reason}")

    def finish(self):
        with open(SUMMARY, "w", encoding="utf-8") as file:
            file.write(f"{self.passed} passed, {self.failed} failed, "
                       f"{self.skipped} skipped\n")
        return 1 if self.failed else 0


report = Report()
