"""What a data set is, stated once: its size, channels, classes, mean and deviation."""

from dataclasses import dataclass

from nagbench.errors import InputError

MOST_CLASSES = 256  # labels are bytes
MOST_LEVEL = 255  # and so are the channels of images


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """The shape of a data set. Networks, engine and statistics take it from here.

    Attributes:
        name: Of the set and of its module in `nagbench.data`.
        height, width: Of each image, in pixels.
        class_names: In the order of their labels 0, 1, …
        train, test: Numbers of images.
        mean, deviation: Of each channel over all pixels of the training images, in grey levels
            from 0 to 255. Training scales with them; there are as many channels as entries.
    """

    name: str
    height: int
    width: int
    class_names: tuple[str, ...]
    train: int
    test: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def __post_init__(self) -> None:
        place = f"data set {self.name}"
        for key in ("height", "width", "train", "test"):
            if getattr(self, key) < 1:
                raise InputError(f"{place}, {key}", str(getattr(self, key)), "at least 1")
        if not 2 <= self.classes <= MOST_CLASSES:
            allowed = f"2 to {MOST_CLASSES} class names (labels are bytes)"
            raise InputError(place, f"{self.classes} classes", allowed)
        if not self.mean or len(self.mean) != len(self.deviation):
            found = f"{len(self.mean)} means and {len(self.deviation)} deviations"
            raise InputError(place, found, "one of each for each channel")
        if not all(0 <= value <= MOST_LEVEL for value in self.mean):
            raise InputError(f"{place}, mean", str(self.mean), f"grey levels, 0 to {MOST_LEVEL}")
        if not all(0 < value <= MOST_LEVEL for value in self.deviation):
            allowed = f"grey levels above 0, to {MOST_LEVEL}"
            raise InputError(f"{place}, deviation", str(self.deviation), allowed)

    @property
    def channels(self) -> int:
        """1 for grey, 3 for colour."""
        return len(self.mean)

    @property
    def classes(self) -> int:
        """How many there are."""
        return len(self.class_names)

    @property
    def inputs(self) -> tuple[int, int, int]:
        """Channels, height and width of an image, as a network takes them."""
        return self.channels, self.height, self.width

    @property
    def chance(self) -> float:
        """Accuracy of guessing, as which a diverged run counts."""
        return 1 / self.classes
