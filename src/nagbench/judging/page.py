"""What the report's page is built of: its style, tables, and strips that show runs in a line."""

import math
from collections.abc import Sequence

import numpy as np

from nagbench.judging.figures import limits
from nagbench.judging.words import number

Cells = Sequence[tuple[str, str]]  # class, and HTML
_WIDE = 1000  # units of a strip

STYLE = """
:root{color-scheme:light}
body{margin:0;font:15px/1.45 system-ui,sans-serif;color:#1a1a1a;background:#fff}
main{max-width:1240px;margin:0 auto;padding:16px}
h1{font-size:1.5em;margin:.2em 0}h2{font-size:1.15em;margin:1.6em 0 .2em}h3{margin:1em 0 .2em}
h2.workload{font-size:1.4em;border-top:2px solid #ccc;padding-top:.6em}
.facts,.about,.notes{color:#555;margin:.3em 0 .6em;max-width:52em}
.notes{padding-left:1.2em}
.answer{background:#f2f6fa;border-left:4px solid #0173b2;padding:.5em 1em;margin:1em 0}
.answer .first{font-size:1.15em;font-weight:600;margin:.2em 0}
.answer ul{margin:.4em 0;padding-left:1.2em}.answer li{margin:.25em 0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:13px}
td,th{padding:2px 6px}
th{text-align:left;font-weight:600;border-bottom:1px solid #888;vertical-align:bottom}
td{border-bottom:1px solid #e6e6e6;vertical-align:middle}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
th.n{white-space:normal}
.name{min-width:17em;overflow-wrap:break-word}
td small{color:#666}i{color:#666}.bad{color:#b3261e;font-weight:600}
tr.told .name{color:#666}
.strip{min-width:140px;width:20%}
.strip svg{display:block;width:100%;height:16px}
.ends{display:flex;justify-content:space-between;font-weight:400;color:#555;font-size:11px}
td.verdict{white-space:nowrap}td.verdict i{white-space:normal}
figure{margin:.5em 0;max-width:640px}figure svg{width:100%;height:auto}
details{margin:1.2em 0}summary{cursor:pointer;font-weight:600;font-size:1.05em}
@media(max-width:700px){
main{padding:10px}.name{min-width:8em}.wide{display:none}table{font-size:12px}td,th{padding:2px 3px}
.strip{min-width:72px;width:28%}.verdict span{display:none}.verdict{text-align:center}
.n{white-space:nowrap}
}
"""


def row(cells: Cells, kind: str = "") -> str:
    inner = "".join(f'<td class="{name}">{text}' for name, text in cells)
    return f'<tr class="{kind}">{inner}\n' if kind else f"<tr>{inner}\n"


def table(head: Cells, rows: Sequence[str]) -> str:
    inner = "".join(f'<th class="{name}">{text}' for name, text in head)
    return f"<table><thead><tr>{inner}</thead><tbody>\n{''.join(rows)}</tbody></table>"


class Strip:
    """Draws the runs of an optimizer in a line; all strips of a table have one scale."""

    def __init__(self, finals: np.ndarray, lower: bool) -> None:
        """Of the final values of all runs, NaN where one diverged."""
        known = finals[np.isfinite(finals)]
        self._low, self._high = limits(known, lower) if len(known) else (0.0, 1.0)

    def _at(self, value: float) -> float:
        share = (value - self._low) / (self._high - self._low)
        return round(_WIDE * min(max(share, 0.0), 1.0), 1)

    def drawn(self, finals: np.ndarray, mean: float, low: float, high: float) -> str:
        """Ticks for runs, a bar for the interval, a long tick for the mean; what lies beyond the
        scale stands at its end."""
        parts = [
            f'<path d="{" ".join(f"M{self._at(v)} 4V12" for v in finals[np.isfinite(finals)])}" '
            'stroke="#9a9a9a" fill="none" vector-effect="non-scaling-stroke"/>'
        ]
        if math.isfinite(low):
            start = self._at(low)
            width = max(self._at(high) - start, 2)
            parts.append(f'<rect x="{start}" y="6" width="{width:.1f}" height="4" fill="#0173b2"/>')
        if math.isfinite(mean):
            parts.append(
                f'<path d="M{self._at(mean)} 1V15" stroke="#0173b2" stroke-width="2.5" fill="none" '
                'vector-effect="non-scaling-stroke"/>'
            )
        return (
            f'<svg viewBox="0 0 {_WIDE} 16" preserveAspectRatio="none" aria-hidden="true">'
            f"{''.join(parts)}</svg>"
        )

    def ends(self, spread: float) -> str:
        """The values at the ends of the scale."""
        low, high = (number(end, 10 * spread) for end in (self._low, self._high))
        return f'<span class="ends"><span>{low}</span><span>{high}</span></span>'
