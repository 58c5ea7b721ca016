#!/usr/bin/env bash
# Makes sure that the paper can be compiled: installs the Debian packages of tex-packages.txt where
# apt may, otherwise names them and ends with status 1.
set -euo pipefail

here=$(dirname "$0")
packages=()
while read -r package; do
    packages+=("$package")
done < "$here/tex-packages.txt"

tex_is_there() {
    local program style
    for program in latexmk pdflatex biber kpsewhich; do
        command -v "$program" > /dev/null || return 1
    done
    # One of each Debian package.
    for style in biblatex siunitx booktabs lmodern eso-pic microtype fancyhdr caption; do
        kpsewhich "$style.sty" > /dev/null || return 1
    done
}

if tex_is_there; then
    exit 0
fi
echo "Installing TeX: ${packages[*]}"
if "$here/apt-install.sh" "${packages[@]}" && tex_is_there; then
    exit 0
fi
echo "TeX is not there and could not be installed. Please install: ${packages[*]}" >&2
exit 1
