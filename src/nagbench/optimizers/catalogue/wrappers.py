"""Methods round an inner optimizer: Nesterov's look-ahead as it is used today, Lookahead, SAM."""

from typing import Any

from nagbench.optimizers.catalogue.spaces import ADAPTIVE, BETAS, LINEAR, PLAIN
from nagbench.optimizers.search_space import Domain
from nagbench.optimizers.spec import OptimizerSpec

_SGD = {"lr": 0.1}
_ADAM = {"lr": 1e-3, "betas": BETAS, "eps": 1e-8}
_MUON = {"lr": 0.02, "momentum": 0.95, "adam_lr": 3e-4}
# For each inner optimizer: its label, defaults, rates searched, needs, and tensors kept.
_INNER: dict[str, tuple[str, dict[str, Any], Domain, dict[str, bool], int | None]] = {
    "sgd": ("SGD", _SGD, PLAIN, {}, 0),
    "adam": ("Adam", _ADAM, ADAPTIVE, {}, 2),
    "muon": ("Muon", _MUON, Domain(1e-3, 0.3), {"matrices": True}, None),
}


def _row(
    method: str,
    inner: str,
    *,
    label: str,
    reference: str,
    citation: str,
    defaults: dict[str, Any],
    note: str,
    tuned: dict[str, Domain] | None = None,
    memory: int = 2,
    symmetries: tuple[str, ...] = LINEAR,
    **rest: Any,
) -> OptimizerSpec:
    """The row of a wrapper round an inner optimizer; arguments are the wrapper's own."""
    shown, own, rates, needs, kept = _INNER[inner]
    return OptimizerSpec(
        name=f"{method}_{inner}",
        label=f"{label} {shown}",
        reference=f"nagbench.optimizers.{reference}",
        citation=citation,
        defaults={**own, **defaults},
        space={"lr": rates, **(tuned or {})},
        memory=None if kept is None else memory + kept,
        symmetries=symmetries if inner == "sgd" else (),
        note=note,
        **{"family": "Nesterov", "fixed": {"inner": inner}, **needs, **rest},
    )


_EMA: dict[str, Any] = {
    "label": "EMA-Nesterov",
    "reference": "ema_nesterov:EMANesterov",
    "citation": "yau2026ema",
    "defaults": {"beta": 0.6, "gamma": 0.99, "begin": 100},
    "tuned": {"beta": Domain(0.1, 0.9, "linear")},
    "note": "Jumps from step 100, in which its mean is filled, to the end; its authors' runs of "
    "3,150 steps have them from 500 to 2,400.",
}
_SNOO: dict[str, Any] = {
    "label": "SNOO",
    "reference": "outer_nesterov:OuterNesterov",
    "citation": "kallusky2025snoo",
    "defaults": {"every": 28, "outer_lr": 0.68, "outer_momentum": 0.37},
    "tuned": {"outer_momentum": Domain(0.1, 0.9, "linear")},
    "note": "The defaults are its authors' round a language model's Muon and Adam.",
}
_OUTER: dict[str, Any] = {
    "label": "Outer Nesterov",
    "reference": "outer_nesterov:OuterNesterov",
    "citation": "therien2025muloco",
    "defaults": {"every": 30, "outer_lr": 0.7, "outer_momentum": 0.5},
    "tuned": {"outer_momentum": Domain(0.1, 0.9, "linear")},
    "note": "DiLoCo and MuLoCo with one worker: the rule of SNOO with other defaults, those of a "
    "language model's Muon.",
}

ROWS = (
    *(_row("ema_nesterov", inner, **_EMA) for inner in _INNER),
    *(_row("snoo", inner, **_SNOO) for inner in _INNER),
    *(_row("outer_nesterov", inner, **_OUTER) for inner in _INNER),
    *(
        _row(
            "lookahead",
            inner,
            label="Lookahead",
            reference="outer_nesterov:OuterNesterov",
            citation="zhang2019lookahead",
            family="momentum",
            defaults={"every": 5, "outer_lr": 0.5},
            fixed={"inner": inner, "outer_momentum": 0.0},
            memory=1,
            note="Judged at its fast weights, as they are at that step.",
        )
        for inner in ("sgd", "adam")
    ),
    *(
        _row(
            "sam",
            inner,
            label="SAM",
            reference="sam:SAM",
            citation="foret2021sharpness",
            family="gradient descent",
            defaults={"rho": 0.05},
            tuned={"rho": Domain(0.01, 0.5)},
            closure=True,
            memory=0,
            symmetries=("rotation", "rate"),
            note="Each step takes two gradients.",
        )
        for inner in ("sgd", "adam")
    ),
)
