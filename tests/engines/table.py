# SPDX-License-Identifier: GPL-3.0-or-later
"""The Markdown table of what was loaded and run."""

import image
import loading

MARKS = {"run": "yes", "loaded": "loads", "failed": "**fails**"}
NAMES = {"none": "plain"}


def write(file, engines, results):
    listed = loading.limits()
    reasons = []

    def cell(engine, form, compression):
        outcome = results.get((engine.id, form, compression), "failed")
        if outcome != "refused":
            return MARKS[outcome]
        reason = listed[engine.id, form, compression][1]
        if reason not in reasons:
            reasons.append(reason)
        return f"no ({reasons.index(reason) + 1})"

    def base(engine):
        tried = [results.get((engine.id, "base", form)) for form in image.FORMS]
        return "–" if not any(tried) else "yes" if all(tried) else "**fails**"

    def changed(engine):
        return "refused" if results.get((engine.id, "changed")) else "not noticed"

    columns = image.KINDS
    rows = [["Debian", "engine", "version"]
            + [f"{form}, {NAMES.get(compression, compression)}"
               for form, compression in columns]
            + ["as a base", "layer changed", "layers"]]
    rows.append(["---"] * len(rows[0]))
    for engine in engines:
        rows.append([engine.place.name, engine.title, engine.version]
                    + [cell(engine, *column) for column in columns]
                    + [base(engine), changed(engine),
                       results.get((engine.id, "layers"), "–")])
    with open(file, "w", encoding="utf-8") as out:
        for row in rows:
            out.write("| " + " | ".join(row) + " |\n")
        out.write("\nyes: loaded, its image ID and diff IDs compared where the engine "
                  "gives them, and run; loads: the engine runs nothing, its export was "
                  "compared; as a base: another image was built upon all forms and "
                  "run; layer changed: what came of one flipped bit; layers: how many are taken, of 125, "
                  "127 and 128.\n\n")
        for number, reason in enumerate(reasons, 1):
            out.write(f"({number}) {reason}.  \n")
