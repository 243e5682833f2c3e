# SPDX-License-Identifier: GPL-3.0-or-later
"""The suite of faults, started by ./run in namespaces of its own."""

import importlib
import pathlib
import sys
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import checks       # noqa: E402  (its directory comes first)
import scene        # noqa: E402

PARTS = ["arguments", "names", "inputs", "outputs", "space", "layouts", "resources", "memory",
         "compressors", "host", "injection", "scheme"]


def main():
    work = pathlib.Path(sys.argv[1])
    where = scene.Scene(work)
    for part in sys.argv[2:] or PARTS:
        try:
            importlib.import_module(part).check_all(where)
        except Exception:
            checks.check(f"{part} runs to its end", False, traceback.format_exc())
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
