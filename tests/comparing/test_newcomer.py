"""What a newcomer's command line makes of it, and of the study in which it is compared."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from claims import CLAIM
from nagbench.comparing.newcomer import Newcomer, newcomer
from nagbench.comparing.study import comparison
from nagbench.errors import InputError
from nagbench.study.model import Study

ADAM = "torch.optim:Adam"  # lr 1e-3, betas (0.9, 0.999), by its signature


def made(
    reference: str = ADAM,
    settings: tuple[str, ...] = (),
    space: tuple[str, ...] = (),
    entry: Path | None = None,
    untuned: bool = False,
    name: str | None = "mine",
    label: str | None = None,
) -> Newcomer:
    return newcomer(reference, name, label, settings, space, entry, untuned)


@pytest.fixture
def base(small: dict[str, Any], tmp_path: Path) -> str:
    small["testing"] = {"seeds": list(range(11, 21)), "further": {"sgd": [21, 22]}}
    small["tolerance"] = 0.03
    small["hypotheses"] = {"A": CLAIM}
    path = tmp_path / "base.yaml"
    path.write_text(yaml.safe_dump(small, sort_keys=False))
    return str(path)


def study(base: str, new: Newcomer, **words: Any) -> Study:
    usual: dict[str, Any] = dict.fromkeys(("baseline", "workload", "precision"))
    return comparison(base, new, **{**usual, "quick": False, **words})[0]


@pytest.mark.parametrize(
    ("words", "settings", "space"),
    [
        ({}, {"lr": 1e-3}, {"lr": (3.33e-5, 0.03)}),
        ({"settings": ("lr=1e-1",)}, {"lr": 0.1}, {"lr": (3.33e-3, 3.0)}),
        (
            {"space": ("lr=0.01:1", "betas[0]=0.5:0.99:log_one_minus"), "settings": ("eps=1e-6",)},
            {"lr": 1e-3, "betas": [0.9, 0.999], "eps": 1e-6},
            {"lr": (0.01, 1.0), "betas[0]": (0.5, 0.99)},
        ),
        ({"untuned": True}, {"lr": 1e-3}, {}),
        ({"reference": "adam"}, None, None),  # as the catalogue has it
    ],
)
def test_settings_and_space(base: str, words: dict[str, Any], settings: Any, space: Any) -> None:
    new = made(**words)
    assert new.entry.get("settings") == settings
    found = study(base, new).optimizers["mine"]
    if space is not None:
        assert {name: (one.low, one.high) for name, one in found.space.items()} == space
    else:
        assert found.space


def test_an_entry_says_all_of_it(base: str, tmp_path: Path) -> None:
    entry = tmp_path / "entry.yaml"
    entry.write_text("settings: {lr: 0.2}\nspace: {}\nclosure: true\n")
    row = study(base, made(entry=entry, label="Mine")).optimizers["mine"]
    assert (row.label, row.closure, dict(row.defaults)) == ("Mine", True, {"lr": 0.2})


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("torch.optim:RMSprop", "rmsprop"),
        ("torch.optim:SparseAdam", "sparse_adam"),
        ("sgd", "sgd"),
    ],
)
def test_its_name_follows_from_its_class(reference: str, name: str) -> None:
    assert made(reference, name=None).name == name


def test_the_study_is_the_protocol_of_the_other(base: str) -> None:
    found = study(base, made())
    assert list(found.optimizers) == ["sgd", "mine"]
    assert found.baseline == "sgd"
    assert found.tuning.points == 2
    for name in found.optimizers:  # all seeds of the baseline, so that all are pairs
        assert found.planned("test", "tiny", name) == 12
    claims = found.hypotheses
    assert list(claims) == ["accuracy", "speed"]
    assert claims["accuracy"].margin == 0.03
    assert claims["speed"].margin == (5_000 - 40) // 16 / 2  # half an epoch
    assert {claim.family for claim in claims.values()} == {"accuracy", "gradients"}


def test_quick_takes_as_few_seeds_as_can_reject(base: str) -> None:
    assert study(base, made(), quick=True).planned("test", "tiny", "mine") == 6


def test_another_baseline_and_precision(base: str) -> None:
    found = study(base, made(), baseline="nag_sutskever", precision="bfloat16")
    assert found.baseline == "nag_sutskever"
    assert found.planned("test", "tiny", "mine") == 10
    assert found.workloads["tiny"].precision == "bfloat16"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"settings": ("lr",)}, "--settings: found 'lr'"),
        ({"space": ("lr=1",)}, "--space: found 'lr=1'"),
        ({"space": ("lr=1:x",)}, "--space: found 'lr=1:x'"),
        ({"space": ("lr=2:1",)}, "lr"),
        ({"space": ("rate=1:2",)}, "rate"),
        ({"name": "sgd"}, "--name: found 'sgd'"),
        ({"name": "a b"}, "a b"),
        ({"entry": Path("none.yaml")}, "none.yaml: no such file"),
        ({"reference": "torch.optim:Adagrad", "settings": ("lr=0",)}, "no default of a setting"),
        ({"reference": "no.such:Class"}, "cannot be imported"),
        ({"reference": "torch:nn"}, "optimizer torch:nn: nothing that makes one"),
    ],
)
def test_bad_words_are_one_error(base: str, words: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        study(base, made(**words))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"baseline": "adam"}, "--baseline: found 'adam'.*allowed: sgd, nag_sutskever"),
        ({"workload": "big"}, "--workload: found 'big'.*allowed: tiny"),
    ],
)
def test_bad_choices_are_one_error(base: str, words: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        study(base, made(), **words)
