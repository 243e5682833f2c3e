# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables as text and as Markdown."""


def text(header, rows):
    """Aligned columns; all but the first to the right."""
    widths = [max(len(row[column]) for row in [header, *rows])
              for column in range(len(header))]
    lines = []
    for row in [header, ["-" * width for width in widths], *rows]:
        cells = [cell.rjust(width) if column else cell.ljust(width)
                 for column, (cell, width) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines) + "\n"


def markdown(header, rows):
    def line(cells):
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    rule = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join([line(header), line(rule), *map(line, rows)]) + "\n"
