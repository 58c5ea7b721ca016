"""The figure of what a network is shown."""

import numpy as np

from nagbench.data.images import ImageSet
from nagbench.rendering import style
from nagbench.rendering.inputs import draw, grids


def test_crops_are_parts_of_their_image(images: ImageSet) -> None:
    """Each picture is a window of the padded image, as it is or mirrored."""
    rows = grids(images)
    assert list(rows) == ["image", "epoch 1", "epoch 2"]
    height, width = images.train_images.shape[1:3]
    for name in ("epoch 1", "epoch 2"):
        for whole, crop in zip(rows["image"], rows[name], strict=True):
            padded = np.pad(whole, ((4, 4), (4, 4), (0, 0)))
            windows = [
                padded[row : row + height, column : column + width]
                for row in range(9)
                for column in range(9)
            ]
            assert any(
                np.array_equal(crop, window) or np.array_equal(crop[:, ::-1], window)
                for window in windows
            )
    assert not np.array_equal(rows["epoch 1"], rows["epoch 2"])


def test_a_column_a_class(images: ImageSet) -> None:
    style.use()
    assert len(draw(images).axes) == 3 * len(images.class_names)
