# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at pictures and pages in a browser.

usage: pictures.py PROGRAM SCRATCH [KEEP]

PROGRAM makes them; SCRATCH is a directory for what is needed meanwhile, and
KEEP one for what was looked at.
"""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import pages
from browser import Browser
from checks import check, finish
from png import colours

# Names of pictures, with how many items they have.
PICTURES = {f"{kind}-{name}": count
            for kind in ("inspect", "diff")
            for name, count in (("10", 11), ("100", 101), ("2000", 2001),
                                ("one-layer", 2001))}
ODD = {"diff-hostile": 39, "inspect-empty": 0, "inspect-20000": 20001}

# Questions to looks.js whose answer is a list of what is wrong.
QUESTIONS = {
    "every text is inside its box": "textsInside",
    "no two texts overlap": "textsApart",
    "no text is on another's box": "textsOnBoxes",
    "boxes are apart and in their layers": "boxesApart",
    "texts stand out from their boxes": "faintTexts",
}


def none_of(name, complaints):
    """Check that there are no complaints."""
    check(name, complaints == [], "\n".join(complaints[:10]))


def look(browser, name, theme, count, page=False):
    """Check the map that the browser shows."""
    for what, function in QUESTIONS.items():
        none_of(f"{name}, {theme}: {what}", browser.evaluate(f"looks.{function}()"))
    if not page:
        none_of(f"{name}, {theme}: no text is too small", browser.evaluate("looks.smallTexts()"))
    drawn = browser.evaluate("looks.items()")
    check(f"{name}, {theme}: all items are in boxes", drawn == count, f"{drawn} of {count}")
    counts = browser.evaluate("looks.counts()")
    # At least the names of layers, so that there was something to look at.
    enough = counts["texts"] >= 5 and counts["boxes"] >= min(count, 10)
    check(f"{name}, {theme}: there are boxes and labels", enough or count == 0, counts)
    check(f"{name}, {theme}: it is {theme}",
          browser.evaluate("looks.groundIsDark()") == (theme == "dark"))


def look_at_pixels(browser, name, theme):
    """Check that what is drawn has the colours that the style says."""
    for sample in browser.evaluate("looks.samples()"):
        seen = colours(browser.screenshot((sample["x"], sample["y"], 4, 4)))
        wanted = {tuple(colour) for colour in sample["colours"]}
        check(f"{name}, {theme}: the colour at {sample['x']:.0f}, {sample['y']:.0f} is seen",
              seen == wanted, f"{seen}, not {wanted}")


def main():
    """Look at all pictures."""
    program, scratch, keep = sys.argv[1], sys.argv[2], (sys.argv[3:] or [""])[0]
    made, again = os.path.join(scratch, "made"), os.path.join(scratch, "again")
    for directory in (made, again):
        os.mkdir(directory)
        subprocess.run([program, directory], check=True)
    files = sorted(os.listdir(made))
    check("all pictures are made",
          files == sorted(f"{name}.{kind}" for name in {**PICTURES, **ODD}
                          for kind in ("svg", "html")), files)
    for name in files:
        with open(os.path.join(made, name), "rb") as one, \
             open(os.path.join(again, name), "rb") as other:
            check(f"{name} is the same every time", one.read() == other.read())
        if name.endswith(".svg"):
            try:
                root = ElementTree.parse(os.path.join(made, name)).getroot()
                check(f"{name} is XML", root.tag == "{http://www.w3.org/2000/svg}svg", root.tag)
            except ElementTree.ParseError as error:
                check(f"{name} is XML", False, error)

    with open(os.path.join(HERE, "looks.js"), encoding="utf-8") as file:
        script = file.read()
    browser = Browser(os.path.join(scratch, "profile"))
    try:
        for name, count in {**PICTURES, **ODD}.items():
            path = os.path.join(made, name)
            for theme in ("light", "dark"):
                browser.open(path + ".svg", dark=theme == "dark")
                browser.evaluate(script)
                look(browser, name, theme, count)
                look_at_pixels(browser, name, theme)
                check(f"{name}, {theme}: it asks for nothing else",
                      browser.asked_for == [f"file://{path}.svg"], browser.asked_for)
                if keep:
                    with open(os.path.join(keep, f"{name}-{theme}.png"), "wb") as file:
                        file.write(browser.screenshot())
        for name, count in {**PICTURES, **ODD}.items():
            if name.endswith("one-layer"):      # its table is that of another
                continue
            pages.look(browser, os.path.join(made, name + ".html"), name, count,
                       script, look, keep)
        for name in ("inspect-2000", "diff-100"):
            pages.use(browser, os.path.join(made, name + ".html"), name, PICTURES[name])
        pages.without_scripts(browser, os.path.join(made, "diff-100.html"), 101)
    finally:
        browser.close()
    if keep:
        shutil.copytree(made, keep, dirs_exist_ok=True)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
