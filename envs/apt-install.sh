#!/usr/bin/env bash
# Installs Debian packages where apt may (as root, or by sudo without a password); status 1 elsewhere.
set -euo pipefail

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo -n)
fi
command -v apt-get > /dev/null && "${as_root[@]}" true 2> /dev/null || exit 1
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
"${apt[@]}" update
"${apt[@]}" install -y --no-install-recommends "$@" > /dev/null
