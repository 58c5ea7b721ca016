"""Steps that matrices of a layer's gradients precondition."""

from nagbench.optimizers.catalogue.spaces import ADAPTIVE
from nagbench.optimizers.search_space import Domain
from nagbench.optimizers.spec import OptimizerSpec

ROWS = (
    OptimizerSpec(
        name="muon",
        label="Muon",
        reference="pytorch_optimizer:Muon",
        family="matrix",
        citation="jordan2024muon",
        defaults={"lr": 0.02, "momentum": 0.95},
        space={"lr": Domain(1e-3, 0.3)},
        matrices=True,
        note="Kernels are flattened to matrices; vectors and the last layer are trained by the "
        "AdamW inside, at its own rate.",
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
