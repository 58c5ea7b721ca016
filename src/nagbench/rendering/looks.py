"""One colour, marker and dashes an optimizer in the whole project, whatever else is shown.

Each family of the catalogue has a hue, each of its members a shade, marker and dashes of its own.
The first of a family has the strongest shade and a solid line: SGD black, heavy ball blue, NAG red,
Adam green. What no catalogue knows takes colours that lie between those hues.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from matplotlib.colors import to_rgb

from nagbench.optimizers.catalogue import CATALOGUE

Colour = tuple[float, float, float]
_SHADES = {
    "gradient descent": "#1a1a1a #777777 #4d4d4d #8c7f73 #5b6672",
    "momentum": "#0a4fa0 #5a9fe0 #1a2966 #2f78c4 #7f8be0 #4a6a94 #0f3d66",
    "Nesterov": "#cc3311 #7a1029 #ee8066 #e0406a #a65a3c #541a10 #cf7f8a",
    "adaptive": "#009966 #0b4d36 #7a9a1e #55b07f #3d6b21 #2f7f5f #93a860",
    "sign": "#7d7400 #4f4a10 #a89c30",
    "matrix": "#6a3fa0 #ad83dc #3d1a66 #9a55c8 #8378a8 #57489a #b06fb8",
    "search": "#0d8799 #064f5c #3fa3b3 #2f6a78 #2d93ab",
    "tuning-free": "#b98000 #6b4c00 #cf9428 #96700f #533d10 #c2904f #8a6a3a",
    "as printed": "#b0388c #661a50 #dd80bd #93508a #d9508f #4d2044 #b98aa8",
}
# Of what no catalogue knows.
_OTHERS = "#1e8cff #e0218a #6f9400 #8a5cf5 #d98200 #00a39b #8b5a2b #5a6fae"
# Each family begins elsewhere, so that its first members differ in their markers too.
_MARKERS = "osD^vP*Xp<>hd"
_DASHES: tuple[Any, ...] = (
    "-",
    (0, (5, 1.5)),
    (0, (1.2, 1.2)),
    (0, (5, 1.2, 1.2, 1.2)),
    (0, (9, 1.5)),
    (0, (1.2, 2.4)),
    (0, (5, 1.2, 1.2, 1.2, 1.2, 1.2)),
)
# What shipped studies call rows of the catalogue that they set otherwise: the family, and a place
# in it that leaves room for rows to come.
VARIANTS = {
    "sgd_slow": ("gradient descent", 43),
    "sgd_slower": ("gradient descent", 47),
    "sgd_fast": ("gradient descent", 46),
    "heavy_ball_as_nag": ("momentum", 43),
    "still": ("gradient descent", 44),
    "nag_stated": ("Nesterov", 45),
    "adam_of_first": ("adaptive", 41),
    "adam_of_fourth": ("adaptive", 46),
    "nesterov_armijo_default": ("search", 43),
    "nad_weight_steep": ("as printed", 45),
    "threshold_rate_small": ("as printed", 46),
    "kset_small": ("as printed", 46),
    "threshold_rate_large": ("as printed", 43),
    "kset_large": ("as printed", 43),
    "nagd_as_printed": ("as printed", 50),
    "exp_rate_as_printed": ("as printed", 51),
    "gradient_scaling_as_printed": ("as printed", 52),
    "nad_loop_as_printed": ("as printed", 53),
    "nad_weight_as_printed": ("as printed", 54),
}


@dataclass(frozen=True)
class Look:
    """How an optimizer is drawn, in every figure the same."""

    colour: Colour
    marker: str
    dashes: Any

    @property
    def ink(self) -> Colour:
        """The colour of its name: as dark as small letters on white need."""
        colour = np.array(self.colour)
        while contrast(colour) < 4:
            colour = 0.95 * colour
        red, green, blue = map(float, colour)
        return red, green, blue

    def line(self) -> dict[str, Any]:
        """Keywords for a line with markers."""
        return {"color": self.colour, "marker": self.marker, "linestyle": self.dashes}

    def mark(self) -> dict[str, Any]:
        """Keywords for a marker alone."""
        return {"color": self.colour, "marker": self.marker, "linestyle": "none"}


def contrast(colour: np.ndarray) -> float:
    """Of a colour to white, as the web's guidelines on accessibility define it."""
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return 1.05 / (float(linear @ (0.2126, 0.7152, 0.0722)) + 0.05)


def looks(optimizers: Iterable[str]) -> dict[str, Look]:
    """A look for each name.

    Known names have theirs whatever stands beside them; so have others, but for those whose colour
    an earlier one of `optimizers` has: they take the next that is free.
    """
    names = list(optimizers)
    found = {name: _KNOWN[_plain(name)] for name in names if _plain(name) in _KNOWN}
    for name in names:
        if name not in found:
            found[name] = _other(name, list(found.values()))
    return {name: found[name] for name in names}


def colour(optimizer: str) -> Colour:
    """The colour of an optimizer, as red, green and blue from 0 to 1."""
    return looks([optimizer])[optimizer].colour


def _plain(name: str) -> str:
    return re.sub(r"\W+", "_", name.strip().lower())


def _look(shades: str, start: int, n: int) -> Look:
    colours = shades.split()
    return Look(
        to_rgb(colours[n % len(colours)]),
        _MARKERS[(start + n) % len(_MARKERS)],
        _DASHES[n and 1 + (n - 1) % (len(_DASHES) - 1)],  # a family's first alone is solid
    )


def _other(name: str, taken: list[Look]) -> Look:
    """By the name's checksum, if no look of `taken` has that colour, or else that marker."""
    first, many = crc32(name.encode()), len(_OTHERS.split()) * len(_MARKERS)
    free = [_look(_OTHERS, 0, (first + n) % many) for n in range(many)]
    return min(
        free,
        key=lambda look: (
            sum(look.colour == one.colour for one in taken),
            sum(look.marker == one.marker for one in taken),
        ),
    )


def _known() -> dict[str, Look]:
    places: dict[str, tuple[str, int]] = {}
    for family in _SHADES:
        members = [row.name for row in CATALOGUE.values() if row.family == family]
        places |= {name: (family, n) for n, name in enumerate(members)}
    starts = {family: start for start, family in enumerate(_SHADES)}
    found = {
        name: _look(_SHADES[family], starts[family], n)
        for name, (family, n) in {**places, **VARIANTS}.items()
    }
    # Studies say `nag`, curves of others `NAG`.
    labels = {_plain(row.label): found[row.name] for row in CATALOGUE.values()}
    return labels | found


_KNOWN = _known()
