"""The columns that tables declare: what a table with others, or with other types, comes to."""

import pandas as pd
import pytest

from nagbench.statistics.columns import REAL, REALS, TABLES, TEXT, TRUTH, WHOLE, Columns, declared

COLUMNS: Columns = {
    "name": (TEXT, "a name"),
    "count": (WHOLE, "a count"),
    "share": (REAL, "a share"),
    "holds": (TRUTH, "whether it holds"),
    "steps": (REALS, "numbers"),
}
TYPES = {"name": "O", "count": "i", "share": "f", "holds": "b", "steps": "O"}
ROW = {"name": "a", "count": 3, "share": 0.5, "holds": True, "steps": [1.0, 2.0]}


def made(**changes: object) -> pd.DataFrame:
    return declared("one", pd.DataFrame([{**ROW, **changes}]), {"one": COLUMNS})


def kinds(table: pd.DataFrame) -> dict[str, str]:
    """Texts have a type of their own, of kind O as numbers in a list have."""
    return {str(name): kind.kind for name, kind in table.dtypes.items()}


def test_columns_come_in_their_order_with_their_types() -> None:
    backwards = pd.DataFrame([dict(reversed(ROW.items()))])
    table = declared("one", backwards, {"one": COLUMNS})
    assert list(table.columns) == list(COLUMNS)
    assert kinds(table) == TYPES
    assert table.iloc[0].to_dict() == ROW


def test_whole_numbers_may_stand_for_real_ones() -> None:
    assert kinds(made(share=1))["share"] == "f"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("name", 3),
        ("name", True),
        ("count", 0.5),
        ("count", True),
        ("share", True),
        ("share", "a"),
        ("holds", 1),
        ("holds", "a"),
        ("steps", 0.5),
    ],
)
def test_a_value_of_another_type_is_a_mistake(column: str, value: object) -> None:
    with pytest.raises(AssertionError, match=f"one.{column} is of kind"):
        made(**{column: value})


def test_a_column_too_many_or_too_few_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="more"):
        made(more=1)
    fewer = pd.DataFrame([ROW]).drop(columns="share")
    with pytest.raises(AssertionError, match="share"):
        declared("one", fewer, {"one": COLUMNS})


@pytest.mark.parametrize("name", TABLES)
def test_a_table_without_rows_has_its_columns_and_types(name: str) -> None:
    table = declared(name, pd.DataFrame())
    assert list(table.columns) == list(TABLES[name])
    assert table.empty
    for column, (kind, meaning) in TABLES[name].items():
        assert table[column].dtype == {
            TEXT: "str", WHOLE: "int64", REAL: "float64", TRUTH: "bool", REALS: "object"
        }[kind]  # fmt: skip
        assert meaning
