#!/usr/bin/env bash
# Every check that reads code without running the study. Run by `make lint`, inside .venv.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

failed=()
check() {
    local name=$1
    shift
    local said
    if said=$("$@" 2>&1); then
        echo "ok      $name"
    else
        echo "FAILED  $name"
        echo "$said"
        failed+=("$name")
    fi
}

check_if_installed() {
    if command -v "$2" > /dev/null; then
        check "$@"
    elif [ -n "${CI:-}" ]; then
        echo "FAILED  $1: $2 is not installed"
        failed+=("$1")
    else
        echo "not run $1: $2 is not installed"
    fi
}

check "Python format" ruff format --check src tests examples docs
check "Python style" ruff check src tests examples docs
check "Python types" mypy
check "Snakemake format" snakefmt --check Snakefile workflow
check "Snakemake style" snakemake --snakefile workflow/Snakefile --lint --config study=demo
check "citation file" python -m pytest -q -p no:cacheprovider tests/environment/test_citation.py
check_if_installed "TeX style" chktex -q -I0 -n1 -n8 -n12 -n13 -n24 -n36 paper/main.tex paper/sections/*.tex
check_if_installed "shell style" shellcheck envs/*.sh .ci/run

if [ "${#failed[@]}" -gt 0 ]; then
    echo "Failed: ${failed[*]}" >&2
    exit 1
fi
