"""A run being trained, against plain torch and against its neighbours."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from nagbench.data.images import ImageSet
from nagbench.engine import build
from nagbench.engine.evaluation import _BATCHES, evaluate, iterates, proposed_weights
from nagbench.engine.loop import step
from nagbench.engine.outcome import STEP_COLUMNS
from nagbench.engine.randomness import epoch_plan
from nagbench.engine.recipe import Recipe
from nagbench.engine.resident import ResidentSet
from nagbench.engine.run import LiveRun
from nagbench.losses import missed_probability, one_hot_squares
from nagbench.models import layers
from nagbench.models.registry import MODELS
from small_runs import CPU, outcomes, placed, recipe_of, trained

LBFGS = {
    "optimizer": "torch.optim:LBFGS",
    "settings": {"lr": 0.1, "max_iter": 3, "tolerance_grad": 0, "tolerance_change": 0},
    "closure": True,
}


def live(recipe: Recipe, data: ResidentSet) -> LiveRun:
    return LiveRun(recipe, data, CPU)


def as_torchvision_would(images: ImageSet, pixels: np.ndarray) -> torch.Tensor:
    mean, deviation = images.mean, images.deviation
    scaled = (pixels.astype(np.float64) - np.array(mean)) / np.array(deviation)
    return torch.from_numpy(scaled).permute(2, 0, 1)


def test_a_batch_is_the_padded_cropped_and_mirrored_images(images: ImageSet) -> None:
    plan = epoch_plan(3, 1, 200, (32, 32), recipe_of(cutout=8), [])
    data = placed(images, torch.float64)
    assert plan.holes is not None
    batch = data.crops(*(torch.from_numpy(table) for table in plan.tables()), side=8)
    tables = zip(plan.order, plan.rows, plan.columns, plan.flips, plan.holes, strict=True)
    for n, (index, row, column, flip, (top, left)) in enumerate(tables):
        padded = np.pad(images.train_images[index], ((4, 4), (4, 4), (0, 0)))
        cut = padded[row : row + 32, column : column + 32]
        expected = as_torchvision_would(images, cut[:, ::-1] if flip else cut)
        expected[:, max(top - 4, 0) : top + 4, max(left - 4, 0) : left + 4] = 0
        torch.testing.assert_close(batch[n], expected, rtol=1e-12, atol=1e-12)


def test_images_for_evaluation_are_left_as_they_are(images: ImageSet) -> None:
    data = placed(images, torch.float64)
    for n, image in enumerate(data.plain(10, 13)):
        expected = as_torchvision_would(images, images.train_images[10 + n])
        torch.testing.assert_close(image, expected, rtol=1e-12, atol=1e-12)
    first = ((data.first(3) - data.plain(0, 3)).abs()).max()
    assert float(first) < 1e-12


# Every model with one optimizer, some optimizers with the smaller models, and each option once.
PLAIN = ("sgd", "heavy_ball", "nag", "nag_sutskever", "adam", "nadam", "mass", "sgdn_hd", "aggmo")
PAIRS = [
    *((name, model, {}) for name in PLAIN for model in ("tiny_cnn", "seed_cnn")),
    *(("nag", model, {}) for model in MODELS if model not in ("tiny_cnn", "seed_cnn")),
    ("adam", "seed_cnn", {"label_smoothing": 0.2}),
    ("nag", "tiny_cnn", {"l1": 1e-3}),
    ("nag", "tiny_cnn", {"l2": 1e-2, "batch_norm": True}),
    ("sgd", "tiny_cnn", {"cutout": 12, "initializer": "xavier"}),
]


@pytest.mark.parametrize(("name", "model", "options"), PAIRS)
def test_it_takes_the_steps_of_a_plain_loop(
    images: ImageSet, name: str, model: str, options: dict[str, object]
) -> None:
    """Twenty steps in float64 against a loop that a textbook would print."""
    work = recipe_of(model, name, precision="float64", batch_size=10, **options)
    one = live(work, placed(images, torch.float64))
    large = sum(parameter.numel() for parameter in one.parameters) > 1_000_000
    steps = 2 if large else 20
    measured = trained(one, steps=steps)

    network = build.network(work, images.inputs, images.classes)
    if model == "fastnet":
        pixels = [as_torchvision_would(images, image) for image in images.train_images]
        network.whiten(network.patch_moment(torch.stack(pixels)))  # type: ignore[operator]
    network.double().train()
    learned = [p for p in network.parameters() if p.requires_grad]
    optimizer = build.optimizer_class(work.optimizer, closure=False)(learned, **work.settings)
    dropouts = layers.planned_dropouts(network)
    plan = epoch_plan(5, 1, 200, (32, 32), work, [layer.features for layer in dropouts])
    for n in range(steps):
        now = slice(10 * n, 10 * n + 10)
        for layer, chances in zip(dropouts, plan.dropout, strict=True):
            layer.chances = torch.from_numpy(chances[now])
        pixels = []
        for number in range(10 * n, 10 * n + 10):
            padded = np.pad(images.train_images[plan.order[number]], ((4, 4), (4, 4), (0, 0)))
            row, column = plan.rows[number], plan.columns[number]
            cut = padded[row : row + 32, column : column + 32]
            image = as_torchvision_would(images, cut[:, ::-1].copy() if plan.flips[number] else cut)
            if plan.holes is not None:
                top, left = plan.holes[number]
                image[:, max(top - 6, 0) : top + 6, max(left - 6, 0) : left + 6] = 0
            pixels.append(image)
        labels = torch.from_numpy(images.train_labels[plan.order[now]].astype(np.int64))
        before = [p.detach().clone() for p in learned]
        loss = cross_entropy(
            network(torch.stack(pixels)), labels, label_smoothing=work.label_smoothing
        )
        weights = [p for p in learned if p.ndim > 1]
        penalties = sum(work.l1 * p.abs().sum() + work.l2 / 2 * (p**2).sum() for p in weights)
        optimizer.zero_grad()
        (loss + penalties).backward()
        lengths = [float(p.grad.norm().detach()) for p in learned]  # type: ignore[union-attr]
        layers_only = [length for length, p in zip(lengths, learned, strict=True) if p.ndim > 1]
        optimizer.step()
        update = math.sqrt(
            sum(
                float(((p.detach() - old) ** 2).sum())
                for p, old in zip(learned, before, strict=True)
            )
        )
        found = dict(zip(STEP_COLUMNS, measured[n], strict=True))
        assert found.pop("accuracy") >= 0
        assert found == pytest.approx(
            {
                "loss": float(loss.detach()),
                "gradient_norm": math.hypot(*lengths),
                "gradient_ratio": layers_only[0] / layers_only[-1],
                "update_norm": update,
            },
            rel=1e-9,
        )
    for ours, plain in zip(one.parameters, learned, strict=True):
        torch.testing.assert_close(ours, plain, rtol=1e-9, atol=1e-12)


def test_two_optimizers_of_one_seed_begin_alike_and_see_alike(images: ImageSet) -> None:
    runs = [live(recipe_of("seed_cnn", name), placed(images)) for name in ("sgd", "adam")]
    for first, second in zip(*(one.parameters for one in runs), strict=True):
        assert torch.equal(first, second)
    losses = [trained(one)[0, 0] for one in runs]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("count", [80, 200])
def test_evaluation_weighs_every_example_the_same(
    images: ImageSet, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole batches and a remainder, which must weigh what it holds."""
    monkeypatch.setitem(_BATCHES, "cpu", 80)
    data = placed(images, torch.float64)
    part = ResidentSet(
        data.images[:count], data.labels[:count], 4, data.dtype, data.mean, data.scale, 10
    )
    one = live(recipe_of(precision="float64"), data)
    loss, accuracy = evaluate(one, part)
    with torch.no_grad():
        logits = one.model.eval()(part.plain(0, count))
    assert loss == pytest.approx(float(cross_entropy(logits, part.labels)), rel=1e-12)
    assert accuracy == float((logits.argmax(1) == part.labels).double().mean())


