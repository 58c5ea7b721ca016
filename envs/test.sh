#!/usr/bin/env bash
# Runs the tests on $1 cores, unless they passed with exactly these files; a second word forces them.
set -euo pipefail
cores=$1
stamp=.stamps/test

sha256() { # macOS has the other one
    if command -v sha256sum > /dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi
}
files() {
    git ls-files --cached --others --exclude-standard 2> /dev/null ||
        find Snakefile Makefile pyproject.toml config src tests workflow paper envs examples -type f
}
# Taken before the run: a file that is edited meanwhile has not been tested.
digest=$(files | sort | while read -r file; do
    if [ -f "$file" ]; then sha256 "$file"; fi
done | sha256)

if [ $# -eq 1 ] && [ -f "$stamp" ] && [ "$(head -n 1 "$stamp")" = "$digest" ]; then
    echo "Nothing to do: the tests passed with these files. $(tail -n 1 "$stamp")"
    exit 0
fi
mkdir -p .stamps
# A process a core: threads of torch's in each would only wait for one another.
OMP_NUM_THREADS=1 pytest --numprocesses "$cores" --dist worksteal --durations 20 | tee "$stamp.running"
{
    echo "$digest"
    tail -n 1 "$stamp.running"
} > "$stamp"
rm "$stamp.running"
