"""What a spec's reference may name, and how what will not do is refused."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rows import make, recipe_of

from nagbench.engine import build
from nagbench.errors import InputError
from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.optimizers.search_space import Domain
from nagbench.optimizers.spec import OptimizerSpec


def own(reference: str) -> OptimizerSpec:
    return OptimizerSpec(
        name="own",
        label="own",
        reference=reference,
        family="yours",
        citation="",
        defaults={"lr": 0.1},
        space={"lr": Domain(0.01, 1)},
    )


def load(row: OptimizerSpec) -> type:
    loaded: type = build.optimizer_class(row.reference, row.closure)
    return loaded


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("no.such.module:Own", "cannot be imported"),
        ("torch.optim:Own", "Own is missing"),
        ("torch.nn:Linear", "Linear is no optimizer"),
        ("no-such-file.py:Own", "cannot be imported"),
    ],
)
def test_a_class_that_will_not_do_is_one_clear_error(reference: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        load(own(reference))
    assert caught.value.place == f"optimizer {reference}"


def test_a_file_that_fails_to_import_is_one_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("raise RuntimeError('broken on purpose')\n")
    with pytest.raises(InputError, match="broken on purpose"):
        load(own(f"{file}:Own"))


def test_a_file_of_ones_own_trains(tmp_path: Path) -> None:
    file = tmp_path / "own_sgd.py"
    file.write_text("import torch\n\n\nclass Own(torch.optim.SGD):\n    pass\n")
    row = own(f"{file}:Own")
    assert row.file == file
    parameter = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    optimizer = make(row, [parameter], {"lr": 0.5})
    parameter.grad = parameter.detach() * torch.tensor([1.0, 0.1])
    optimizer.step()
    assert torch.allclose(parameter, torch.tensor([0.5, -1.9]))


def test_a_setting_that_the_class_does_not_know_is_one_clear_error() -> None:
    with pytest.raises(InputError, match=r"beta.*allowed: .*lr"):
        make(own("torch.optim:SGD"), [torch.nn.Parameter(torch.zeros(2))], {"lr": 0.1, "beta": 1})


def make_sgd(params, lr, halves=0):  # type: ignore[no-untyped-def]
    return torch.optim.SGD(params, lr=lr / 2**halves)


def make_nothing(params, lr):  # type: ignore[no-untyped-def]
    return [params, lr]


def test_a_function_may_make_the_optimizer() -> None:
    parameter = torch.nn.Parameter(torch.zeros(2))
    made = make(own(f"{__name__}:make_sgd"), [parameter], {"lr": 0.4, "halves": 2})
    assert made.param_groups[0]["lr"] == 0.1
    with pytest.raises(InputError, match=r"refused.*allowed: .*lr, halves"):
        make(own(f"{__name__}:make_sgd"), [parameter], {"lr": 0.4, "beta": 2})


def test_a_function_that_makes_none_is_one_clear_error() -> None:
    with pytest.raises(InputError, match="list is no optimizer"):
        make(own(f"{__name__}:make_nothing"), [torch.nn.Parameter(torch.zeros(2))])


def test_what_a_function_makes_takes_a_closure_or_not_as_declared() -> None:
    row = replace(own(f"{__name__}:make_needing"), closure=False)
    with pytest.raises(InputError, match="needs a closure"):
        make(row, [torch.nn.Parameter(torch.zeros(2))])
    make(replace(row, closure=True), [torch.nn.Parameter(torch.zeros(2))])


def make_needing(params, lr):  # type: ignore[no-untyped-def]
    return NeedsClosure(params, lr=lr)


class NeedsClosure(torch.optim.SGD):
    def step(self, closure):  # type: ignore[no-untyped-def]
        return super().step(closure)


class TakesNone(torch.optim.SGD):
    def step(self):  # type: ignore[no-untyped-def]
        return super().step()


@pytest.mark.parametrize(
    ("name", "closure", "words"),
    [("NeedsClosure", False, "needs a closure"), ("TakesNone", True, "takes no closure")],
)
def test_closures_that_are_wanted_and_not_given_are_one_clear_error(
    name: str, closure: bool, words: str
) -> None:
    row = replace(own(f"{__name__}:{name}"), closure=closure)
    with pytest.raises(InputError, match=words):
        load(row)
    load(replace(row, closure=not closure))


def test_hidden_matrices_get_a_group_of_their_own() -> None:
    shapes = [(6, 3, 3, 3), (6,), (12, 6, 3, 3), (12,), (10, 768), (10,)]
    parameters = [torch.nn.Parameter(torch.ones(shape)) for shape in shapes]
    groups = make(CATALOGUE["muon"], parameters, {"lr": 0.02}).param_groups
    assert [[tuple(p.shape) for p in group["params"]] for group in groups] == [
        [shapes[0], shapes[2]],
        [shapes[1], shapes[3], shapes[4], shapes[5]],
    ]


@pytest.mark.parametrize(
    ("name", "argument"), [("adam", "capturable"), ("sgd", "fused"), ("nag_sutskever", None)]
)
def test_for_a_gpu_a_class_is_asked_for_a_step_that_can_be_captured(
    name: str, argument: str | None
) -> None:
    parameters = [torch.nn.Parameter(torch.ones(2))]
    recipe = recipe_of(CATALOGUE[name], {"lr": 0.1})
    here, there = (
        build.optimizer(recipe, parameters, device).defaults for device in ("cpu", "cuda")
    )
    differing = {key for key in here if here[key] != there[key]}
    assert differing == ({argument} if argument else set())


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytorch_optimizer", None)
    with pytest.raises(InputError, match="pip install pytorch-optimizer"):
        load(CATALOGUE["soap"])
