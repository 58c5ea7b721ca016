#!/usr/bin/env bash
# Snakemake runs this in the environment that conda made of environment.yml: the project itself, from
# the clone that the workflow is of, or in its version from the registry of packages.
set -euo pipefail
if [ -d "$NAGBENCH_SOURCE" ]; then
    python -m pip install --quiet --no-deps --no-build-isolation --editable "$NAGBENCH_SOURCE"
else
    python -m pip install --quiet --no-deps "$NAGBENCH_SOURCE"
fi
