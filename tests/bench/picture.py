# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture of ratios: a bar for each, on a logarithmic scale."""

import math
from xml.sax.saxutils import escape

WIDTH = 840
LABELS = 345                    # room for what the bars are called
VALUES = 60                     # and for their lengths
ROW = 26
TOP = 64

# The picture has a ground of its own, so that it can be read wherever it is.
STYLE = """
  .ground { fill: #ffffff; stroke: #d0d7de }
  .text { fill: #1f2328 } .faint { fill: #59636e } .grid { stroke: #d0d7de }
  .bar { fill: #1f78b4 } .other { fill: #8b949e }
  text { font: 13px system-ui, sans-serif } .title { font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; stroke: #3d444d }
    .text { fill: #f0f6fc } .faint { fill: #9198a1 } .grid { stroke: #3d444d }
    .bar { fill: #58a6ff } .other { fill: #6e7681 }
  }
"""


def draw(title, note, bars):
    """BARS are labels, ratios and whether the ratio is to the reference."""
    span = WIDTH - LABELS - VALUES
    low = min(0, *(math.log10(ratio) for _, ratio, _ in bars))
    high = max(1, math.ceil(math.log10(max(ratio for _, ratio, _ in bars))))
    height = TOP + ROW * len(bars) + 40

    def place(ratio):
        return LABELS + span * (math.log10(ratio) - low) / (high - low)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
           f'height="{height}" viewBox="0 0 {WIDTH} {height}" role="img">',
           "<!-- SPDX-License-Identifier: GPL-3.0-or-later -->",
           f"<title>{escape(title)}</title>", f"<style>{STYLE}</style>",
           f'<rect class="ground" x=".5" y=".5" width="{WIDTH - 1}" '
           f'height="{height - 1}" rx="6"/>',
           f'<text class="text title" x="16" y="26">{escape(title)}</text>',
           f'<text class="faint" x="16" y="46">{escape(note)}</text>']
    bottom = TOP + ROW * len(bars) + 4
    for power in range(math.ceil(low), high + 1):
        for step in (1, 2, 5) if power < high else (1,):
            x = place(step * 10 ** power)
            out.append(f'<line class="grid" x1="{x:.1f}" y1="{TOP - 6}" '
                       f'x2="{x:.1f}" y2="{bottom}"/>')
            out.append(f'<text class="faint" text-anchor="middle" x="{x:.1f}" '
                       f'y="{bottom + 18}">{step * 10 ** power:g}</text>')
    for number, (label, ratio, to_reference) in enumerate(bars):
        y = TOP + ROW * number
        begin, end = sorted((place(1), place(ratio)))
        out.append(f'<text class="text" text-anchor="end" x="{LABELS - 10}" '
                   f'y="{y + 15}">{escape(label)}</text>')
        out.append(f'<rect class="{"bar" if to_reference else "other"}" '
                   f'x="{begin:.1f}" y="{y + 3}" '
                   f'width="{max(end - begin, 1.5):.1f}" height="{ROW - 9}" rx="2"/>')
        out.append(f'<text class="text" x="{end + 6:.1f}" y="{y + 15}">'
                   f"{ratio:.{0 if ratio >= 20 else 1}f}</text>")
    out.append("</svg>\n")
    return "\n".join(out)
