"""What must fit together in a study file: each fault by itself, on both sides of its boundary."""

from typing import Any

import pytest
from edited import CLAIM, EQUAL, OWN, changed, errors, read

from nagbench.study import checks


def test_a_class_of_ones_own_joins(small: dict[str, Any]) -> None:
    mine = read(changed(small, "optimizers.mine", OWN)).optimizers["mine"]
    assert (mine.label, mine.family, mine.reference) == ("mine", "yours", "torch.optim:Adamax")
    assert mine.defaults == OWN["settings"]


def test_a_row_may_be_taken_under_another_name(small: dict[str, Any]) -> None:
    slow = {"based_on": "nag", "label": "NAG, momentum 0.5", "settings": {"momentum": 0.5}}
    optimizer = read(changed(small, "optimizers.slow", slow)).optimizers["slow"]
    assert (optimizer.name, optimizer.label) == ("slow", "NAG, momentum 0.5")
    assert optimizer.defaults == {"lr": 0.01, "momentum": 0.5}
    assert optimizer.fixed == {"nesterov": True}


def test_a_study_may_say_what_a_class_needs(small: dict[str, Any]) -> None:
    needs = {"closure": True, "create_graph": True, "matrices": True, "own_schedule": True}
    mine = read(changed(small, "optimizers.mine", {**OWN, **needs})).optimizers["mine"]
    assert all(getattr(mine, name) for name in needs)
    row = read(changed(small, "optimizers.lbfgs", {"closure": False})).optimizers["lbfgs"]
    assert not row.closure


GOOD: list[tuple[str, Any]] = [
    ("optimizers.adam", {"settings": {"betas": [0, 0.999], "eps": 0}}),
    ("optimizers.srsgd", {"settings": {"restart": 7}}),
    ("optimizers.nag.space", {"lr/(1-momentum)": {"low": 0.01, "high": 10}}),
    ("optimizers.adam.space", {"betas[0]": {"low": 0.5, "high": 0.99, "scale": "log_one_minus"}}),
    ("optimizers.mine", {**OWN, "settings": {"lr": 1, "mode": "fast", "clip": None, "on": True}}),
    ("optimizers.mine", {**OWN, "space": {}}),
    ("optimizers.mine", {**OWN, "reference": "my folder/mine.py:Mine"}),
    ("optimizers.sgd", {"space": {"lr": {"low": 1e-3, "high": "1e0"}}}),
    ("optimizers.sgd", {"space": {"lr": {"low": 1, "high": 2, "scale": "linear"}}}),
    ("validation_size", 4_984),
    ("workloads.tiny.train_size", 4_960),
    ("workloads.tiny.batch_size", 4_960),
    ("workloads.tiny.padding", 32),
    ("workloads.tiny.cutout", 32),
    ("workloads.tiny.optimizers", ["nag_sutskever", "sgd"]),
    ("workloads.tiny.batch_norm", True),
    ("tuning.seeds", [1, 2, 10]),
    ("testing.seeds", [0, 2**32 - 1]),
    ("tuning.points", 10_000),
    ("hypotheses.h", CLAIM),
    ("hypotheses.h", {**CLAIM, "metric": "epochs"}),
    ("hypotheses.h", {**CLAIM, "statement": "threshold", "reference": None, "value": 0.5}),
    ("hypotheses.h", {**CLAIM, "statement": "threshold", "reference": None, "value": "1e-1"}),
    ("hypotheses.h", {**CLAIM, **EQUAL, "statement": "at_most", "margin": 1e-9}),
    ("hypotheses.h", {**CLAIM, "statement": "events", "metric": "diverged"}),
    ("workloads.tiny.targets", {"low": "1e-1", "high": 0.2, "source": "a test"}),
]


@pytest.mark.parametrize(("path", "value"), GOOD)
def test_what_fits_together_is_taken(small: dict[str, Any], path: str, value: Any) -> None:
    read(changed(small, path, value))


def interval(low: float, high: float, scale: str = "log") -> dict[str, Any]:
    return {"low": low, "high": high, "scale": scale}


