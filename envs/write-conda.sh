#!/usr/bin/env bash
# Writes envs/environment.yml from envs/lock.txt. Snakemake copies that file alone, so every pin has
# to stand in it.
set -euo pipefail
cd "$(dirname "$0")/.."
{
    cat << 'END'
# Made by `make lock` from envs/lock.txt: the locked environment for conda, with a Python of its own.
# environment.post-deploy.sh adds the project itself.
name: nagbench
channels:
  - conda-forge
dependencies:
  - python=3.12
  - pip
  - pip:
END
    grep -v '^#' envs/lock.txt | sed 's/.*/      - "&"/'
} > envs/environment.yml.new
mv envs/environment.yml.new envs/environment.yml
