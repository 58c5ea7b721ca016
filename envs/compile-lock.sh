#!/usr/bin/env bash
# Writes envs/lock.txt: every package of every extra, pinned, for all supported Pythons.
#
# torch's own CUDA libraries are left out: each wheel of torch for CUDA pins exactly those that it
# was built with, and a wheel for the CPU needs none. That is why one lock serves both.
set -euo pipefail
cd "$(dirname "$0")/.."

maker=$(mktemp -d)
trap 'rm -rf "$maker"' EXIT
"${1:-python3}" -m venv "$maker"
"$maker/bin/pip" --disable-pip-version-check --quiet install uv

compile() {
    "$maker/bin/uv" pip compile pyproject.toml --universal --python-version 3.11 --all-extras \
        --fork-strategy fewest --no-header --no-annotate --quiet \
        --constraint <(printf 'torch==2.13.0\ntorchvision==0.28.0\n') "$@"
}
cuda=$(compile | grep -oE '^(nvidia-|cuda-|triton)[a-z0-9-]*' | sort -u)
omitted=()
for package in $cuda; do
    omitted+=(--no-emit-package "$package")
done
{
    echo "# Made by \`make lock\` from pyproject.toml. torch's CUDA libraries are not listed: the wheel"
    echo "# of torch that is installed pins its own, or, if it is for the CPU, needs none."
    compile "${omitted[@]}"
} > envs/lock.txt.new
mv envs/lock.txt.new envs/lock.txt
envs/write-conda.sh

# What `make docs` needs beside that, in the versions of the lock where both have one.
compile_docs() {
    printf '%s\n' 'mkdocs-material>=9.7' 'mkdocstrings[python]>=1.0' |
        "$maker/bin/uv" pip compile - --universal --python-version 3.11 --fork-strategy fewest \
            --constraint envs/lock.txt --no-header --no-annotate --quiet "$@"
}
locked=$(grep -oE '^[A-Za-z0-9._-]+==[^ ]+$' envs/lock.txt | cut -d= -f1)
omitted=()
for package in $locked; do
    omitted+=(--no-emit-package "$package")
done
{
    echo "# Made by \`make lock\`: what the documentation needs beside envs/lock.txt."
    compile_docs --generate-hashes "${omitted[@]}"
} > envs/docs.txt.new
mv envs/docs.txt.new envs/docs.txt
