"""Methods of recent years that are not Nesterov's: mixtures, variance reduction, curvature."""

from nagbench.optimizers.catalogue.spaces import ADAPTIVE, WITH_BETA
from nagbench.optimizers.search_space import Domain
from nagbench.optimizers.spec import OptimizerSpec

ROWS = (
    OptimizerSpec(
        name="ademamix",
        label="AdEMAMix",
        reference="pytorch_optimizer:AdEMAMix",
        family="adaptive",
        citation="pagliardini2025ademamix",
        defaults={"lr": 1e-3, "betas": (0.9, 0.999, 0.9999), "alpha": 5.0, "eps": 1e-8},
        space={"lr": ADAPTIVE},
        memory=3,
        note="Without its authors' warm-up of the slow mean, which spans a whole run; that mean is "
        "over ten thousand steps.",
    ),
    OptimizerSpec(
        name="mars",
        label="MARS",
        reference="pytorch_optimizer:MARS",
        family="adaptive",
        citation="yuan2025mars",
        defaults={
            "lr": 3e-3,
            "betas": (0.95, 0.99),
            "gamma": 0.025,
            "lr_1d": 3e-3,
            "betas_1d": (0.9, 0.95),
            "eps": 1e-8,
        },
        space={"lr": ADAPTIVE},
        fixed={"weight_decay_1d": 0.0},
        memory=3,
        note="The form that keeps the last batch's gradient. Vectors are trained by the AdamW "
        "inside, at its own rate and, unlike its authors', without weight decay.",
    ),
    OptimizerSpec(
        name="adopt",
        label="ADOPT",
        reference="nagbench.optimizers.adopt:ADOPT",
        family="adaptive",
        citation="taniguchi2024adopt",
        defaults={"lr": 1e-3, "betas": (0.9, 0.9999), "eps": 1e-6},
        space=WITH_BETA,
        memory=2,
        symmetries=("loss",),
    ),
    OptimizerSpec(
        name="adahessian",
        label="AdaHessian",
        reference="pytorch_optimizer:AdaHessian",
        family="adaptive",
        citation="yao2021adahessian",
        defaults={"lr": 0.15, "betas": (0.9, 0.999), "eps": 1e-4},
        space={"lr": Domain(1e-3, 1.0)},
        create_graph=True,
        memory=3,
        note="Differentiates twice and draws random signs. Its authors average the curvatures of a "
        "kernel; the library does not.",
    ),
    OptimizerSpec(
        name="kron",
        label="PSGD Kron",
        reference="pytorch_optimizer:Kron",
        family="matrix",
        citation="li2018preconditioned",
        defaults={"lr": 1e-3, "momentum": 0.9},
        space={"lr": ADAPTIVE},
        note="Draws random numbers. At first it updates its preconditioner in every step, later in "
        "one of thirty.",
    ),
    OptimizerSpec(
        name="adamuon",
        label="AdaMuon",
        reference="nagbench.optimizers.adamuon:AdaMuon",
        family="matrix",
        citation="si2025adamuon",
        defaults={"lr": 0.02, "momentum": 0.95, "adam_lr": 3e-4},
        space={"lr": Domain(1e-3, 0.3), "adam_lr": Domain(1e-4, 1e-1)},
        matrices=True,
        note="Vectors and the last layer are trained by the Adam inside, at its own rate.",
    ),
    OptimizerSpec(
        name="scion",
        label="Scion",
        reference="nagbench.optimizers.scion:Scion",
        family="matrix",
        citation="pethick2025training",
        defaults={"lr": 1e-3, "momentum": 0.9, "radius": 8.0, "head_radius": 128.0},
        space={"lr": Domain(1e-4, 1e-1)},
        matrices=True,
        memory=1,
        note="Without constraint, from the network's initial weights; the radii are its authors' "
        "for CIFAR-10, with a constraint.",
    ),
)
