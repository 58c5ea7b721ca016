#!/usr/bin/env bash
# Makes the virtual environment $1 from envs/lock.txt with the interpreter $2.
set -euo pipefail

environment=$1
python=$2
here=$(dirname "$0")

rm -rf "$environment"  # first, so that what is left of an unfinished one is not taken for `python`

version=$("$python" -c 'import sys; print(f"{sys.version_info[0]}.{sys.version_info[1]}")') || {
    echo "No Python at '$python'. Name one of at least 3.11: make PYTHON=/path/to/python3" >&2
    exit 1
}
if ! "$python" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))'; then
    echo "'$python' is Python $version; needed: at least 3.11. Name one: make PYTHON=…" >&2
    exit 1
fi

if ! "$python" -c 'import ensurepip, venv' 2> /dev/null; then
    # Debian splits venv off; its package belongs to the system's interpreter alone.
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        as_root=(sudo -n)
    fi
    if ! command -v apt-get > /dev/null || ! "${as_root[@]}" true 2> /dev/null ||
        ! { "${as_root[@]}" apt-get update -qq &&
            "${as_root[@]}" apt-get install -y -qq --no-install-recommends "python$version-venv" > /dev/null; }; then
        echo "'$python' cannot make environments. Please install: python$version-venv" >&2
        exit 1
    fi
fi

echo "Making $environment from envs/lock.txt with Python $version"
"$python" -m venv "$environment"
pip=("$environment/bin/python" -m pip --disable-pip-version-check --quiet)
"${pip[@]}" install --requirement "$here/lock.txt"
"${pip[@]}" install --no-deps --no-build-isolation --editable "$here/.."