RATE = {"lr": interval(0.1, 1)}
OPTIMIZERS: list[tuple[str, Any, str, str, str]] = [
    ("heavy_bal", None, "", "is heavy_ball meant?", "nag_sutskever"),
    ("fast", {"based_on": "ngd"}, ".based_on", "no optimizer 'ngd'", "nag"),
    ("sgd", {"settings": {"lr": -0.1}}, ".settings.lr", "found -0.1", "(0, inf)"),
    ("sgd", {"settings": {"lr": 0}}, ".settings.lr", "found 0.0", "(0, inf)"),
    ("sgd", {"settings": {"lr": "x"}}, ".settings.lr", "found 'x'", "a number, as 0.1 is"),
    ("sgd", {"settings": {"lr": True}}, ".settings.lr", "found true", "a number, as 0.1 is"),
    ("sgd", {"settings": {"lr": None}}, ".settings.lr", "found nothing", "a number, as 0.1 is"),
    ("sgd", {"settings": {"l": 1}}, ".settings.l", "unknown setting (is lr meant?)", "lr"),
    ("nag", {"settings": {"momentum": 1.0}}, ".settings.momentum", "found 1.0", "[0, 1)"),
    ("adam", {"settings": {"betas": [0.9, 1]}}, ".settings.betas", "found [0.9, 1.0]", "[0, 1)"),
    ("adam", {"settings": {"betas": 0.9}}, ".settings.betas", "found 0.9", "a list of numbers"),
    ("srsgd", {"settings": {"restart": 1.5}}, ".settings.restart", "found 1.5", "a whole number"),
    ("sgd", {"space": {"lr": interval(1, 0.1)}}, ".space.lr", "low 1 is not", "low below high"),
    ("sgd", {"space": {"lr": interval(1, 1)}}, ".space.lr", "low 1 is not", "low below high"),
    ("sgd", {"space": {"lr": interval(0, 1)}}, ".space.lr", "no logarithm", "scale's range"),
    (
        "nag",
        {"space": {**RATE, "momentum": interval(0.1, 1, "linear")}},
        ".space.momentum",
        "found [0.1, 1.0]",
        "[0, 1)",
    ),
    ("sgd", {"space": {**RATE, "l": interval(0.1, 1)}}, ".space.l", "is lr meant?", "lr"),
    ("adam", {"space": {**RATE, "betas": interval(0.1, 0.2)}}, ".space.betas", "a list", "numbers"),
    (
        "adam",
        {"space": {"betas[2]": interval(0.1, 1)}},
        ".space.'betas[2]'",
        "entry 2 of",
        "it has",
    ),
    ("sgd", {"space": {"lr[0]": interval(0.1, 1)}}, ".space.'lr[0]'", "of what is 0.1", "of lists"),
    ("sgd", {"space": {"lr/(1-mu)": interval(0.1, 1)}}, ".space.'lr/(1-mu)'", "unknown", "lr"),
    ("mine", {"reference": "torch.optim:SGD"}, "", "without settings and space", "`settings`"),
    ("mine", {"reference": "torch.optim:SGD", "space": {}}, "", "without settings", "`settings`"),
    ("mine", {**OWN, "based_on": "sgd"}, ".based_on", "both", "one of them"),
    *[
        ("mine", {**OWN, "reference": name}, ".reference", f"found {name!r}", "`module:Class`")
        for name in ("SGD", "a:b:C", "a.py:", ":C", "a b:C", "a..b:C", "folder/a:C", "a:C.D", "")
    ],
]


@pytest.mark.parametrize(("name", "section", "where", "found", "allowed"), OPTIMIZERS)
def test_each_fault_of_an_optimizer_is_one_error(
    small: dict[str, Any], name: str, section: Any, where: str, found: str, allowed: str
) -> None:
    (error,) = errors(changed(small, f"optimizers.{name}", section))
    assert error.place == f"small.yaml.optimizers.{name}{where}"
    assert found in error.found
    assert allowed in error.allowed


def test_a_grid_needs_a_rate_to_vary(small: dict[str, Any]) -> None:
    small["optimizers"]["adam"] = {"space": {"eps": interval(1e-9, 1e-3)}}
    read(small)
    small["tuning"]["search"] = "grid"
    (error,) = errors(small)
    assert error.place == "small.yaml.optimizers.adam.space"
    assert "without `lr`" in error.found
    assert "for `lr`" in error.allowed


