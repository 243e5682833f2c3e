# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at pages with a map and a table, and use them by keyboard and mouse."""

import json
import os

from checks import check

ROWS = """[...document.querySelectorAll('.items tbody tr')]
    .filter((row) => row.getClientRects().length)"""
# How many items are in a table; the others are one row below it.
MOST_ROWS = 10000
REST = "document.querySelector('.items tfoot b')?.textContent"
STATUS = "document.getElementById('shown').textContent"


def look(browser, path, name, count, script, look_at_map, keep):
    """Check how a page looks, in windows of two widths, light and dark."""
    for theme in ("light", "dark"):
        for width in (1280, 360):
            title = f"{name}.html, {theme}, {width} wide"
            browser.open(path, width=width, dark=theme == "dark")
            browser.evaluate(script)
            for what, function in (("nothing is too wide", "tooWide"),
                                   ("text stands out", "faintPage")):
                complaints = browser.evaluate(f"looks.{function}()")
                check(f"{title}: {what}", complaints == [], "\n".join(complaints[:10]))
            check(f"{title}: it is {theme}",
                  browser.evaluate("looks.pageIsDark()") == (theme == "dark"))
            if keep:
                with open(os.path.join(keep, f"{name}-page-{theme}-{width}.png"), "wb") as file:
                    file.write(browser.screenshot())
            if width == 1280:
                look_at_map(browser, f"{name}.html", theme, count, page=True)
    rows = browser.evaluate(f"{ROWS}.length")
    check(f"{name}.html: the table has all items, or the largest",
          rows == min(count, MOST_ROWS), rows)
    rest = browser.evaluate(REST)
    wanted = f"{count - MOST_ROWS:,} more items" if count > MOST_ROWS else None
    check(f"{name}.html: it tells of the others", rest == wanted, rest)
    check(f"{name}.html: it asks for nothing else", browser.asked_for == [f"file://{path}"],
          browser.asked_for)
    check(f"{name}.html: names do nothing", browser.evaluate("document.title") != "broken")


def column(browser, number):
    """What is in a column of the rows shown, as numbers if they have any."""
    return browser.evaluate(
        f"{ROWS}.map((row) => row.cells[{number}].dataset.value === undefined"
        f" ? row.cells[{number}].textContent : Number(row.cells[{number}].dataset.value))")


def sorts(browser):
    """Which column is said to be sorted, and how."""
    return browser.evaluate(
        "[...document.querySelectorAll('.items th')].map((th) => th.ariaSort)")


def check_sorted(browser, name, number, direction, key=lambda value: value):
    """Check that the rows are in the order of a column, and that this is said."""
    values = [key(value) for value in column(browser, number)]
    check(f"{name}: the rows are {direction}",
          values == sorted(values, reverse=direction == "descending") and len(set(values)) > 1,
          values[:20])
    said = sorts(browser)
    check(f"{name}: and that is said",
          said[number] == direction and said.count(None) == len(said) - 1, said)


def first_letter(text):
    """What names are surely sorted by, whatever the locale."""
    return text[0].lower()


def tab_to(browser, wanted, most=40):
    """Press Tab until something has the focus; the things that had it before."""
    passed = []
    for _ in range(most):
        browser.press("Tab")
        has, seen = browser.evaluate("""(() => {
            const at = document.activeElement;
            const { outlineStyle, outlineWidth } = getComputedStyle(at);
            return [at.id || at.ariaLabel || at.textContent.trim(),
                    outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2];
        })()""")
        passed.append((has, seen))
        if has == wanted:
            return passed
    return passed


