#!/usr/bin/env bash
# Links the browser's part of a release once more, as nothing but a WASM module, and puts it into the site.
#
# The library is built for Rust (rlib) and for the browser (cdylib) at once, and cargo leaves link-time
# optimisation out wherever an rlib is among the outputs. Alone the module is a tenth smaller.
# Usage: scripts/wasm-link.sh <target directory> <pkg directory>
set -euo pipefail

target=$1
pkg=$2
triple=wasm32-unknown-unknown
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

cargo rustc --lib --crate-type cdylib --target "$triple" --target-dir "$target/front" \
  --no-default-features --features hydrate --profile wasm-release
wasm-bindgen --target web --no-typescript --out-name plainsight --out-dir "$made" \
  "$target/front/$triple/wasm-release/plainsight.wasm"
wasm-opt -Oz --enable-bulk-memory --enable-nontrapping-float-to-int \
  "$made/plainsight_bg.wasm" -o "$made/plainsight.wasm"
mv "$made/plainsight.wasm" "$made/plainsight.js" "$pkg/"
for file in "$pkg/plainsight.wasm" "$pkg/plainsight.js"; do
  gzip --best --keep --force "$file"
  node -e '
    const [{ readFileSync, writeFileSync }, { brotliCompressSync, constants }] = [require("node:fs"), require("node:zlib")];
    const file = process.argv[1];
    const packed = brotliCompressSync(readFileSync(file), { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 } });
    writeFileSync(`${file}.br`, packed);
  ' "$file"
done
# What described the other build's module.
rm -f "$pkg"/*.d.ts "$pkg"/*.d.ts.br "$pkg"/*.d.ts.gz