@pytest.mark.parametrize("norm", [False, True])
def test_judging_at_other_weights_leaves_training_untouched(images: ImageSet, norm: bool) -> None:
    work = recipe_of("tiny_cnn", "nag_sutskever", batch_norm=norm)
    disturbed, left_alone = (live(work, placed(images)) for _ in range(2))
    for one in (disturbed, left_alone):
        trained(one)
    with proposed_weights(disturbed):
        assert not torch.equal(disturbed.parameters[0], left_alone.parameters[0])
        evaluate(disturbed, placed(images))
    for one in (disturbed, left_alone):
        trained(one, epoch=2)
    mine, other = disturbed.model.state_dict(), left_alone.model.state_dict()
    for name in mine:
        assert torch.equal(mine[name], other[name]), name


def test_other_weights_are_judged_with_statistics_of_their_own(images: ImageSet) -> None:
    """Batch normalisation at the weights judged sees the mean over the epoch's batches."""
    one = live(recipe_of("resnet20", "nag_sutskever"), placed(images))
    trained(one)
    batches = list(one.first_batches(one.steps))
    with proposed_weights(one):
        inputs = [one.model.conv(batch).detach() for batch in batches]  # type: ignore[operator]
        means = torch.stack([x.mean((0, 2, 3)) for x in inputs]).mean(0)
        torch.testing.assert_close(one.model.norm.running_mean, means)


