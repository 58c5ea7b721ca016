# From a study file to the paper: a table of contents. The rules are in workflow/rules, what they run
# is `nagbench …`, and the configuration is described in workflow/schemas/config.schema.yaml:
#
#   snakemake --cores all [--config study=paper optimizers=nag,sgd device=auto records=train …] [-- TARGET]
import sys

from snakemake.utils import min_version

# Snakemake puts this folder before the installed packages, which an attr.py here would then hide.
sys.path.sort(key=lambda path: path == str(workflow.basedir))
min_version("9.20")


report: "workflow/report/workflow.rst"


include: "workflow/rules/configuration.smk"
include: "workflow/rules/units.smk"
include: "workflow/rules/inputs.smk"


pathvars:
    results=f"results/{STUDY.name}",
    logs=f"results/{STUDY.name}/logs",
    benchmarks=f"results/{STUDY.name}/benchmarks",
    figures=f"figures/{STUDY.name}",
    records=RECORDS,
    validation=VALIDATION,


if config["records"] == "train":

    include: "workflow/rules/data.smk"
    include: "workflow/rules/training.smk"
    include: "workflow/rules/validation.smk"

elif IS_PART:

    include: "workflow/rules/part.smk"


include: "workflow/rules/statistics.smk"
include: "workflow/rules/rendering.smk"
include: "workflow/rules/exploring.smk"
include: "workflow/rules/paper.smk"


if config["compare"]:

    include: "workflow/rules/compare.smk"


localrules:
    all,


rule all:
    default_target: True
    input:
        rules.compare.output
        if config["compare"]
        else (
            rules.figures.output,
            rules.tables.output,
            rules.paper.input,
            rules.report.input,
            rules.explore.input,
        ),
