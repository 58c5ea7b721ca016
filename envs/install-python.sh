#!/usr/bin/env bash
# Makes the virtual environment $1 from envs/lock.txt with the interpreter $2.
set -euo pipefail

environment=$1
python=$2
here=$(dirname "$0")

# An unfinished environment of ours must not be taken for the interpreter.
PATH=${PATH//"$PWD/$environment/bin:"/}

version=$("$python" -c 'import sys; print(f"{sys.version_info[0]}.{sys.version_info[1]}")') || {
    echo "No Python at '$python'. Name one of at least 3.11: make PYTHON=/path/to/python3" >&2
    exit 1
}
if ! "$python" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))'; then
    echo "'$python' is Python $version; needed: at least 3.11. Name one: make PYTHON=…" >&2
    exit 1
fi
# Debian splits venv off; its package belongs to the system's interpreter alone.
if ! "$python" -c 'import ensurepip, venv' 2> /dev/null &&
    ! "$here/apt-install.sh" "python$version-venv"; then
    echo "'$python' cannot make environments. Please install: python$version-venv" >&2
    exit 1
fi

echo "Making $environment from envs/lock.txt with Python $version"
rm -rf "$environment"
"$python" -m venv "$environment"
pip=("$environment/bin/python" -m pip --disable-pip-version-check --quiet)
"${pip[@]}" install --requirement "$here/lock.txt"
"${pip[@]}" install --no-deps --no-build-isolation --editable "$here/.."
