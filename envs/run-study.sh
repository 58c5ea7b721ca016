#!/usr/bin/env bash
# Runs the study $1 on $2 cores, with more settings after it: everything with TeX, everything but
# the PDF without.
set -euo pipefail
study=$1
cores=$2
shift 2

targets=(all)
status=0
if ! "$(dirname "$0")/install-tex.sh"; then
    targets=(figures tables report)
    status=1
fi
snakemake --cores "$cores" --config study="$study" "$@" -- "${targets[@]}"

echo
if [ "$status" -eq 0 ]; then
    echo "Paper:   $PWD/results/$study/paper.pdf"
fi
echo "Explore: $PWD/results/$study/explore.html"
echo "Report:  $PWD/results/$study/report.html"
echo "Figures: $PWD/figures/$study/"
if [ "$status" -ne 0 ]; then
    echo "The PDF is missing, because TeX is: see above which packages it needs." >&2
fi
exit "$status"
