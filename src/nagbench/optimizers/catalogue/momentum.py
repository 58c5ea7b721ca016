"""Momentum other than Polyak's and Nesterov's."""

from nagbench.optimizers.catalogue.spaces import LINEAR, PLAIN, RATES
from nagbench.optimizers.search_space import Domain
from nagbench.optimizers.spec import OptimizerSpec

ROWS = (
    OptimizerSpec(
        name="qhm",
        label="QHM",
        reference="nagbench.optimizers.qhm:QHM",
        family="momentum",
        citation="ma2019quasi",
        defaults={"lr": 1.0, "momentum": 0.999, "nu": 0.7},
        space={"lr": PLAIN},
        memory=1,
        symmetries=LINEAR,
        note="The article's defaults.",
    ),
    OptimizerSpec(
        name="aggmo",
        label="AggMo",
        reference="nagbench.optimizers.aggmo:AggMo",
        family="momentum",
        citation="lucas2019aggregated",
        defaults={"lr": 0.1, "betas": (0.0, 0.9, 0.99)},
        space={"lr": RATES},
        memory=3,
        symmetries=LINEAR,
    ),
    OptimizerSpec(
        name="acc_sgd",
        label="AccSGD",
        reference="pytorch_optimizer:AccSGD",
        family="momentum",
        citation="kidambi2018insufficiency",
        defaults={"lr": 0.01, "kappa": 1000.0, "xi": 10.0, "constant": 0.7},
        space={"lr": RATES, "kappa": Domain(1e2, 1e5)},
        memory=1,
        symmetries=LINEAR,
    ),
)
