#!/usr/bin/env bash
# Makes sure that the paper can be compiled: installs the Debian packages of tex-packages.txt where
# apt may, otherwise names them and ends with status 1.
set -euo pipefail

mapfile -t packages < "$(dirname "$0")/tex-packages.txt"

tex_is_there() {
    command -v latexmk > /dev/null && command -v biber > /dev/null && command -v kpsewhich > /dev/null &&
        kpsewhich biblatex.sty > /dev/null && kpsewhich siunitx.sty > /dev/null &&
        kpsewhich booktabs.sty > /dev/null && kpsewhich lmodern.sty > /dev/null
}

tex_is_there && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo -n)
fi
if command -v apt-get > /dev/null && "${as_root[@]}" true 2> /dev/null; then
    echo "Installing TeX: ${packages[*]}"
    export DEBIAN_FRONTEND=noninteractive
    "${as_root[@]}" apt-get update -qq &&
        "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" > /dev/null &&
        "${as_root[@]}" mktexlsr > /dev/null 2>&1 &&
        tex_is_there && exit 0
fi
echo "TeX is not there and could not be installed. Please install: ${packages[*]}" >&2
exit 1
