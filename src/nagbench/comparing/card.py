"""The card as a page of HTML that needs nothing beside it."""

import html
import io
import re

from matplotlib import pyplot as plt

from nagbench.comparing import words
from nagbench.comparing.comparison import Comparison
from nagbench.comparing.figure import draw
from nagbench.rendering import style
from nagbench.version import __version__

_STYLE = """
:root{color-scheme:light}
body{margin:0;font:15px/1.45 system-ui,sans-serif;color:#1a1a1a;background:#fff}
main{max-width:960px;margin:0 auto;padding:16px}
h1{font-size:1.5em;margin:.2em 0}h2{font-size:1.1em;margin:1.4em 0 .3em}
.facts,.note{color:#555;margin:.3em 0 .6em}
.answer{background:#f2f6fa;border-left:4px solid #0173b2;padding:.3em 1em;margin:1em 0}
.answer p{margin:.4em 0}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:13px}
td,th{padding:2px 10px 2px 0;text-align:left;border-bottom:1px solid #e6e6e6}
th{border-bottom:1px solid #888}td{font-variant-numeric:tabular-nums}
svg{width:100%;height:auto}code{overflow-wrap:anywhere}
@media(max-width:700px){main{padding:10px}.figure{overflow-x:auto}svg{min-width:640px}}
"""


def card(found: Comparison, command: str) -> str:
    """The page; `command` is what made it."""
    text = html.escape
    answers = "".join(
        f"<p><b>{text(verdict)}</b>: {text(said)}</p>" for verdict, said in words.answers(found)
    )
    shifts = "".join(f"<p class=note>{text(line)}</p>" for line in words.shifts(found))
    return (
        "<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<title>{text(words.title(found))}</title><style>{_STYLE}</style></head>\n<body><main>\n"
        f"<h1>{text(words.title(found))}</h1>\n<p class=facts>{text(words.facts(found))}</p>\n"
        f"<section class=answer>{answers}</section>\n"
        f"<div class=figure>{_figure(found)}</div>\n"
        f"<p class=note>{text(words.can_show(found))}</p>\n"
        f"<h2>Leaderboard</h2>\n{_table(words.board(found))}\n"
        f"<h2>Here and in the committed records</h2>\n{shifts}{_table(words.places(found))}\n"
        f"<h2>Settings</h2>\n{_table(words.tuning(found))}\n"
        f"<h2>Made by</h2>\n<p><code>{text(command)}</code></p>"
        f"<p class=note>NAG-Bench {text(__version__)}</p>\n</main></body></html>\n"
    )


def _table(rows: words.Rows) -> str:
    head, *body = ([html.escape(cell) for cell in row] for row in rows)
    lines = "".join(f"<tr><td>{'<td>'.join(row)}\n" for row in body)
    return f"<div class=wide><table><tr><th>{'<th>'.join(head)}\n{lines}</table></div>"


def _figure(found: Comparison) -> str:
    style.use()
    figure, axes = plt.subplots(1, 3, figsize=(9.0, 2.7))
    draw(found, tuple(axes))
    with io.StringIO() as file:
        figure.savefig(file, format="svg", **style.FORMATS[".svg"])
        drawn = file.getvalue()
    plt.close(figure)
    return re.sub(r"^.*?(?=<svg)", "", drawn, flags=re.DOTALL)
