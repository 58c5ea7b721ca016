"""Verdicts on data whose truth is known, and what seeds can show."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from scipy import stats

from nagbench.cli import main
from nagbench.errors import InputError
from nagbench.statistics.hypotheses import COLUMNS, equivalence_test, paired, verdicts
from nagbench.study.file import load_study
from nagbench.study.model import Study
from records_of import records_of

CLAIM = {
    "claim": "NAG is more accurate",
    "workload": "tiny",
    "optimizer": "nag_sutskever",
    "reference": "sgd",
    "direction": "greater",
    "metric": "accuracy",
    "margin": 0.02,
}
SEEDS = list(range(11, 21))


def study_with(small: dict[str, Any], tmp_path: Path, *claims: dict[str, Any]) -> Study:
    small["hypotheses"] = {f"h{n}": {**CLAIM, **claim} for n, claim in enumerate(claims)}
    small["testing"]["seeds"] = SEEDS
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(small))
    return load_study(str(path))


def judged(study: Study, shift: float, deviation: float = 0.005) -> list[str]:
    noise = np.random.default_rng(3)
    sgd = 0.5 + noise.normal(0, 0.05, len(SEEDS))
    nag = sgd + shift + noise.normal(0, deviation, len(SEEDS))
    runs, curves = records_of(
        study,
        {name: [[0.1, 0.2, value] for value in found]
         for name, found in (("sgd", sgd), ("nag_sutskever", nag))},
    )  # fmt: skip
    table = verdicts(study, runs, curves)
    assert list(table.columns) == list(COLUMNS)
    return list(table["verdict"])


@pytest.mark.parametrize(
    ("shift", "deviation", "greater", "less", "equivalent"),
    [
        (0.1, 0.005, "supported", "refuted", "refuted"),
        (-0.1, 0.005, "refuted", "supported", "refuted"),
        (0.0, 0.003, "refuted", "refuted", "supported"),
        (0.01, 0.2, "inconclusive", "inconclusive", "inconclusive"),
    ],
)
def test_a_verdict_follows_from_what_is_shown(
    small: dict[str, Any],
    tmp_path: Path,
    shift: float,
    deviation: float,
    greater: str,
    less: str,
    equivalent: str,
) -> None:
    study = study_with(
        small, tmp_path, {}, {"direction": "less"},
        {"direction": "equivalent", "family": "other"},
    )  # fmt: skip
    assert judged(study, shift, deviation) == [greater, less, equivalent]


def test_families_are_corrected_apart(small: dict[str, Any], tmp_path: Path) -> None:
    claims = [{}, {}, {"family": "other"}]
    study = study_with(small, tmp_path, *claims)
    runs, curves = records_of(
        study,
        {"sgd": [[0.1, 0.2, 0.5]] * 10,
         "nag_sutskever": [[0.1, 0.2, 0.5 + n / 100] for n in range(10)]},
    )  # fmt: skip
    table = verdicts(study, runs, curves)
    assert table["p"].nunique() == 1
    np.testing.assert_allclose(table["p_adjusted"] / table["p"], [2, 2, 1])


def test_times_are_restricted_and_paired(small: dict[str, Any], tmp_path: Path) -> None:
    study = study_with(small, tmp_path, {"metric": "epochs", "target": 0.2, "direction": "less"})
    (hypothesis,) = study.hypotheses.values()
    runs, curves = records_of(
        study, {"sgd": [[0.1, 0.1, 0.1]] * 2, "nag_sutskever": [[0.3, 0.3, 0.3], [0.1, 0.1, 0.1]]}
    )
    assert list(paired(study, hypothesis, runs, curves)) == [-2, 0]


def test_without_hypotheses_the_table_is_empty(small_study: Study) -> None:
    runs, curves = records_of(small_study, {"sgd": [[0.1] * 3] * 2, "nag_sutskever": [[0.1] * 3]})
    table = verdicts(small_study, runs, curves)
    assert list(table.columns) == list(COLUMNS)
    assert table.empty


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"workload": "huge"}, "workload"),
        ({"optimizer": "adam"}, "optimizer"),
        ({"reference": "nag_sutskever"}, "reference"),
        ({"metric": "epochs", "target": 0.9}, "target"),
        ({"direction": "equivalent", "margin": 0.0}, "margin"),
        ({"direction": "sideways"}, "direction"),
    ],
)
def test_a_hypothesis_that_cannot_be_judged_names_the_place(
    small: dict[str, Any], tmp_path: Path, changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(InputError, match=f"hypotheses.h0.{named}"):
        study_with(small, tmp_path, changes)


def test_equivalence_is_the_harder_of_two_one_sided_tests() -> None:
    values = np.array([0.01, -0.02, 0.015, 0.0])
    error = stats.sem(values)
    above = stats.t.sf((values.mean() + 0.05) / error, 3)
    below = stats.t.cdf((values.mean() - 0.05) / error, 3)
    assert equivalence_test(values, 0.05) == pytest.approx(max(above, below))
    assert equivalence_test(np.array([0.01, 0.01]), 0.05) == 0
    assert equivalence_test(np.array([0.06, 0.06]), 0.05) == 1
    assert math.isnan(equivalence_test(np.array([0.01]), 0.05))
    assert math.isnan(equivalence_test(values, 0.0))


def test_at_its_margin_equivalence_is_claimed_at_the_level() -> None:
    noise = np.random.default_rng(9)
    found = np.mean(
        [equivalence_test(noise.normal(0.5, 0.2, 12), 0.5) <= 0.05 for _ in range(3000)]
    )
    assert abs(found - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 3000)


def test_the_command_warns_of_a_test_that_cannot_reject(
    small: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study_with(small, tmp_path, {})
    assert main(["power", str(tmp_path / "small.yaml")]) == 0
    assert "WARNING" not in capsys.readouterr().out
    small["testing"]["seeds"] = [11, 12, 13, 14, 15]
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(small))
    assert main(["power", str(tmp_path / "small.yaml")]) == 0
    assert "1 tests on 5 seeds cannot reject at level 0.05; 6 seeds can" in capsys.readouterr().out
