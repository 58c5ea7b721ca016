"""The theory study's file: its keys, and its reading."""

from pathlib import Path
from typing import Annotated

from nagbench.study.fields import Entries, File, Real, Text, Whole, check
from nagbench.study.wording import refuse
from nagbench.study.yaml_file import read_yaml
from nagbench.validation.rates import TheoryFile

Condition = Annotated[float, Real("condition number", above=1)]


class TheoryKeys(File):
    """What the file may say, in the order of `TheoryFile`."""

    title: Annotated[str, Text()]
    conditions: Annotated[tuple[Condition, ...], Entries("κ of the quadratics", most=100)]
    dimension: Annotated[int, Whole("of the quadratics", least=2, most=1000)]
    tolerance: Annotated[float, Real("relative distance that counts as there", above=0, below=1)]
    steps: Annotated[int, Whole("at most", least=100, most=10**7)]
    noise: Annotated[float, Real("deviation of a gradient's noise", above=0)]
    noisy_condition: Annotated[float, Real("κ of the quadratic with noise", above=1)]
    images: Annotated[int, Whole("of the logistic regression", least=10, most=5000)]
    l2: Annotated[float, Real("penalty of the logistic regression", above=0)]


def load_theory(path: Path) -> TheoryFile:
    """Read the file; one `InputError` has all that is wrong with it."""
    valid, problems = check(TheoryKeys, read_yaml(path))
    refuse(str(path), problems)
    return TheoryFile(**valid)
