"""The archive's tables in Croissant, the vocabulary in which data for machine learning is found.

https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from nagbench.exporting.about import About
from nagbench.exporting.archive import digest
from nagbench.records import CURVE, RUNS, UNFINISHED
from nagbench.statistics.columns import TABLES
from nagbench.statistics.tidy import COLUMNS

FILE = "croissant.json"
PARQUET = "application/x-parquet"
# The terms of the vocabulary, as its specification has every description begin.
_TERMS = (
    *("arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field"),
    *("fileObject", "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset"),
    *("jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex"),
    *("repeated", "replace", "samplingRate", "separator", "source", "subField", "transform"),
)
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{name: {"@container": "@language"} for name in ("description", "name")},
    **{term: f"cr:{term}" for term in _TERMS},
}


def croissant(about: About, contents: Mapping[str, bytes]) -> bytes:
    """The description of `contents`, the archive's entries by name."""
    tables = {entry: data for entry, data in contents.items() if entry.endswith(".parquet")}
    return as_json(
        {
            "@context": _CONTEXT,
            "@type": "sc:Dataset",
            "conformsTo": "http://mlcommons.org/croissant/1.1",
            "name": about.name,
            "description": about.description,
            "license": f"https://spdx.org/licenses/{about.license}",
            "version": about.version,
            "citeAs": about.citation,
            "keywords": about.keywords,
            "creator": [{"@type": "sc:Organization", "name": name} for name in about.authors],
            "datePublished": about.ended,
            "distribution": [_file(entry, data) for entry, data in tables.items()],
            "recordSet": [*_record_sets(tables)],
        }
    )


def as_json(described: Mapping[str, Any]) -> bytes:
    """A description as the text of its file."""
    return (json.dumps(described, indent=1, ensure_ascii=False) + "\n").encode()


def meanings(entry: str) -> Mapping[str, str]:
    """What the columns of a table of the archive mean, by name, where that is declared."""
    folder, name = PurePath(entry).parts[0], PurePath(entry).stem
    if folder == "statistics":
        return {column: text for column, (_, text) in TABLES.get(name, {}).items()}
    if name == "curves":
        return COLUMNS
    if name == "runs":
        known = {**COLUMNS, **CURVE, "learning_rate": COLUMNS["lr"]}
        return {column: known[column] for column in RUNS}
    return {}


def _set_name(entry: str) -> str:
    """A record set's name: `runs`, `comparisons`; of records from elsewhere, `h200/runs`."""
    return str(PurePath(*PurePath(entry).with_suffix("").parts[1:]))


def _file(entry: str, data: bytes) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": entry,
        "name": entry,
        "contentUrl": entry,
        "contentSize": f"{len(data)} B",
        "encodingFormat": PARQUET,
        "sha256": digest(data),
    }


def _record_sets(tables: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    """One for each table but `unfinished`, which holds parts of the others."""
    for entry, data in tables.items():
        if PurePath(entry).name == UNFINISHED:
            continue
        known = meanings(entry)
        schema = pq.read_schema(pa.BufferReader(data))
        name = _set_name(entry)
        yield {
            "@type": "cr:RecordSet",
            "@id": name,
            "name": name,
            "field": [_field(name, entry, column, known.get(column.name)) for column in schema],
        }


def _field(table: str, entry: str, column: pa.Field, meaning: str | None) -> dict[str, Any]:
    many = pa.types.is_list(column.type)
    return {
        "@type": "cr:Field",
        "@id": f"{table}/{column.name}",
        "name": column.name,
        **({"description": meaning} if meaning else {}),
        "dataType": _data_type(column.type.value_type if many else column.type),
        **({"isArray": True, "arrayShape": "-1"} if many else {}),
        "source": {"fileObject": {"@id": entry}, "extract": {"column": column.name}},
    }


def _data_type(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    if pa.types.is_integer(kind):
        return "sc:Integer"
    if pa.types.is_floating(kind):
        return "sc:Float"
    return "sc:Text"
