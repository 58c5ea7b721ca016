"""The mathematical ranges of settings that mean the same in every optimizer."""

from typing import Any

from nagbench.errors import InputError

# Lowest and highest value, and whether each of the two is admitted itself.
_UNIT = (0.0, 1.0, True, False)
BOUNDS: dict[str, tuple[float, float, bool, bool]] = {
    "lr": (0.0, float("inf"), False, False),
    "adam_lr": (0.0, float("inf"), True, False),
    "momentum": _UNIT,
    "outer_momentum": _UNIT,
    "compensation": _UNIT,
    "nu": (0.0, 1.0, True, True),
    "beta": _UNIT,
    "alpha": (0.0, float("inf"), True, False),
    "kappa": (1.0, float("inf"), True, False),
    "threshold": (0.0, float("inf"), False, True),
    "betas": _UNIT,
    "eps": (0.0, float("inf"), True, False),
    "weight_decay": (0.0, float("inf"), True, False),
    "momentum_decay": (0.0, float("inf"), True, False),
}


def check_setting(place: str, name: str, value: Any) -> None:
    """Refuse a setting outside its range; one without a range is the optimizer's to judge.

    Args:
        place: Where the setting stands, for the error.
        name: Of the setting.
        value: A number, or a list of numbers that must all lie within.

    Raises:
        InputError: If one does not.
    """
    if name not in BOUNDS:
        return
    low, high, low_admitted, high_admitted = BOUNDS[name]
    left, right = ("[" if low_admitted else "("), ("]" if high_admitted else ")")
    for number in value if isinstance(value, list | tuple) else [value]:
        good = isinstance(number, int | float) and not isinstance(number, bool)
        good = good and (low < number or (low_admitted and low == number))
        if not (good and (number < high or (high_admitted and number == high))):
            raise InputError(
                place, f"found {value!r}", f"numbers in {left}{low:g}, {high:g}{right}"
            )
