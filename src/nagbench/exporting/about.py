"""What the archive's descriptions say of a study: its words, its authors, and when it ran."""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import yaml

from nagbench.records import trained
from nagbench.study.model import Study

README = "README.md"
DATA_LICENSE = "CC-BY-4.0"  # of records and statistics; the code has that of CITATION.cff


@dataclass(frozen=True)
class About:
    """A study as a data set that is given to others.

    Attributes:
        name: Of the data set.
        description: One paragraph of plain text.
        authors: Names.
        license: Of the data, an identifier of SPDX's list.
        code_license: Of the workflow and the study.
        version: Of the software.
        citation: What to cite, in one line.
        keywords: What the data set is found by.
        started, ended: When the first of its runs began and the last one ended, in ISO 8601; where
            the records do not say it, when the software was released.
        libraries: What trained the runs: names and versions.
    """

    name: str
    description: str
    authors: tuple[str, ...]
    license: str
    code_license: str
    version: str
    citation: str
    keywords: tuple[str, ...]
    started: str
    ended: str
    libraries: tuple[tuple[str, str], ...]


def about(study: Study, runs: pd.DataFrame, citation: bytes) -> About:
    """What is said of `study` and its records `runs`; `citation` is the text of CITATION.cff."""
    cited = yaml.safe_load(citation)
    made = [json.loads(text) for text in runs["provenance"].unique()]
    devices = sorted({entry["device"] for entry in made})
    released = str(cited["date-released"])
    optimizers = ", ".join(runs["optimizer"].drop_duplicates())
    return About(
        name=f"NAG-Bench: {study.title}",
        description=(
            f"Records of {len(trained(runs))} training runs of the study {study.name} of NAG-Bench "
            f"and the statistics made from them. Data: {', '.join(runs['edition'].unique())}. "
            f"Optimizers: {optimizers}. Trained on: {', '.join(devices)}."
        ),
        authors=_names(cited["authors"]),
        license=DATA_LICENSE,
        code_license=cited["license"],
        version=str(cited["version"]),
        citation=_citation(cited["preferred-citation"]),
        keywords=tuple(cited["keywords"]),
        started=min(runs["started"]) or released,
        ended=max(runs["ended"]) or released,
        libraries=tuple(sorted({pair for entry in made for pair in _libraries(entry)})),
    )


def readme(about: About, study: str, entries: Collection[str]) -> bytes:
    """For whoever unpacks the archive: what it is, what is in it, and how to check and use it."""
    places = [entry for entry in entries if re.fullmatch(r"records/.+/SHA256SUMS", entry)]
    more = " \\\n    --elsewhere records/*/" if places else ""
    return f"""# {about.name}

{about.description}

| | |
| --- | --- |
| `records/` | the runs and their learning curves, as training left them; folders: of other places |
| `statistics/` | the result tables made from them |
| `study/` | the study file `{study}` and what it extends |
| `paper/` | what was registered before the runs, if the study is |
| `Snakefile`, `workflow/`, `lock.txt` | the workflow, and the versions of all that it used |
| `croissant.json` | every column of every table, for programs that load data |
| `ro-crate-metadata.json` | what ran on what, as a Workflow Run RO-Crate |

`sha256sum -c SHA256SUMS` checks that nothing was changed. With NAG-Bench {about.version} installed,
this makes the result tables anew, all but `cross_check`, which rests on other runs:

```sh
nagbench statistics study/{study} --records records --output again \\
    --theory statistics/theory.parquet --calibration statistics/calibration.parquet{more}
```

Records and statistics are under {about.license}, the rest under {about.code_license}. To cite:
{about.citation}
""".encode()


def _names(authors: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    """Of persons and of groups, in the words of the Citation File Format."""
    return tuple(
        author.get("name") or f"{author['given-names']} {author['family-names']}"
        for author in authors
    )


def _citation(cited: Mapping[str, Any]) -> str:
    return f"{', '.join(_names(cited['authors']))}: {cited['title']} {cited['year']}."


def _libraries(provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [("python", provenance["python"]), *provenance.get("libraries", {}).items()]
