"""Learning curves of others, damaged: judged, or refused in one message."""

from pathlib import Path

from hypothesis import example, given
from limits import cases, refusal

from damage import damaged_text
from judging.made_curves import frame
from nagbench.judging.curves import checked
from nagbench.judging.judgement import Question, judge
from nagbench.judging.names import Wanted
from nagbench.judging.readers.any_file import read
from nagbench.judging.terminal import printed

CURVES = frame({"a": [1.0, 1.1, 1.2], "b": [1.3, 1.25, 1.2]}).to_csv(index=False)
PIECES = (
    *(",", "\n", "\r", ";", "\t", '"', "nan", "inf", "1e400", "1e308", "-", "a", "0", "9" * 30),
    *("\0", "é", "😀", "true", "1_000", "1,5"),
)


@given(damaged_text(CURVES, PIECES))
@example("," * 20_000 + CURVES)
@cases(60, "learning curves of others")
def test_damaged_curves(tmp_path: Path, text: str) -> None:
    path = tmp_path / "curves.csv"
    path.write_text(text, encoding="utf-8", errors="replace")
    refusal(lambda: printed(judge(checked([read(path, Wanted())]), Question())))
