"""Each number of the abstract is explained by one command, from the records of the pilot."""

import re
import shlex
from pathlib import Path

import pytest

from nagbench.cli import main, parser
from nagbench.records import read_tables
from nagbench.rendering.explanation import _plain
from nagbench.rendering.origins import origin
from nagbench.rendering.result_tables import ResultTables

STUDY, RECORDS, VALIDATION = "pilot", Path("paper/records/pilot"), Path("paper/records/validation")
ABSTRACT = Path("paper/sections/abstract.tex").read_text(encoding="utf-8")
KEYS = sorted(set(re.findall(r"\\result\{([^}]*)\}", ABSTRACT)))


@pytest.fixture(scope="module")
def statistics(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the result tables."""
    folder = tmp_path_factory.mktemp("pilot") / "statistics"
    files = {name: f"{VALIDATION / name}.parquet" for name in ("theory", "calibration")}
    files |= {"records": f"{RECORDS}", "output": f"{folder}"}
    options = [word for name, file in files.items() for word in (f"--{name}", file)]
    assert main(["statistics", STUDY, *options]) == 0
    return folder


@pytest.fixture(scope="module")
def printed(statistics: Path) -> dict[str, str]:
    """What the paper prints, by key."""
    file = statistics.parent / "numbers.tex"
    assert main(["numbers", "--statistics", f"{statistics}", "--output", f"{file}"]) == 0
    found = re.findall(r"^\\setresult\{([^}]*)\}\{(.*)\}% ", file.read_text("utf-8"), re.MULTILINE)
    return {key: _plain(value) for key, value in found}


@pytest.mark.parametrize("key", KEYS)
def test_a_number_is_explained_down_to_its_runs(
    key: str, statistics: Path, printed: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", STUDY, key, "--statistics", f"{statistics}"]) == 0
    first, blank, table, *rest = capsys.readouterr().out.splitlines()
    assert first == f"{key} = {printed[key]}"
    assert blank == ""
    found = origin(key, ResultTables(statistics))
    assert found is not None
    assert table.startswith(f"table    {found.table}: ")
    assert not any("no such row" in line for line in rest)
    runs, _ = read_tables(RECORDS)
    ids = [words[2] for line in rest if (words := line.split())[:1] == ["seed"]]
    assert set(ids) <= set(runs["run"])
    for workload, optimizer in found.arms:
        (heading,) = (line for line in rest if f" of test/{workload}/{optimizer}; " in line)
        assert int(heading.split()[1]) == 14
    assert len(ids) == 14 * len(set(found.arms))
    if found.arms:
        words = shlex.split("".join(line.rstrip("\\") for line in rest[-2:]))
        assert words[:2] == ["nagbench", "verify"]
        told = parser().parse_args(words[1:])
        assert (told.study, told.run, told.records) == (STUDY, ids[0], RECORDS)
