# SPDX-License-Identifier: GPL-3.0-or-later
"""The suite of disturbed system calls, started by ./run in namespaces of its own."""

import importlib
import pathlib
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import checks       # noqa: E402  (its directory comes first)
import stage        # noqa: E402

PARTS = ["tool", "failing", "persisting", "memory", "cutting", "killing", "moments"]


def main():
    where = stage.Stage(pathlib.Path(sys.argv[1]))
    for part in sys.argv[2:] or PARTS:
        start = time.monotonic()
        try:
            importlib.import_module(part).check_all(where)
        except Exception:
            checks.check(f"{part} runs to its end", False, traceback.format_exc())
        print(f"# {part}: {time.monotonic() - start:.0f} s", flush=True)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
