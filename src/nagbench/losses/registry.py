"""The losses by name: each is a module of this package with a function `loss`."""

LOSSES = ("cross_entropy", "missed_probability", "one_hot_squares")