def use(browser, path, name, count):
    """Sort and search."""
    browser.open(path)
    name = f"{name}.html"
    total = f"{count:,} items"
    compared = "diff" in name
    check_sorted(browser, f"{name}, at first", 2, "descending")
    check(f"{name}: all are counted", browser.evaluate(STATUS) == total,
          browser.evaluate(STATUS))

    # By keyboard alone, from the top of the page.
    passed = tab_to(browser, "search")
    check(f"{name}: Tab goes to the map, the facts and the search",
          [what for what, _ in passed] == ["Map", "Configuration", "History", "search"], passed)
    passed += tab_to(browser, "Name")
    check(f"{name}: Tab goes on to the headers", passed[-1][0] == "Name", passed)
    check(f"{name}: what has the focus is marked", all(seen for _, seen in passed), passed)
    browser.press("Enter")
    check_sorted(browser, f"{name}, Enter on Name", 0, "ascending", first_letter)
    browser.press("Enter")
    check_sorted(browser, f"{name}, Enter again", 0, "descending", first_letter)
    tab_to(browser, "Layer")
    browser.press(" ")
    check_sorted(browser, f"{name}, Space on Layer", 1, "ascending")
    tab_to(browser, "Size")
    browser.press("Enter")
    check_sorted(browser, f"{name}, Enter on Size", 2, "descending")
    browser.press("Enter")
    check_sorted(browser, f"{name}, Enter again on Size", 2, "ascending")
    tab_to(browser, "Share")
    browser.press("Enter")
    check_sorted(browser, f"{name}, Enter on Share", 3, "descending")
    if compared:
        tab_to(browser, "Change")
        browser.press("Enter")
        check_sorted(browser, f"{name}, Enter on Change", 4, "ascending")

    # By mouse.
    place = browser.evaluate("""(() => {
        const button = document.querySelector('.items th button');
        button.scrollIntoView({ block: 'center' });
        const { left, top, width, height } = button.getBoundingClientRect();
        return [left + width / 2, top + height / 2];
    })()""")
    browser.click(*place)
    check_sorted(browser, f"{name}, a click on Name", 0, "ascending", first_letter)

    search(browser, name, count)
    tree = browser.call("Accessibility.getFullAXTree")["nodes"]
    roles = {(node.get("role", {}).get("value"), node.get("name", {}).get("value")): node
             for node in tree if not node.get("ignored")}
    picture = next((node for (role, _), node in roles.items() if role == "image"), {})
    check(f"{name}: the map has a name and a description",
          "guix" in picture.get("name", {}).get("value", "")
          and "Treemap of" in picture.get("description", {}).get("value", ""), picture)
    for role, label in (("searchbox", "Search"), ("status", ""), ("table", ""),
                        ("columnheader", "Size"), ("button", "Size"), ("heading", "Items")):
        there = [one for one in roles if one[0] == role and (one[1] or "").startswith(label)]
        check(f"{name}: there is a {role} {label}", there,
              [one for one in roles if one[0] == role])


def search(browser, name, count):
    """Look for some items."""
    total = f"{count:,} items"

    def look_for(text):
        browser.evaluate("document.getElementById('search').focus();"
                         "document.getElementById('search').select()")
        if text:
            browser.write(text)
        else:
            browser.call("Input.dispatchKeyEvent", type="rawKeyDown", key="Delete",
                         code="Delete", windowsVirtualKeyCode=46)
            browser.call("Input.dispatchKeyEvent", type="keyUp", key="Delete",
                         code="Delete", windowsVirtualKeyCode=46)
        return (browser.evaluate(f"{ROWS}.map((row) => row.textContent.toLowerCase())"),
                browser.evaluate(STATUS))

    everything = browser.evaluate(f"{ROWS}.map((row) => row.textContent.toLowerCase())")
    path = browser.evaluate(f"{ROWS}[3]?.querySelector('span').textContent || 'none'")
    for text in ("glibc", "GLIBC locales", path, "layer 2", "there is no such item"):
        wanted = [row for row in everything
                  if all(word in row for word in text.lower().split())]
        rows, status = look_for(text)
        check(f"{name}: a search for {json.dumps(text[:24])} shows what has it",
              rows == wanted and len(rows) < count, f"{len(rows)}, not {len(wanted)}")
        check(f"{name}: and says how many", status == f"{len(wanted):,} of {total} shown", status)
    check(f"{name}: a path finds one", len(look_for(path)[0]) == 1)
    rows, status = look_for("glibc")
    browser.evaluate("document.querySelectorAll('.items th button')[2].click()")
    check(f"{name}: sorting shows no more",
          sorted(browser.evaluate(f"{ROWS}.map((row) => row.textContent.toLowerCase())"))
          == sorted(rows) and len(rows) > 1)
    rows, status = look_for("")
    check(f"{name}: without a search, all are shown", len(rows) == count and status == total,
          status)


def without_scripts(browser, path, count):
    """Check that all is there where scripts are not run."""
    name = "without scripts"
    browser.open(path, scripts=False)
    check(f"{name}: the table has all items", browser.evaluate(f"{ROWS}.length") == count)
    check_sorted(browser, name, 2, "descending")
    check(f"{name}: nothing is there that would not work",
          browser.evaluate("document.querySelectorAll('button').length") == 0
          and browser.evaluate("document.getElementById('search').getClientRects().length") == 0)
    check(f"{name}: all are counted", browser.evaluate(STATUS) == f"{count} items")
