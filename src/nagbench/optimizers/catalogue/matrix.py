"""Steps that matrices of a layer's gradients precondition."""

from nagbench.optimizers.catalogue.spaces import ADAPTIVE
from nagbench.optimizers.search_space import Domain
from nagbench.optimizers.spec import OptimizerSpec

_ADAM_INSIDE = (
    "Kernels are flattened to matrices and scaled as in the author's code; vectors and the last "
    "layer are trained by the Adam inside, at its own rate."
)

ROWS = (
    OptimizerSpec(
        name="muon",
        label="Muon",
        reference="nagbench.optimizers.muon:Muon",
        family="matrix",
        citation="jordan2024muon",
        defaults={"lr": 0.02, "momentum": 0.95, "adam_lr": 3e-4},
        space={"lr": Domain(1e-3, 0.3), "adam_lr": Domain(1e-4, 1e-1)},
        fixed={"nesterov": True},
        matrices=True,
        note=_ADAM_INSIDE,
    ),
    OptimizerSpec(
        name="muon_plain",
        label="Muon (no look-ahead)",
        reference="nagbench.optimizers.muon:Muon",
        family="matrix",
        citation="jordan2024muon",
        defaults={"lr": 0.02, "momentum": 0.95, "adam_lr": 3e-4},
        space={"lr": Domain(1e-3, 0.3), "adam_lr": Domain(1e-4, 1e-1)},
        fixed={"nesterov": False},
        matrices=True,
        note=_ADAM_INSIDE,
    ),
    OptimizerSpec(
        name="soap",
        label="SOAP",
        reference="pytorch_optimizer:SOAP",
        family="matrix",
        citation="vyas2024soap",
        defaults={"lr": 3e-3, "betas": (0.95, 0.95), "weight_decay": 0.01},
        space={"lr": ADAPTIVE},
    ),
    OptimizerSpec(
        name="shampoo",
        label="Shampoo",
        reference="pytorch_optimizer:Shampoo",
        family="matrix",
        citation="gupta2018shampoo",
        defaults={"lr": 1e-3},
        space={"lr": Domain(1e-4, 1.0)},
    ),
)
