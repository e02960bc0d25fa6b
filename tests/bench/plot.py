# SPDX-License-Identifier: MIT
"""The plot: each goal as a bar, measured as a share of what is allowed, in one SVG."""

from html import escape

from goals import GOALS, worst

LEFT, WIDTH, LINE, MOST = 330, 420, 26, 2.0
GOOD, BAD = "#3a7d44", "#b3312c"


def bar(y, name, row):
    goal = GOALS[name]
    share = row.value / goal.limit if goal.limit else float(row.value > 0) * MOST
    width = min(max(share, 0), MOST) / MOST * WIDTH
    colour = GOOD if row.value <= goal.limit else BAD
    yield f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(goal.text)}</text>'
    yield f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="18" fill="{colour}"/>'
    label = escape(f"{row.value:.4g}, at most {goal.limit:g} {goal.unit}")
    yield f'<text x="{LEFT + WIDTH + 8}" y="{y + 13}">{label}</text>'


def svg(rows):
    measured = [(name, worst(rows, name)) for name in GOALS]
    measured = [(name, row) for name, row in measured if row]
    height = LINE * (len(measured) + 2)
    limit = LEFT + WIDTH / MOST
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="1180" height="{height}"'
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="1180" height="{height}" fill="white"/>',
        f'<text x="{limit}" y="16" text-anchor="middle">the goal</text>',
    ]
    for i, (name, row) in enumerate(measured, 1):
        lines += bar(i * LINE, name, row)
    lines.append(f'<path d="M{limit} 22V{height - LINE / 2}" stroke="black"/>')
    return "\n".join([*lines, "</svg>", ""])