def test_every_gradient_of_a_closure_is_counted(images: ImageSet) -> None:
    one = live(replace(recipe_of(batch_size=100), **LBFGS), placed(images))
    trained(one)
    assert one.passes == [9, 9]


class Looking(torch.optim.SGD):
    """Asks for the loss alone, before and after its step."""

    losses: ClassVar[list[float]] = []

    @torch.no_grad()
    def step(self, closure=None):  # type: ignore[no-untyped-def]
        with torch.enable_grad():
            loss = closure()
        before = [p.grad.clone() for p in self.param_groups[0]["params"]]
        self.losses += [float(loss), float(closure())]
        for parameter, gradient in zip(self.param_groups[0]["params"], before, strict=True):
            assert torch.equal(parameter.grad, gradient)
        super().step()
        self.losses.append(float(closure()))


def test_a_forward_pass_alone_counts_a_third(images: ImageSet) -> None:
    """It gives the loss of the same batch, leaves gradients and running statistics, and is exact
    in the sum."""
    words = {"optimizer": f"{__name__}:Looking", "settings": {"lr": 0.1}, "closure": True}
    recipe = replace(recipe_of("resnet20", batch_size=16, epochs=1), **words)
    plain = replace(recipe, optimizer="torch.optim:SGD", closure=False)
    Looking.losses.clear()
    one, other = (live(recipe, placed(images)) for recipe in (recipe, plain))
    for run in (one, other):
        trained(run)
    assert one.passes == [5] * one.steps
    assert Looking.losses[0::3] == Looking.losses[1::3]
    assert all(a != b for a, b in zip(Looking.losses[0::3], Looking.losses[2::3], strict=True))
    mine, others = one.model.state_dict(), other.model.state_dict()
    assert all(torch.equal(mine[name], others[name]) for name in mine)


def blind(closure):  # type: ignore[no-untyped-def]
    with torch.no_grad():
        return closure()


@pytest.mark.parametrize(
    ("call", "said"),
    [(blind, "without gradients before with them"), (lambda _: None, "calls no closure")],
)
def test_a_closure_that_is_not_called_for_gradients_is_refused(
    images: ImageSet, call: Callable[[Any], Any], said: str
) -> None:
    class Careless(torch.optim.SGD):
        def step(self, closure=None):  # type: ignore[no-untyped-def]
            return call(closure)

    globals()["Careless"] = Careless
    words = {"optimizer": f"{__name__}:Careless", "settings": {"lr": 0.1}, "closure": True}
    with pytest.raises(RuntimeError, match=said):
        trained(live(replace(recipe_of(), **words), placed(images)))


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_nesterovs_iterates_are_a_gradient_step_from_the_points_ahead(
    images: ImageSet, schedule: str
) -> None:
    """x' = y - ηg, by Nesterov's definition, at the rate of that step."""
    words = {"precision": "float64", "schedule": schedule, "epochs": 3}
    one = live(recipe_of("tiny_cnn", "nag", **words), placed(images, torch.float64))
    trained(one, steps=one.steps - 1)
    points = [weight.detach().clone() for weight in one.parameters]
    step(one)
    expected = [
        point - one.learning_rate() * parameter.grad
        for point, parameter in zip(points, one.parameters, strict=True)
    ]
    with iterates(one):
        torch.testing.assert_close([p.detach() for p in one.parameters], expected)


