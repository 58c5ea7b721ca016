"""The archive as a Workflow Run RO-Crate: what ran, on what, and what came of it.

https://www.researchobject.org/workflow-run-crate/profiles/workflow_run_crate
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from nagbench.exporting.about import README, About
from nagbench.exporting.archive import digest
from nagbench.exporting.croissant import PARQUET, as_json

FILE = "ro-crate-metadata.json"
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
_BIOSCHEMAS = "https://bioschemas.org/profiles"
_FORMATS = {
    ".parquet": PARQUET,
    ".json": "application/json",
    ".yaml": "application/yaml",
    ".py": "text/x-python",
    ".cff": "application/yaml",
    ".md": "text/markdown",
}
_HOMES = {"python": "https://www.python.org/"}
# The workflow's parameters, and the entry of the archive that each was or became.
_OUTPUTS = {
    "runs": "records/runs.parquet",
    "curves": "records/curves.parquet",
    "summary": "statistics/summary.parquet",
}


def crate(about: About, contents: Mapping[str, bytes], study_file: str) -> bytes:
    """The description of `contents`, the archive's entries by name; one of them is `study_file`."""
    made = ROCrate(version="1.1")
    made.metadata.extra_contexts.append("https://w3id.org/ro/terms/workflow-run/context")

    def context(identifier: str, kind: str, **properties: object) -> ContextEntity:
        """A thing that is no file, and that the files' descriptions name."""
        return made.add(ContextEntity(made, identifier, {"@type": kind, **properties}))

    authors = [context(f"#{quote(name)}", "Organization", name=name) for name in about.authors]
    license_of, code_license = (
        context(f"https://spdx.org/licenses/{name}", "CreativeWork", name=name)
        for name in (about.license, about.code_license)
    )
    root = made.root_dataset
    made.name, made.description = about.name, about.description
    made.license, made.keywords = license_of, list(about.keywords)
    root["author"], root["version"] = authors, about.version
    root["datePublished"] = about.ended  # on which day it will be, nobody knows: not before

    # In which version of Snakemake, no record says; lock.txt has the one that is asked for.
    workflow = made.add_workflow(dest_path="Snakefile", main=True, lang="snakemake")
    workflow["name"], workflow["license"] = "The workflow of NAG-Bench", code_license
    workflow["author"], workflow["version"] = authors, about.version
    workflow["encodingFormat"] = "text/plain"
    workflow["conformsTo"] = {"@id": f"{_BIOSCHEMAS}/ComputationalWorkflow/1.0-RELEASE"}
    root["conformsTo"] = [
        context(url, "CreativeWork", name=name, version=url.rpartition("/")[2])
        for url, name in _PROFILES.items()
    ]
    files = {"Snakefile": workflow}
    for entry, data in contents.items():
        if entry != "Snakefile":
            suffix = f".{entry.rpartition('.')[2]}"
            properties = {
                "name": entry,
                "contentSize": str(len(data)),
                "encodingFormat": _FORMATS.get(suffix, "text/plain"),
                "sha256": digest(data),
            }
            files[entry] = made.add_file(dest_path=entry, properties=properties)

    def parameter(name: str, entry: str) -> ContextEntity:
        """A formal parameter of the workflow; the entry is what stood in its place."""
        formal = context(
            f"#parameter-{name}",
            "FormalParameter",
            name=name,
            additionalType="File",
            conformsTo={"@id": f"{_BIOSCHEMAS}/FormalParameter/1.0-RELEASE"},
            encodingFormat=files[entry]["encodingFormat"],
        )
        files[entry]["exampleOfWork"] = formal
        return formal

    workflow["input"] = [parameter("study", study_file)]
    workflow["output"] = [parameter(name, entry) for name, entry in _OUTPUTS.items()]
    workflow["softwareRequirements"] = [
        context(
            f"{url}#{number}", "SoftwareApplication", name=name, softwareVersion=number, url=url
        )
        for name, number in about.libraries
        for url in [_HOMES.get(name, f"https://pypi.org/project/{name}/")]
    ]
    action = context(
        "#run",
        "CreateAction",
        name=f"{about.name}: training, tests and statistics",
        description=about.description,
        startTime=about.started,
        endTime=about.ended,
        actionStatus="http://schema.org/CompletedActionStatus",
    )
    action["agent"], action["instrument"] = authors, workflow
    files[README]["about"] = root
    action["object"] = [file for entry, file in files.items() if entry.startswith("study/")]
    action["result"] = [
        file
        for entry, file in files.items()
        # Records from elsewhere, in folders within, were not made by this run.
        if entry.startswith("statistics/") or re.fullmatch("records/[^/]+", entry)
    ]
    root["mentions"] = [action]
    return as_json(made.metadata.generate())
