"""A run being trained, against plain torch and against its neighbours."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from nagbench import models
from nagbench.data.images import ImageSet
from nagbench.data.resident import DEVIATION, MEAN, ResidentSet
from nagbench.optimizers.catalogue import CATALOGUE, Optimizer
from nagbench.study import Run, Workload
from nagbench.training.lane import Lane
from nagbench.training.plan import epoch_plan

CPU = torch.device("cpu")


def workload(model: str = "tiny_cnn", **changes: object) -> Workload:
    return Workload(
        **{"model": model, "batch_size": 16, "epochs": 2, "targets": (0.5,), **changes}  # type: ignore[arg-type]
    )


def placed(images: ImageSet, dtype: torch.dtype = torch.float32, padding: int = 4) -> ResidentSet:
    return ResidentSet.place(images.train_images, images.train_labels, padding, CPU, dtype)


def lane(name: str, work: Workload, seed: int = 5, row: Optimizer | None = None) -> Lane:
    row = row or CATALOGUE[name]
    return Lane(Run(0, seed, row.defaults, {}), work, row, CPU)


def as_torchvision_would(pixels: np.ndarray) -> torch.Tensor:
    scaled = (pixels.astype(np.float64) - np.array(MEAN)) / np.array(DEVIATION)
    return torch.from_numpy(scaled).permute(2, 0, 1)


def test_a_batch_is_the_padded_cropped_and_mirrored_images(images: ImageSet) -> None:
    plan = epoch_plan(3, 1, 200, 4, True, [])
    data = placed(images, torch.float64)
    tables = (plan.order, plan.rows, plan.columns, plan.flips)
    batch = data.crops(*(torch.from_numpy(table) for table in tables))
    for n, (index, row, column, flip) in enumerate(zip(*tables, strict=True)):
        padded = np.pad(images.train_images[index], ((4, 4), (4, 4), (0, 0)))
        cut = padded[row : row + 32, column : column + 32]
        expected = as_torchvision_would(cut[:, ::-1] if flip else cut)
        torch.testing.assert_close(batch[n], expected, rtol=1e-12, atol=1e-12)


def test_images_for_evaluation_are_left_as_they_are(images: ImageSet) -> None:
    data = placed(images, torch.float64)
    for n, image in enumerate(data.plain(10, 13)):
        expected = as_torchvision_would(images.train_images[10 + n])
        torch.testing.assert_close(image, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", CATALOGUE)
@pytest.mark.parametrize("model", models.MODELS)
def test_it_takes_the_steps_of_a_plain_loop(images: ImageSet, name: str, model: str) -> None:
    """Twenty steps in float64 against a loop that a textbook would print."""
    work = workload(model, precision="float64", batch_size=10)
    trained = lane(name, work)
    data = placed(images, torch.float64)
    measured = trained.train_epoch(1, data)
    assert len(measured) == 20

    network = models.build(model, 5).double()
    network.train()
    settings = {**CATALOGUE[name].fixed, **CATALOGUE[name].defaults}
    optimizer = CATALOGUE[name].load()(network.parameters(), **settings)  # type: ignore[arg-type]
    dropouts = models.dropout.planned_dropouts(network)
    plan = epoch_plan(5, 1, 200, 4, True, [layer.features for layer in dropouts])
    for step in range(20):
        now = slice(10 * step, 10 * step + 10)
        for layer, uniforms in zip(dropouts, plan.dropout, strict=True):
            layer.uniforms = torch.from_numpy(uniforms[now])
        pixels = []
        for index, row, column, flip in zip(
            plan.order[now], plan.rows[now], plan.columns[now], plan.flips[now], strict=True
        ):
            padded = np.pad(images.train_images[index], ((4, 4), (4, 4), (0, 0)))
            cut = padded[row : row + 32, column : column + 32]
            pixels.append(as_torchvision_would(cut[:, ::-1].copy() if flip else cut))
        labels = torch.from_numpy(images.train_labels[plan.order[now]].astype(np.int64))
        before = [p.detach().clone() for p in network.parameters()]
        loss = cross_entropy(network(torch.stack(pixels)), labels)
        optimizer.zero_grad()
        loss.backward()
        gradient = math.sqrt(sum(float((p.grad**2).sum().detach()) for p in network.parameters()))  # type: ignore[operator]
        optimizer.step()
        update = math.sqrt(
            sum(
                float(((p.detach() - old) ** 2).sum())
                for p, old in zip(network.parameters(), before, strict=True)
            )
        )
        found = dict(zip(("loss", "gradient", "update"), measured[step][[0, 2, 3]], strict=True))
        assert found == pytest.approx(
            {"loss": float(loss.detach()), "gradient": gradient, "update": update}, rel=1e-9
        )
    for ours, plain in zip(trained.parameters, network.parameters(), strict=True):
        torch.testing.assert_close(ours, plain, rtol=1e-9, atol=1e-12)


def test_two_optimizers_of_one_seed_begin_alike_and_see_alike(images: ImageSet) -> None:
    lanes = [lane(name, workload("seed_cnn")) for name in ("sgd", "adam")]
    for first, second in zip(*(one.parameters for one in lanes), strict=True):
        assert torch.equal(first, second)
    losses = [one.train_epoch(1, placed(images))[0, 0] for one in lanes]
    assert losses[0] == losses[1]


def test_evaluation_weighs_every_example_the_same(images: ImageSet) -> None:
    one = lane("sgd", workload(precision="float64"))
    data = placed(images, torch.float64)
    loss, accuracy = one.evaluate(data)
    with torch.no_grad():
        logits = one.model(data.plain(0, 200))
    assert loss == pytest.approx(float(cross_entropy(logits, data.labels)), rel=1e-12)
    assert accuracy == float((logits.argmax(1) == data.labels).double().mean())


def test_judging_at_other_weights_leaves_training_untouched(images: ImageSet) -> None:
    data = placed(images)
    disturbed, left_alone = (lane("nag_sutskever", workload()) for _ in range(2))
    for one in (disturbed, left_alone):
        one.train_epoch(1, data)
    with disturbed.judged_weights():
        assert not torch.equal(disturbed.parameters[0], left_alone.parameters[0])
    for one in (disturbed, left_alone):
        one.train_epoch(2, data)
    for first, second in zip(disturbed.parameters, left_alone.parameters, strict=True):
        assert torch.equal(first, second)


def test_every_gradient_of_a_closure_is_counted(images: ImageSet) -> None:
    row = Optimizer(
        "lbfgs",
        "L-BFGS",
        "torch.optim:LBFGS",
        "yours",
        "",
        {"lr": 0.1, "max_iter": 3, "tolerance_grad": 0, "tolerance_change": 0},
        {},
        closure=True,
    )
    one = lane("lbfgs", workload(batch_size=100), row=row)
    one.train_epoch(1, placed(images))
    assert one.gradient_evaluations == 2 * 3


def test_bfloat16_keeps_its_weights_in_float32(images: ImageSet) -> None:
    one = lane("nag", workload("seed_cnn", precision="bfloat16"))
    measured = one.train_epoch(1, placed(images, torch.bfloat16))
    assert {parameter.dtype for parameter in one.parameters} == {torch.float32}
    assert np.isfinite(measured).all()


def test_dropped_units_are_those_of_the_plan() -> None:
    layer = models.dropout.PlannedDropout(4, 0.25)
    layer.uniforms = torch.tensor([[0.0, 0.2499, 0.25, 0.9]])
    expected = torch.tensor([[0.0, 0.0, 4 / 3, 4 / 3]])
    assert torch.allclose(layer(torch.ones(1, 4)), expected)
    assert torch.equal(layer.eval()(torch.ones(1, 4)), torch.ones(1, 4))
