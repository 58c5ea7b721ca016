#!/usr/bin/env bash
# A session on a machine with a GPU and a plain Python with torch: the tests that need a GPU, the
# engine's benchmark, then units of the paper study until MINUTES are over. All results go to OUT.
#
#   benchmarks/gpu-session.sh OUT MINUTES [DATA]
#
# A part is skipped by STEPS, which lists those wanted: "tests bench train".
set -euo pipefail
out=$1 minutes=$2 data=${3:-}
steps=${STEPS:-tests bench train} device=${DEVICE:-cuda}
end=$(($(date +%s) + 60 * minutes))
left() { echo $((end - $(date +%s))); }
cd "$(dirname "$0")/.."
export PYTHONPATH=src PYTHONUNBUFFERED=1
mkdir -p "$out"

if [[ $steps == *tests* ]]; then
    timeout "$(left)" python3 -m pytest -q -p no:cacheprovider -o addopts= -W ignore \
        tests/engine/test_capture.py 2>&1 | tee "$out/tests.log" | tail -n 30 || true
fi
if [[ $steps == *bench* ]]; then
    timeout "$(left)" python3 -m nagbench bench --device "$device" --rounds 3 --seconds 1.5 \
        --precision bfloat16 --output "$out/bench.json" 2>&1 | tee "$out/bench.log" || true
fi
if [[ $steps == *train* && $(left) -gt 60 ]]; then
    status=0
    python3 -m nagbench train "${STUDY:-paper}" --missing --device "$device" --results "$out/results" \
        --store "$out/results/runs" --minutes "$((($(left) - 30) / 60))" ${data:+--data "$data"} \
        >"$out/train.log" 2>&1 || status=$?
    tail -n 3 "$out/train.log"
    [[ $status == 0 || $status == 75 ]] || exit "$status"
    if compgen -G "$out/results/${STUDY:-paper}/t*/*/*.parquet" >/dev/null; then
        python3 -m nagbench records merge --output "$out/records" "$out/results/${STUDY:-paper}"/t*
    fi
    tar -czf "$out/runs.tar.gz" -C "$out/results" . && rm -rf "$out/results"
fi
