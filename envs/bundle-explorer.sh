#!/usr/bin/env bash
# Makes the explorer's script and the notices of what is in it, from src/nagbench/exploring/javascript.
# Wants node and npm. What npm installs lies in .stamps/explorer; the tests in a browser use it too.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C
package=src/nagbench/exploring
sources=$package/javascript
place=.stamps/explorer

command -v npm > /dev/null || {
    echo "npm is missing: on Debian, apt-get install nodejs npm" >&2
    exit 1
}
mkdir -p "$place"
cp "$sources"/package*.json "$place/"
npm ci --prefix "$place" --no-audit --no-fund --silent

# A test holds the digest against the sources, so that whoever edits these and has no node is told.
digest=$(cat "$sources"/*.js "$sources"/package*.json | sha256sum | cut -d ' ' -f 1)
NODE_PATH=$place/node_modules "$place/node_modules/.bin/esbuild" "$sources/main.js" \
    --bundle --minify --format=iife --target=es2022 --charset=utf8 --legal-comments=none \
    --banner:js="/* of sources $digest */" --metafile="$place/bundle.json" --log-level=warning \
    --outfile="$package/bundle.js"
node "$sources/notices.mjs" "$place" > "$package/notices.txt"
