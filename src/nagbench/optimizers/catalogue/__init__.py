"""The catalogue of optimizers: a row in one of these files is all that registers one.

Studies take rows by name; figures take their order, which decides colours. So a new row goes to the
end of its file, and a new file to the end of `_FAMILIES`. The catalogue only resolves names:
neither the engine nor an optimizer's module imports it. Where an article names no rate, or one for
its own problem, the default is that of libraries.
"""

from collections.abc import Mapping

from nagbench.optimizers.catalogue import (
    adaptive,
    as_printed,
    matrix,
    modern,
    momentum,
    nesterov,
    textbook,
    tuning_free,
    wrappers,
)
from nagbench.optimizers.spec import OptimizerSpec

_FAMILIES = (
    textbook,
    nesterov,
    momentum,
    adaptive,
    matrix,
    tuning_free,
    as_printed,
    modern,
    wrappers,
)

CATALOGUE: Mapping[str, OptimizerSpec] = {
    row.name: row for family in _FAMILIES for row in family.ROWS
}