def test_only_tested_runs_of_torchs_nesterov_are_judged_at_their_iterates(
    images: ImageSet,
) -> None:
    """And it changes nothing else of what they leave."""
    for optimizer in ("nag", "heavy_ball", "nag_sutskever"):
        recipe = recipe_of(optimizer=optimizer)
        tested = replace(recipe, judged_on_test=True)
        ((tuned, _),) = outcomes([recipe], images).values()
        ((row, _),) = outcomes([tested], images).values()
        for name, values in tuned.items():
            if "iterate" in name:
                assert np.isnan(values).all()
                at_ends = "test" in name and optimizer == "nag"
                assert np.isfinite(row[name]).tolist() == [
                    optimizer == "nag" and (not at_ends or n == len(values) - 1)
                    for n in range(len(values))
                ]
            elif "test" not in name:
                np.testing.assert_array_equal(row[name], values)
        if optimizer == "nag":
            loss = np.array(row["curve_iterate_validation_loss"])
            assert loss[0] == row["curve_validation_loss"][0]
            assert (loss[1:] != row["curve_validation_loss"][1:]).all()


def test_within_a_step_a_closure_finds_dropout_and_statistics_held_still(
    images: ImageSet,
) -> None:
    """The first loss of a later evaluation at the same weights is the same, to the bit."""
    losses = []

    class Twice(torch.optim.SGD):
        def step(self, closure=None):  # type: ignore[no-untyped-def]
            with torch.enable_grad():
                losses.append([float(closure().detach()) for _ in range(2)])
            return super().step()

    globals()["Twice"] = Twice
    twice = {"optimizer": f"{__name__}:Twice", "settings": {"lr": 0.1}, "closure": True}
    one = live(replace(recipe_of("seed_cnn", batch_norm=True), **twice), placed(images))
    trained(one)
    assert all(first == second for first, second in losses)
    # What batch normalisation remembers is what a single evaluation would have left.
    single = live(recipe_of("seed_cnn", batch_norm=True), placed(images))
    trained(single)
    for name, value in single.model.state_dict().items():
        assert torch.equal(value, one.model.state_dict()[name]), name


def test_bfloat16_keeps_its_weights_in_float32(images: ImageSet) -> None:
    one = live(recipe_of("seed_cnn", "nag", precision="bfloat16"), placed(images, torch.bfloat16))
    measured = trained(one)
    assert {parameter.dtype for parameter in one.parameters} == {torch.float32}
    assert np.isfinite(measured).all()


def test_penalties_are_trained_on_and_not_reported(images: ImageSet) -> None:
    plain, penalised = (
        trained(live(recipe_of(l2=factor), placed(images)), steps=1)[0] for factor in (0.0, 1.0)
    )
    assert plain[0] == penalised[0]  # the loss
    assert plain[2] != penalised[2]  # the gradient


def test_the_articles_losses_are_those_that_they_print() -> None:
    logits = torch.randn(32, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(32) % 10
    one_hot = torch.eye(10).double()[labels]
    shares = logits.softmax(1)
    printed = (shares * (1 - one_hot) / (2 * (one_hot + 1))).sum() / 200
    found = missed_probability.loss(logits, labels, recipe_of())
    torch.testing.assert_close(found, printed)
    found = one_hot_squares.loss(logits, labels, recipe_of())
    torch.testing.assert_close(found, ((logits - one_hot) ** 2).mean())


def test_whitening_looks_at_the_images_once_for_all_runs(
    images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    honest = ResidentSet.first

    def first(self: ResidentSet, count: int) -> torch.Tensor:
        looked.append(count)
        return honest(self, count)

    monkeypatch.setattr(ResidentSet, "first", first)
    data, other = placed(images), placed(replace(images, train_images=255 - images.train_images))
    pairs = [(seed, where) for seed in (1, 2) for where in (data, other)]
    runs = [live(recipe_of("fastnet", seed=seed), where) for seed, where in pairs]
    weights = [one.model.whitening.weight for one in runs]  # type: ignore[union-attr]
    assert len(looked) == 2  # once for each set
    assert torch.equal(weights[0], weights[2])
    assert not torch.equal(weights[0], weights[1])
