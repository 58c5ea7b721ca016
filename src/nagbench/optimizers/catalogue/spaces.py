"""Intervals, defaults and symmetries that rows share."""

from nagbench.optimizers.search_space import Domain

PLAIN = Domain(1e-2, 10.0)  # without momentum, which multiplies the long run's step by 1/(1 - μ)
RATES = Domain(1e-3, 1.0)
ADAPTIVE = Domain(1e-4, 1e-1)
SIGNS = Domain(1e-5, 1e-2)
FREE = Domain(1e-2, 1e2)  # a factor that is 1 in the article
MOMENTUM = Domain(0.5, 0.999, "log_one_minus")
BETAS = (0.9, 0.999)
LINEAR = ("rotation", "rate")
