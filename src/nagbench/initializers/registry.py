"""The initial weights by name: each is a module of this package with a function `fill`."""

INITIALIZERS = ("network", "kaiming", "xavier", "zero")
