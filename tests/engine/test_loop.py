"""The loop: runs that break, that draw random numbers, and that change torch for others."""

import random
import traceback
from pathlib import Path

import numpy as np
import pytest
import torch

from nagbench.data.images import ImageSet
from nagbench.engine import numerics
from nagbench.engine.loop import train
from nagbench.engine.recipe import Recipe
from nagbench.engine.splits import place_splits
from nagbench.errors import InputError
from small_runs import CPU, assert_same_outcomes, outcomes, recipe_of

ENGINE = Path(numerics.__file__).parent


class Rootless(torch.optim.SGD):
    """Fails as a method does whose matrix has no root, at its 15th step."""

    def step(self, closure=None):  # type: ignore[no-untyped-def]
        for state in self.state.values():
            state["steps"] = state.get("steps", 0) + 1
        if any(state["steps"] == 15 for state in self.state.values()):
            raise torch.linalg.LinAlgError("no root")
        result = super().step(closure)
        for group in self.param_groups:
            for parameter in group["params"]:
                self.state[parameter].setdefault("steps", 1)
        return result


def test_a_step_that_linear_algebra_refuses_is_a_divergence(images: ImageSet) -> None:
    recipe = recipe_of(optimizer="sgd", epochs=3, settings={"lr": 0.01})  # ten steps an epoch
    recipe = Recipe(**{**recipe.definition(), "optimizer": f"{__name__}:Rootless"})
    ((row, _),) = outcomes([recipe], images).values()
    assert (row["status"], row["diverged_step"]) == ("diverged", 14)
    assert row["gradient_evaluations"] == 14
    assert row["curve_epoch"] == [0, 0.5, 1]


class Noisy(torch.optim.SGD):
    """Adds noise from every global generator."""

    def step(self, closure=None):  # type: ignore[no-untyped-def]
        for group in self.param_groups:
            for parameter in group["params"]:
                scale = 1e-3 * (random.random() + np.random.random())  # noqa: NPY002
                parameter.grad.add_(torch.randn_like(parameter), alpha=scale)
        return super().step(closure)


def noisy(seed: int) -> Recipe:
    words = {"optimizer": f"{__name__}:Noisy", "settings": {"lr": 0.05}, "seed": seed, "epochs": 3}
    return Recipe(**{**recipe_of().definition(), **words})


def test_an_optimizer_that_draws_random_numbers_repeats(images: ImageSet) -> None:
    """Whatever was drawn before it, and whoever trains beside it."""
    first = outcomes([noisy(1)], images)
    torch.rand(7)
    random.random()
    np.random.random(3)  # noqa: NPY002
    assert_same_outcomes(first, outcomes([noisy(1)], images))
    beside = outcomes([noisy(2), noisy(1), noisy(3)], images)
    assert_same_outcomes(first, {noisy(1).id: beside[noisy(1).id]})
    assert beside[noisy(2).id][0]["curve_train_loss"] != beside[noisy(3).id][0]["curve_train_loss"]


def test_an_optimizer_that_draws_random_numbers_resumes(images: ImageSet) -> None:
    splits = place_splits(images, noisy(1), CPU)
    states = []
    for (run,), _ in train([noisy(1)], splits, CPU, [None]):
        states.append(run.state())
    for state in states[:-1]:
        torch.rand(5)
        *_, ((again,), _) = train([noisy(1)], splits, CPU, [state])
        losses = again.outcome.curve["validation_loss"]
        assert losses == run.outcome.curve["validation_loss"]


MEDDLER = """
import torch
{at_import}

class Meddler(torch.optim.SGD):
    def step(self, closure=None):
        result = super().step(closure)
        {in_step}
        return result
"""
CHANGES = {
    "default_dtype": "torch.set_default_dtype(torch.float64)",
    "threads": "torch.set_num_threads(2)",
    "gradients": "torch.set_grad_enabled(False)",
    "deterministic": "torch.use_deterministic_algorithms(False)",
}


# A step that turns gradients off leaves its own run none to train by.
@pytest.mark.parametrize(
    ("change", "moment"),
    [
        (change, moment)
        for change in CHANGES
        for moment in ("at_import", "in_step")
        if (change, moment) != ("gradients", "in_step")
    ],
)
def test_what_an_optimizer_changes_is_named_and_touches_no_other_run(
    images: ImageSet, tmp_path: Path, change: str, moment: str
) -> None:
    text = {"at_import": "", "in_step": "pass", moment: CHANGES[change]}
    file = tmp_path / f"meddler_{change}_{moment}.py"
    file.write_text(MEDDLER.format(**text))
    honest = recipe_of("tiny_cnn", "nag")
    meddler = recipe_of(optimizer="sgd", settings={"lr": 0.01})
    meddler = Recipe(**{**meddler.definition(), "optimizer": f"{file}:Meddler"})
    expected = outcomes([honest], images)
    together = outcomes([meddler], images)
    assert together[meddler.id][0]["changed"] == [change]
    assert_same_outcomes(expected, outcomes([honest], images))
    # Imported already, its module changes nothing anew; the record says it all the same.
    assert outcomes([meddler], images)[meddler.id][0]["changed"] == [change]


def test_runs_promise_one_thread_and_unshortened_numbers() -> None:
    before = numerics.in_force()
    torch.set_num_threads(2)
    torch.set_default_dtype(torch.float64)
    numerics.establish(CPU)
    now = numerics.in_force()
    assert (now["threads"], now["default_dtype"]) == (1, "torch.float32")
    assert now["deterministic"]
    assert {now[name] for name in now if name.endswith("precision")} == {"ieee"}
    torch.set_num_threads(before["threads"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NVIDIA_TF32_OVERRIDE", "1"),
        ("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "1"),
        ("ONEDNN_DEFAULT_FPMATH_MODE", "BF16"),
        ("CUBLAS_WORKSPACE_CONFIG", ":0:0"),
    ],
)
def test_variables_that_falsify_numbers_are_refused(
    monkeypatch: pytest.MonkeyPatch, images: ImageSet, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=name):
        outcomes([recipe_of()], images)


def test_the_loop_reads_in_one_sitting() -> None:
    """One file of at most 150 lines, from epoch to backward pass."""
    text = (ENGINE / "loop.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    assert all(word in text for word in (".backward(", "optimizer.step", "judge(", "diverges("))


def test_from_train_to_the_backward_pass_there_is_one_file(images: ImageSet) -> None:
    seen: list[str] = []

    class Watched(torch.optim.SGD):
        def step(self, closure=None):  # type: ignore[no-untyped-def]
            seen.extend(frame.filename for frame in traceback.extract_stack())
            return super().step(closure)

    globals()["Watched"] = Watched
    recipe = Recipe(**{**recipe_of(epochs=1).definition(), "optimizer": f"{__name__}:Watched"})
    outcomes([recipe], images)
    assert {Path(file).name for file in seen if Path(file).parent == ENGINE} == {"loop.py"}
