"""An optimizer looks the same everywhere, and unlike others."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from nagbench.optimizers.catalogue import CATALOGUE
from nagbench.rendering.looks import VARIANTS, colour, contrast, looks
from nagbench.study.file import load_study, shipped_studies

EVERYBODY = [*CATALOGUE, *VARIANTS]
FOUR = ["sgd", "heavy_ball", "nag", "adam"]
GREY = np.array([0.299, 0.587, 0.114])
# Machado, Oliveira and Fernandes (2009): what people without green, red or blue cones see.
BLINDNESS = {
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def lab(linear: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear red, green and blue."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ np.clip(linear, 0, 1) / (0.9505, 1.0, 1.089)
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = root
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def linear(name: str) -> np.ndarray:
    shade = np.array(colour(name))
    return np.where(shade <= 0.04045, shade / 12.92, ((shade + 0.055) / 1.055) ** 2.4)


def test_a_look_depends_on_the_name_alone() -> None:
    whole = looks(EVERYBODY)
    for name in EVERYBODY:
        assert looks([name])[name] == whole[name]
    assert looks(["mine", "nag"])["mine"] == looks(["sgd", "mine"])["mine"]
    assert colour("nag") == whole["nag"].colour


def test_no_two_of_the_catalogue_look_alike() -> None:
    """The same settings under two names of studies do."""
    found = looks([name for name in EVERYBODY if not name.startswith("kset")])
    assert len({(look.colour, look.marker) for look in found.values()}) == len(found)


@pytest.mark.parametrize("study", shipped_studies())
def test_shipped_studies_name_nobody_else(study: str) -> None:
    assert set(load_study(study).optimizers) <= set(EVERYBODY)


def test_curves_of_others_call_them_by_label() -> None:
    assert looks(["Heavy ball"])["Heavy ball"] == looks(["heavy_ball"])["heavy_ball"]
    assert looks(["ADAM"])["ADAM"] == looks(["adam"])["adam"]


def test_newcomers_look_like_nobody_known_and_not_like_each_other() -> None:
    names = [f"mine{n}" for n in range(8)]
    found = looks([*FOUR, *names])
    assert len({found[name].colour for name in names}) == len(names)
    known = {look.colour for look in looks(EVERYBODY).values()}
    assert not known & {found[name].colour for name in names}


def test_lines_and_names_can_be_read_on_white() -> None:
    for name, look in looks([*EVERYBODY, "mine", "yours", "theirs"]).items():
        assert contrast(np.array(look.colour)) >= 2.4, name
        assert contrast(np.array(look.ink)) >= 4, name
    assert contrast(np.array(to_rgb("black"))) == pytest.approx(21)


@pytest.mark.parametrize("blindness", [None, *BLINDNESS])
def test_the_four_that_everyone_looks_for_are_far_apart(blindness: str | None) -> None:
    """Twenty in CIE76's distance is far more than a glance needs."""
    seen = np.array(BLINDNESS[blindness]) if blindness else np.eye(3)
    for first, second in itertools.combinations(FOUR, 2):
        apart = np.linalg.norm(lab(seen @ linear(first)) - lab(seen @ linear(second)))
        assert apart > 20, (first, second, blindness, apart)


def test_a_family_and_the_first_of_all_can_be_told_apart_in_grey() -> None:
    """By lightness, or else by marker or dashes."""
    families: dict[str, list[str]] = {}
    for row in CATALOGUE.values():
        families.setdefault(row.family, []).append(row.name)
    firsts = [names[0] for names in families.values()]
    for names in (firsts, *families.values()):
        for first, second in itertools.combinations(looks(names).values(), 2):
            greys = [np.dot(look.colour, GREY) for look in (first, second)]
            lines = [(look.marker, str(look.dashes)) for look in (first, second)]
            assert abs(greys[0] - greys[1]) > 0.1 or lines[0] != lines[1]
