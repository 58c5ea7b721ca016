"""What a network is shown: images of a data set, and their crops of two epochs.

    python -m nagbench.rendering.inputs results/data/cifar10.npz paper/inputs.pdf

draws the paper's figure, which is committed: the workflow makes the paper without the data.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from nagbench.data.images import ImageSet, load
from nagbench.engine.randomness import epoch_plan
from nagbench.engine.recipe import Training
from nagbench.engine.resident import ResidentSet
from nagbench.files import atomic_path
from nagbench.rendering import style

SEED = 201  # the first test seed of the shipped studies
EPOCHS = (1, 2)
HEIGHT = 1.2  # inches


def grids(images: ImageSet, seed: int = SEED) -> dict[str, np.ndarray]:
    """By row of the figure, the first training image of each class in uint8: as it is, and as a run
    of this seed over all of them sees it in two epochs, with the default crops and flips."""
    classes = sorted({*images.train_labels})
    first = [int(np.flatnonzero(images.train_labels == n)[0]) for n in classes]
    pictures = images.train_images
    height, width = pictures.shape[1:3]
    training = Training(batch_size=1, epochs=1)
    # Grey levels from 0 to 1, not standardised, so that they can be shown.
    resident = ResidentSet.place(
        pictures[first], images.train_labels[first], training.padding, torch.device("cpu"),
        torch.float64, [0.0] * 3, [255.0] * 3, len(first),
    )  # fmt: skip
    found = {"image": pictures[first]}
    for epoch in EPOCHS:
        plan = epoch_plan(seed, epoch, len(pictures), (height, width), training, [])
        where = np.argsort(plan.order)[first]  # when each is visited, by which chance is dealt
        rows, columns, flips = (
            torch.from_numpy(one[where]) for one in (plan.rows, plan.columns, plan.flips)
        )
        shown = resident.crops(torch.arange(len(first)), rows, columns, flips)
        found[f"epoch {epoch}"] = (255 * shown.permute(0, 2, 3, 1)).round().byte().numpy()
    return found


def draw(images: ImageSet) -> Figure:
    """A row of pictures for the images and each epoch, a column a class."""
    rows = grids(images)
    figure = style.bare(style.COLUMN, HEIGHT)
    left, top, size = 0.13, 0.72, 0.85 / len(rows["image"])
    down = size * style.COLUMN / HEIGHT
    for n, (word, pictures) in enumerate(rows.items()):
        figure.text(left - 0.01, top - (n + 0.5) * down, word, ha="right", va="center", size=7)
        for place, picture in enumerate(pictures):
            axis = figure.add_axes(
                (left + place * size, top - (n + 1) * down, 0.94 * size, 0.94 * down)
            )
            axis.imshow(picture, interpolation="nearest")
            axis.axis("off")
            if n == 0:
                name = images.class_names[place]
                axis.text(0.1, 1.1, name, size=6, rotation=35, transform=axis.transAxes)
    return figure


if __name__ == "__main__":
    source, output = map(Path, sys.argv[1:])
    style.use()
    with atomic_path(output) as path:
        style.save(draw(load(source)), path)
