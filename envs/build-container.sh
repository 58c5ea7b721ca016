#!/usr/bin/env bash
# Builds the image `nagbench` from envs/Containerfile with podman or buildah; what stands after it are
# options for the builder, as --build-arg BASE=IMAGE.
set -euo pipefail
cd "$(dirname "$0")/.."

builder=
for program in podman buildah; do
    if command -v "$program" > /dev/null; then
        builder=$program
        break
    fi
done
if [ -z "$builder" ]; then
    echo "Neither podman nor buildah is there. Please install one: on Debian, apt-get install podman" >&2
    exit 1
fi

# As nagbench.runner.provenance says it, for an image has no history.
commit=$(git rev-parse HEAD 2> /dev/null) || commit=unknown
if [ -n "$(git status --porcelain -- src/nagbench 2> /dev/null)" ]; then
    commit="$commit with changes"
fi
"$builder" build --file envs/Containerfile --tag nagbench --build-arg COMMIT="$commit" "$@" .
