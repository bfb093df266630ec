#!/usr/bin/env bash
# Prints the size of the WASM in a site's package directory and fails when it is over budget.
# Usage: scripts/wasm-size.sh <pkg directory> <budget in bytes, brotli>
set -euo pipefail

pkg=$1
budget=$2
raw=0
compressed=0
# All of it counts, should it ever be split; the build empties the directory first.
shopt -s nullglob
for wasm in "$pkg"/*.wasm; do
  if [ ! -f "$wasm.br" ]; then
    echo "error: $wasm.br is missing: not a build with --precompress" >&2
    exit 1
  fi
  raw=$((raw + $(wc -c <"$wasm")))
  compressed=$((compressed + $(wc -c <"$wasm.br")))
done
if [ "$raw" -eq 0 ]; then
  echo "error: no WASM in $pkg" >&2
  exit 1
fi

echo "WASM: $((raw / 1000)) kB, $((compressed / 1000)) kB brotli (budget $((budget / 1000)) kB)"
if [ "$compressed" -gt "$budget" ]; then
  echo "error: the WASM is $((compressed - budget)) bytes over its budget" >&2
  exit 1
fi
