"""What the paper quotes of judgements of other people's runs: `paper/beyond/numbers.tex`.

    python -m nagbench.judging.quoted paper/beyond

reads `comparisons.csv` and `summary.csv` of each folder there, as `nagbench judge` writes them, and
writes the numbers beside them.
"""

import sys
from pathlib import Path

import pandas as pd

from nagbench.files import atomic_path
from nagbench.rendering.latex import escape
from nagbench.rendering.table import p_value

_SAID = {
    "better": "is shown to end lower than",
    "worse": "is shown to end higher than",
    "not told apart": "is not told apart from",
}


def numbers(folder: Path) -> dict[str, str]:
    """Keys `beyond.JUDGEMENT.…` with their text, ready for LaTeX."""
    found: dict[str, str] = {}
    for place in sorted(path.parent for path in folder.glob("*/comparisons.csv")):
        pairs, groups = (
            pd.read_csv(place / f"{name}.csv", keep_default_na=False, na_values=[""])
            for name in ("comparisons", "summary")
        )
        against = pairs[pairs["against"] == "baseline"]
        key = f"beyond.{place.name}"
        found |= {
            f"{key}.runs": str(groups["runs"].sum()),
            f"{key}.groups": str(len(groups)),
            f"{key}.tests": str(against["tests"].max()),
            **{
                f"{key}.{word.replace(' ', '_')}": str((against["verdict"] == word).sum())
                for word in (*_SAID, "not testable")
            },
        }
        for row in groups.itertuples():
            found[f"{key}.{row.optimizer}.mean"] = f"{row.mean:.4f}"
            found[f"{key}.{row.optimizer}.runs"] = str(row.runs)
            found[f"{key}.{row.optimizer}.steps"] = f"{row.last_end:,.0f}"
        for row in against[against["verdict"].isin(_SAID)].itertuples():
            ends = ", ".join(f"{end:+.4f}" for end in (row.low, row.high))
            found[f"{key}.{row.optimizer}.verdict"] = _SAID[row.verdict]
            found[f"{key}.{row.optimizer}.difference"] = f"{row.difference:+.4f} [{ends}]"
            found[f"{key}.{row.optimizer}.p"] = p_value(row.p_adjusted)
    return {name: escape(text.replace("-", "−")) for name, text in found.items()}


def lines(folder: Path) -> str:
    """The file's text."""
    return "".join(
        f"\\setresult{{{key}}}{{{text}}}\n" for key, text in sorted(numbers(folder).items())
    )


if __name__ == "__main__":
    place = Path(sys.argv[1])
    with atomic_path(place / "numbers.tex") as path:
        path.write_text(lines(place), encoding="utf-8")
