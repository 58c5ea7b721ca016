#!/usr/bin/env bash
# Changes the modules of nagbench.statistics that are named, one small thing at a time, in a copy, and
# asks tests whether they notice: the module's own; where it has none, those that import it; where there
# are none, those of what imports it.
# What survives is written to results/mutation.
set -euo pipefail
cd "$(dirname "$0")/.."
modules=("$@")
tools=$PWD/.stamps/mutation
out=$PWD/results/mutation
mkdir -p "$out"

copy=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$copy"' EXIT
git ls-files -z src tests paper envs pyproject.toml | tar --null -T - -cf - | tar -xf - -C "$copy"
cd "$copy"
cosmic_ray() {
    PYTHONPATH=$copy/src:$tools python -c 'import sys; from cosmic_ray.cli import main; sys.exit(main())' "$@"
}
# Most of what a short test takes are imports.
pytest=$copy/envs/forked_pytest.py
PYTHONPATH=$copy/src python "$pytest" serve "$copy/socket" \
    torch pandas pyarrow.parquet scipy.stats scipy.optimize matplotlib.pyplot yaml pytest hypothesis &
server=$!
until [ -S "$copy/socket" ]; do
    kill -0 "$server"
    sleep 0.1
done
# What is not changed is compiled once; the server's forks write nothing.
python -m compileall -q src tests
options="-x -q -p no:cacheprovider --assert plain --hypothesis-profile unshrunk"
for module in "${modules[@]}"; do
    tests=$(compgen -G "tests/statistics/test_$module*.py" | xargs || true)
    [ -n "$tests" ] ||
        tests=$(grep -lE "statistics.$module import" tests/statistics/*.py | xargs || true)
    if [ -z "$tests" ]; then
        names=$(grep -l "statistics.$module import" src/nagbench/statistics/*.py |
            sed "s|.*/||; s|\.py$||" | paste -sd "|" -)
        tests=$(grep -lE "statistics\.($names|$module) import" tests/statistics/*.py | xargs)
    fi
    cat > cosmic-ray.toml << END
[cosmic-ray]
module-path = "src/nagbench/statistics/$module.py"
timeout = 120.0
test-command = "python $pytest run $copy/socket $options $tests"
[cosmic-ray.distributor]
name = "local"
END
    rm -f "src/nagbench/statistics/__pycache__/$module".*
    cosmic_ray baseline cosmic-ray.toml
    cosmic_ray init cosmic-ray.toml "$module.sqlite"
    cosmic_ray exec cosmic-ray.toml "$module.sqlite"
    PYTHONPATH=$tools python -c 'from cosmic_ray.tools.report import report; report()' \
        --show-diff --surviving-only "$module.sqlite" > "$out/$module.txt"
    echo "$module: $(tail -n 1 "$out/$module.txt")"
done
