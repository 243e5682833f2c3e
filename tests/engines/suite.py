# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine suite, run by ./namespace."""

import os
import pathlib
import sys
import threading
import traceback

import bases
import contents
import corpus.agreement
import engines
import image
import layouts
import loading
import others
import place
import readers
import registry
import table
import tampering
from report import report


def in_parallel(*groups):
    """Run each group of functions in a thread of its own."""
    def work(group):
        for function, *arguments in group:
            try:
                function(*arguments)
            except Exception:
                report.check(f"{function.__name__} ends without an exception", False,
                             traceback.format_exc())
    threads = [threading.Thread(target=work, args=[group]) for group in groups]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def check_engine(engine, images, changed, made, results):
    """Do with ENGINE all that it can."""
    engine.start()
    try:
        loading.check_images(engine, images, results)
        contents.check(engine, images, results)
        bases.check(engine, made)
        results[engine.id, "changed"] = tampering.check(engine, changed)
        if hasattr(engine, "pull"):
            registry.check_pull(engine, images)
            engine.wipe()
    finally:
        engine.stop()


def check_others(machine_engines):
    """Read images of others, when the engines' own checks are done: both keep all
    processors busy."""
    if machine_engines:
        in_parallel([(corpus.agreement.check,)], [(others.check,)])
    else:
        report.skip("images of others", os.environ["MACHINE_WHY"])


def main():
    try:
        images = image.build()
    except place.CommandFailed as failure:
        report.check("the images are built", False, failure)
        return report.finish()
    report.check("the images are built", images)
    machine_engines = engines.MACHINE_ENGINES
    if os.environ["MACHINE"] != "yes":
        report.skip("Debian 12's engines", os.environ["MACHINE_WHY"])
        machine_engines = []
    pathlib.Path("/mnt/e").mkdir()
    changed = tampering.make(images)
    registry_daemon = registry.start(images)
    made = bases.make()
    if not os.environ.get("DEBIAN"):
        report.skip("images upon Debian", "it could not be made")
    results = {}

    def check(group):
        return [(check_engine, engine, images, changed, made, results) for engine in group]

    in_parallel([(readers.check_reports, images), (layouts.check, images)] + check(machine_engines),
                check(engines.SID_ENGINES) + [(readers.check, images)])
    engines.stop_daemon(registry_daemon)
    check_others(machine_engines)
    table.write("/mnt/out/table", machine_engines + engines.SID_ENGINES, results)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
