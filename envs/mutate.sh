#!/usr/bin/env bash
# Changes the modules of nagbench.statistics that are named, one small thing at a time, in a copy, and
# asks the tests of each whether they notice: its own, or where it has none those that name it. What
# survives is written to results/mutation.
set -euo pipefail
cd "$(dirname "$0")/.."
modules=("$@")
tools=$PWD/.stamps/mutation
out=$PWD/results/mutation
mkdir -p "$out"

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z src tests paper pyproject.toml | tar --null -T - -cf - | tar -xf - -C "$copy"
cd "$copy"
cosmic_ray() {
    PYTHONPATH=$copy/src:$tools python -c 'from cosmic_ray.cli import main; main()' "$@"
}
for module in "${modules[@]}"; do
    tests=tests/statistics/test_$module.py
    if [ ! -f "$tests" ]; then
        tests=$(grep -lw "$module" tests/statistics/*.py | xargs)
    fi
    cat > cosmic-ray.toml << END
[cosmic-ray]
module-path = "src/nagbench/statistics/$module.py"
timeout = 60.0
test-command = "python -m pytest -x -q -p no:cacheprovider $tests"
[cosmic-ray.distributor]
name = "local"
END
    cosmic_ray baseline cosmic-ray.toml
    cosmic_ray init cosmic-ray.toml "$module.sqlite"
    cosmic_ray exec cosmic-ray.toml "$module.sqlite"
    PYTHONPATH=$tools python -c 'from cosmic_ray.tools.report import report; report()' \
        --show-diff --surviving-only "$module.sqlite" > "$out/$module.txt"
    echo "$module: $(tail -n 1 "$out/$module.txt")"
done
