"""The forms that textbooks and libraries have, which most comparisons are between."""

from nagbench.optimizers.catalogue.spaces import BETAS, LINEAR, PLAIN, WITH_BETA, WITH_MOMENTUM
from nagbench.optimizers.spec import OptimizerSpec

ROWS = (
    OptimizerSpec(
        name="sgd",
        label="SGD",
        reference="torch.optim:SGD",
        family="gradient descent",
        citation="robbins1951stochastic",
        defaults={"lr": 0.1},
        space={"lr": PLAIN},
        memory=0,
        symmetries=LINEAR,
    ),
    OptimizerSpec(
        name="heavy_ball",
        label="Heavy ball",
        reference="torch.optim:SGD",
        family="momentum",
        citation="polyak1964methods",
        defaults={"lr": 0.01, "momentum": 0.9},
        space=WITH_MOMENTUM,
        memory=1,
        symmetries=LINEAR,
    ),
    OptimizerSpec(
        name="nag",
        label="NAG",
        reference="torch.optim:SGD",
        family="Nesterov",
        citation="bengio2013advances",
        defaults={"lr": 0.01, "momentum": 0.9},
        space=WITH_MOMENTUM,
        fixed={"nesterov": True},
        memory=1,
        symmetries=LINEAR,
        note="torch's form: the velocity does not hold the learning rate, and the parameters are "
        "the look-ahead point.",
    ),
    OptimizerSpec(
        name="nag_sutskever",
        label="NAG (Sutskever)",
        reference="nagbench.optimizers.nag_sutskever:NAGSutskever",
        family="Nesterov",
        citation="sutskever2013importance",
        defaults={"lr": 0.01, "momentum": 0.9},
        space=WITH_MOMENTUM,
        memory=1,
        symmetries=LINEAR,
        note="The velocity holds the learning rate, and the method is judged at its own point, not "
        "at the look-ahead. At a constant rate it takes the gradients of `nag`.",
    ),
    OptimizerSpec(
        name="adam",
        label="Adam",
        reference="torch.optim:Adam",
        family="adaptive",
        citation="kingma2015adam",
        defaults={"lr": 1e-3, "betas": BETAS, "eps": 1e-8},
        space=WITH_BETA,
        memory=2,
        symmetries=("loss",),
    ),
    OptimizerSpec(
        name="nadam",
        label="NAdam",
        reference="torch.optim:NAdam",
        family="adaptive",
        citation="dozat2016incorporating",
        defaults={"lr": 2e-3, "betas": BETAS, "eps": 1e-8, "momentum_decay": 4e-3},
        space=WITH_BETA,
        memory=2,
        symmetries=("loss",),
        note="The third article's method as intended.",
    ),
)