TRAINING: list[tuple[str, Any, str, str]] = [
    ("padding", 33, "found 33", "at most 32 pixels"),
    ("cutout", 33, "found 33", "at most 32 pixels"),
    ("train_size", 4_961, "found 4961 images", "at most 4960"),
    ("batch_size", 4_961, "there are 4960 to train on", "at most 4960"),
    ("optimizers", ["sgd"], "found sgd", "the baseline sgd and at least one more"),
    ("optimizers", [], "found none", "the baseline sgd and at least one more"),
]


@pytest.mark.parametrize(("key", "value", "found", "allowed"), TRAINING)
def test_each_fault_of_a_workload_is_one_error(
    small: dict[str, Any], key: str, value: Any, found: str, allowed: str
) -> None:
    (error,) = errors(changed(small, f"workloads.tiny.{key}", value))
    assert error.place == f"small.yaml.workloads.tiny.{key}"
    assert found in error.found
    assert allowed in error.allowed


def test_no_workload_is_called_as_all_of_them_are(small: dict[str, Any]) -> None:
    """Their rows in the result tables would be taken for one another's."""
    small["workloads"]["all"] = small["workloads"].pop("tiny")
    (error,) = errors(small)
    assert error.place == "small.yaml.workloads.all"
    assert "all workloads" in error.found


KNOWN = "trains on tiny: nag_sutskever, sgd"
AT_LEAST = {"statement": "threshold", "reference": None}
CLAIMS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"workload": "tine"}, "workload", "is tiny meant?", "one of tiny"),
    ({"optimizer": "sdg"}, "optimizer", "is sgd meant?", KNOWN),
    ({"reference": "adam"}, "reference", "found 'adam'", KNOWN),
    ({"reference": "sgd"}, "reference", "the optimizer itself", "another one"),
    ({"reference": None}, "reference", "neither", "either"),
    ({"reference": None, "value": 0.5}, "reference", "missing", "is a `threshold`"),
    ({"statement": "threshold"}, "value", "missing", "a number"),
    ({"value": 0.5}, "reference", "both", "either"),
    ({"reference_workload": "big"}, "reference_workload", "found 'big'", "one of tiny"),
    (
        {
            "statement": "threshold",
            "reference": None,
            "value": 1,
            "reference_workload": "tiny",
        },
        "reference_workload",
        "without a reference",
        "nothing",
    ),
    ({"contrast": "big"}, "contrast", "found 'big'", "one of tiny"),
    ({"contrast": "tiny"}, "contrast", "found 'tiny', the claim's own", "another"),
    (EQUAL, "margin", "found none", "above 0"),
    ({**EQUAL, "statement": "at_most"}, "margin", "found none", "above 0"),
    ({"direction": None}, "direction", "found none", "greater, less"),
    ({**EQUAL, "direction": "less", "margin": 0.1}, "direction", "of a claim of equiv", "nothing"),
    ({**EQUAL, "margin": 1}, "margin", "found 1.0 of accuracy", "less than 1"),
    ({**EQUAL, "metric": "largest_fall", "margin": 3}, "margin", "found 3.0", "less than 1"),
    (AT_LEAST | {"value": 1.01}, "value", "found 1.01 of accuracy", "from 0 to 1"),
    (AT_LEAST | {"value": -0.01}, "value", "found -0.01", "from 0 to 1"),
    (AT_LEAST | {"metric": "gradients", "value": -1}, "value", "found -1.0", "from 0 on"),
    ({"metric": "diverged"}, "metric", "of a claim of difference", "one of diverged"),
]


@pytest.mark.parametrize(("changes", "where", "found", "allowed"), CLAIMS)
def test_each_fault_of_a_claim_is_one_error(
    small: dict[str, Any], changes: dict[str, Any], where: str, found: str, allowed: str
) -> None:
    (error,) = errors(changed(small, "hypotheses.h", {**CLAIM, **changes}))
    assert error.place == f"small.yaml.hypotheses.h.{where}"
    assert found in error.found
    assert allowed in error.allowed


