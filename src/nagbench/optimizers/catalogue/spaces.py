"""Intervals, defaults and symmetries that rows share.

A space has two coordinates at most, and the second only where the method's authors tune it, so that
a trial is worth as much to every method. Weight decay is tuned for none.
"""

from nagbench.optimizers.search_space import Domain

# The long run's step: the rate, or with momentum μ the rate over 1 - μ, over the same interval.
PLAIN = Domain(1e-2, 10.0)
STEP = "lr/(1-momentum)"
MOMENTUM = Domain(0.5, 0.995, "log_one_minus")
WITH_MOMENTUM = {STEP: PLAIN, "momentum": MOMENTUM}
RATES = Domain(1e-3, 1.0)  # PLAIN with a momentum of 0.9, or one that grows
ADAPTIVE = Domain(1e-4, 1e-1)
WITH_BETA = {"lr": ADAPTIVE, "betas[0]": MOMENTUM}  # the second moment's stays as published
SIGNS = Domain(1e-5, 1e-2)
FREE = Domain(1e-2, 1e2)  # a factor that is 1 in the article
BETAS = (0.9, 0.999)
LINEAR = ("rotation", "rate")
