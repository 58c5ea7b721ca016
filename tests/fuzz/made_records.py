"""Whole records of the small study, as rows; and tables of them, damaged at random.

What is damaged is signed anew: a file past its digest is what a hostile author sends.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from damage import ODD_TEXTS
from nagbench import records
from nagbench.runner.attest import Attestation
from nagbench.runner.unfinished import rows_of
from nagbench.sources import code_digest
from nagbench.study.choice import choose
from nagbench.study.file import study_of
from nagbench.study.halving import Rung
from nagbench.study.plan import units
from records_of import Records, joined, tested, tuning_of
from small_study import SMALL

STUDY = study_of("small", SMALL, "small.yaml")
UNITS = {unit.name: unit for unit in units(STUDY)}
TUNED = UNITS["tune/tiny/sgd"]
MADE = json.dumps({"device": "a device", "torch": "2", "code": "c", "backend": "cpu"})


def _all_records() -> Records:
    """Whole records of the study, as training leaves them."""
    runs, curves = tuning_of(STUDY)
    hidden = [name for name in records.CURVE if "test_" in name]
    curves = curves.assign(**dict.fromkeys(hidden, math.nan))
    parts = [(runs, curves)]
    for unit in UNITS.values():
        if unit.halving is None:
            own = runs[runs["optimizer"] == unit.optimizer]
            choice = choose(UNITS[unit.tuned_by], own, curves[curves["run"].isin(own["run"])])
            parts.append(tested(unit, choice, lambda _: [0.1, 0.2, 0.3]))
    runs, curves = joined(*parts)
    return runs.assign(provenance=MADE), curves


_runs, _curves = _all_records()
_own = _runs[(_runs["stage"] == "tune") & (_runs["optimizer"] == "sgd")]
RUN_SCHEMA = pa.schema(list(records.RUNS.items()))
CURVE_SCHEMA = pa.schema(
    [("run", pa.string()), *((name, pa.float64()) for name in ("epoch", *records.CURVE))]
)
UNIT_SCHEMA = pa.schema(
    [
        *records.RUNS.items(),
        *((f"curve_{name}", pa.list_(pa.float64())) for name in ("epoch", *records.CURVE)),
    ]
)
RUNS = _runs[list(records.RUNS)].to_dict("records")
POINTS = _curves[CURVE_SCHEMA.names].to_dict("records")
ROWS = [  # of the unit `TUNED`
    {**row, "curve_epoch": _curves["epoch"][_curves["run"] == row["run"]].tolist()}
    for row in rows_of(_own, _curves[_curves["run"].isin(_own["run"])])
]
# The same under way: thinned out after an epoch, one run ended, one stopped there.
BEGUN_UNIT = replace(TUNED, halving=replace(TUNED.halving, rungs=(Rung(1, 1),)))
BEGUN = [
    ROWS[0],
    {
        name: value[:2] if name.startswith("curve_") else value
        for name, value in {**ROWS[1], "status": "stopped"}.items()
    },
]
CODE = code_digest(TUNED.base.modules())
OF_TODAY = Attestation(
    TUNED.workload, TUNED.optimizer, "c", CODE, "a run", "a device", "2", "2026-01-01"
)

_NUMBERS = st.sampled_from([math.nan, math.inf, -math.inf, -1.0, 0.0, 0.5, 1.0, 2.0, 1e308, 5e-324])
_WHOLES = st.sampled_from([-1, 0, 1, 2, 10**6, 2**63 - 1, -(2**63)])
_TEXTS = (
    st.sampled_from([*ODD_TEXTS, "{}", "[]", "5", "{", "null", '{"lr": "x"}', '{"lr": NaN}'])
    | st.sampled_from(["[" * 5_000, "finished", "stopped", "diverged", "failed", "tune", "test"])
    | st.text(max_size=6)
)
_KINDS = (pa.null(), pa.string(), pa.large_string(), pa.int32(), pa.list_(pa.string()), pa.bool_())


def table_of(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist(
        [{name: row.get(name) for name in schema.names} for row in rows], schema=schema
    )


def _of_kind(kind: pa.DataType) -> st.SearchStrategy[Any]:
    """Values of a column, possible ones and others."""
    if pa.types.is_list(kind):
        return st.none() | st.lists(st.none() | _NUMBERS, max_size=5)
    if pa.types.is_integer(kind):
        return st.none() | _WHOLES
    return st.none() | (_NUMBERS if pa.types.is_floating(kind) else _TEXTS)


@st.composite
def damaged_table(draw: st.DrawFn, rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """The rows with values changed, rows doubled or left out, columns missing or of other types."""
    rows = [dict(row) for row in rows]
    for _ in range(draw(st.integers(1, 4))):
        change = draw(st.sampled_from(["set", "set", "set", "all", "remove", "double"]))
        at, name = draw(st.integers(0, len(rows))), draw(st.sampled_from(schema.names))
        value = draw(_of_kind(schema.field(name).type))
        if change == "all":
            rows = [{**row, name: value} for row in rows]
        elif at < len(rows):
            new = {"set": [{**rows[at], name: value}], "remove": [], "double": [rows[at]] * 2}
            rows[at : at + 1] = new[change]
    table = table_of(rows, schema)
    change = draw(st.sampled_from([*["none"] * 6, "drop", "kind", "order"]))
    name = draw(st.sampled_from(schema.names))
    if change == "drop":
        return table.drop_columns([name])
    if change == "kind":
        other = pa.nulls(len(table), draw(st.sampled_from(_KINDS)))
        return table.set_column(table.column_names.index(name), name, other)
    return table.select(table.column_names[::-1]) if change == "order" else table