OTHERS: list[tuple[str, Any, str, str, str]] = [
    ("optimizers", {"sgd": None}, "optimizers", "found 1 entry", "2 to 1,000 entries"),
    ("baseline", "adam", "baseline", "found 'adam'", "one of nag_sutskever, sgd"),
    ("baseline", "sdg", "baseline", "is sgd meant?", "one of nag_sutskever, sgd"),
    ("testing.seeds", [1, 2], "testing.seeds", "used for tuning: 1", "seeds that tuning never saw"),
    ("validation_size", 5_000, "validation_size", "found 5000", "fewer than the 5000"),
    ("validation_size", 4_985, "workloads.tiny.batch_size", "there are 15", "at most 15"),
    (
        "workloads.tiny.targets",
        {"low": 0.3, "high": 0.2, "source": "a test"},
        "workloads.tiny.targets.low",
        "found 0.3",
        "at most 0.2",
    ),
    ("workloads.tiny.train_size", 15, "workloads.tiny.batch_size", "there are 15", "at most 15"),
    (
        "workloads.tiny.optimizers",
        ["sgd", "nag"],
        "workloads.tiny.optimizers[1]",
        "found 'nag'",
        "one of nag_sutskever, sgd",
    ),
]


@pytest.mark.parametrize(("path", "value", "place", "found", "allowed"), OTHERS)
def test_each_fault_between_sections_is_one_error(
    small: dict[str, Any], path: str, value: Any, place: str, found: str, allowed: str
) -> None:
    (error,) = errors(changed(small, path, value))
    assert error.place == f"small.yaml.{place}"
    assert found in error.found
    assert allowed in error.allowed


def test_batch_norm_needs_a_place_for_it(small: dict[str, Any]) -> None:
    small["workloads"]["tiny"] |= {"model": "logistic", "batch_norm": False}
    (error,) = errors(small)
    assert error.place == "small.yaml.workloads.tiny.batch_norm"
    assert "tiny_cnn" in error.allowed


def test_a_workload_without_the_baseline_is_refused(small: dict[str, Any]) -> None:
    small["optimizers"]["nag"] = None
    small["workloads"]["tiny"]["optimizers"] = ["nag", "nag_sutskever"]
    (error,) = errors(small)
    assert error.allowed == "the baseline sgd and at least one more"


RANKING = {"claim": "c", "metric": "accuracy", "statement": "ranking", "direction": "greater"}


def test_a_ranking_is_of_optimizers_or_of_workloads(small: dict[str, Any]) -> None:
    small["workloads"]["other"] = dict(small["workloads"]["tiny"])
    small["hypotheses"] = {
        "one": {**RANKING, "workload": "tiny", "optimizers": ["sgd", "nag_sutskever"]},
        "two": {**RANKING, "optimizer": "sgd", "workloads": ["tiny", "other"]},
    }
    one, two = read(small).hypotheses.values()
    assert one.pairs() == [("tiny", "sgd"), ("tiny", "nag_sutskever")]
    assert two.pairs() == [("tiny", "sgd"), ("other", "sgd")]


@pytest.mark.parametrize(
    ("words", "where", "found"),
    [
        ({"workload": "tiny", "optimizer": "sgd"}, "optimizers", "no single list"),
        ({"workload": "tiny", "optimizers": ["sgd"]}, "optimizers", "found sgd"),
        ({"workload": "tiny", "optimizers": ["sgd", "adam"]}, "optimizers", "found 'adam'"),
        ({"optimizer": "sgd", "workloads": ["tiny", "big"]}, "workloads", "found 'big'"),
        (
            {"workload": "tiny", "optimizers": ["sgd", "nag_sutskever"], "value": 1},
            "value",
            "in a ranking",
        ),
    ],
)
def test_each_fault_of_a_ranking_is_one_error(
    small: dict[str, Any], words: dict[str, Any], where: str, found: str
) -> None:
    small["hypotheses"] = {"h": {**RANKING, **words}}
    (error,) = errors(small)
    assert error.place == f"small.yaml.hypotheses.h.{where}"
    assert found in error.found


@pytest.mark.parametrize("more", [0, 1])
def test_a_study_has_a_largest_number_of_runs(
    small: dict[str, Any], monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    monkeypatch.setattr(checks, "MAX_RUNS", 2 * 5 - more)
    if not more:
        read(small)
        return
    (error,) = errors(small)
    assert error.place == "small.yaml"
    assert error.found == "10 runs (5 of each optimizer on each workload)"


def test_a_search_that_is_no_grid_needs_no_rate(small: dict[str, Any]) -> None:
    small["optimizers"]["adam"] = {"space": {"eps": {"low": 1e-9, "high": 1e-3}}}
    small["tuning"]["search"] = "quasirandom"
    read(small)
