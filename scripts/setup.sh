#!/usr/bin/env bash
# Installs what Plainsight needs on a machine that has Rust (rustup) and Node; run it as often as
# you like: what is there is left alone.
#
#   scripts/setup.sh run    what building and running needs (default)
#   scripts/setup.sh test   the same, and what the tests need
#   scripts/setup.sh fuzz   what fuzzing needs
#
# Rust tools go to cargo's bin directory, npm packages to node_modules. System packages come from
# apt, only the missing ones; on other systems the script says which programs to install.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly NODE_MIN=20
# The newest that rustc 1.95 compiles.
readonly CARGO_LEPTOS=0.3.10
# For a machine without nextest; any version that reads .config/nextest.toml serves.
readonly NEXTEST=0.9.143
readonly FUZZ=0.13.2

export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"

say() { printf '==> %s\n' "$*"; }
have() { printf ' ok %s\n' "$*"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

check_prerequisites() {
  command -v cargo >/dev/null || die "cargo is not there. Install Rust with rustup: https://rustup.rs"
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    die "node and npm are not there. Install Node.js $NODE_MIN or newer: https://nodejs.org"
  fi
  local node
  node=$(node --version)
  node=${node#v}
  [ "${node%%.*}" -ge "$NODE_MIN" ] || die "Node.js $node is too old: $NODE_MIN or newer is needed"
}

apt_updated=no
apt_install() {
  local as_root=()
  command -v apt-get >/dev/null || die "please install by hand (no apt-get here): $*"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "neither root nor sudo: as root, run 'apt-get install $*'"
    as_root=(sudo)
  fi
  say "installing with apt: $*"
  if [ "$apt_updated" = no ]; then
    "${as_root[@]}" apt-get update
    apt_updated=yes
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# SQLite is compiled from C, and cargo-leptos brings an OpenSSL whose build needs perl and make.
install_c_compiler() {
  if command -v cc >/dev/null && command -v make >/dev/null &&
    perl -MFindBin -MIPC::Cmd -e 1 2>/dev/null; then
    have "C compiler"
  else
    apt_install build-essential perl
  fi
}

install_wasm_target() {
  local target=wasm32-unknown-unknown
  if [ -d "$(rustc --print target-libdir --target $target)" ]; then
    have "$target"
  else
    command -v rustup >/dev/null || die "this Rust has no $target and is not from rustup: add the target yourself"
    say "adding the Rust target $target"
    rustup target add $target
  fi
}

install_components() {
  local component
  for component in rustfmt clippy; do
    # In rustup's minimal profile the proxy is there and the component is not.
    if cargo "${component/rust/}" --version >/dev/null 2>&1; then
      have "$component"
    else
      command -v rustup >/dev/null || die "$component is missing and this Rust is not from rustup"
      say "adding the Rust component $component"
      rustup component add "$component"
    fi
  done
}

version_of() { "$@" --version 2>/dev/null | awk 'NR == 1 { print $2 }'; }

# The debug profile: these tools only orchestrate, and compile in a third of the time.
# The target directory of the project is not theirs: it would keep their build for ever.
cargo_install() {
  say "installing $* with cargo: this takes some minutes, once"
  env -u CARGO_TARGET_DIR -u CARGO_BUILD_TARGET cargo install --locked --debug --force "$@"
}

# exact_tool <program> <crate> <version>
exact_tool() {
  local program=$1 crate=$2 version=$3
  if [ "$(version_of "$program")" != "$version" ]; then
    cargo_install "$crate@$version"
    [ "$(version_of "$program")" = "$version" ] ||
      die "$(command -v "$program" || echo "$program") is not version $version: does another one come first on PATH?"
  fi
  have "$program $version"
}

install_cargo_leptos() { exact_tool cargo-leptos cargo-leptos "$CARGO_LEPTOS"; }

# The program and the crate must be of one version, so Cargo.lock has the say.
install_wasm_bindgen() {
  local version
  version=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/"/, ""); print $3 }' Cargo.lock)
  [ -n "$version" ] || die "Cargo.lock names no wasm-bindgen"
  exact_tool wasm-bindgen wasm-bindgen-cli "$version"
}

# wasm-opt and the chart library; Playwright too, whose own browser is not downloaded: the tests
# use the system's Chromium. The copy of the lock file is made last and tells a finished install.
install_npm_packages() {
  local done=node_modules/.installed-package-lock.json
  if cmp -s package-lock.json $done; then
    have "npm packages"
  else
    say "installing the npm packages"
    PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund
    cp package-lock.json $done
  fi
}

# vendor <file in node_modules> <name in public/vendor>
vendor() {
  local from=node_modules/$1 to=public/vendor/$2
  if cmp -s "$from" "$to"; then
    have "$to"
  else
    say "copying $to"
    install -D -m 644 "$from" "$to"
  fi
}

# Served with the site, and with its licence; not committed.
vendor_charts() {
  vendor lightweight-charts/dist/lightweight-charts.standalone.production.mjs lightweight-charts.js
  vendor lightweight-charts/LICENSE lightweight-charts.LICENSE.txt
}

# Without its self-update it needs no TLS library.
install_nextest() {
  if cargo nextest --version >/dev/null 2>&1; then
    have "cargo-nextest $(version_of cargo nextest)"
  else
    cargo_install "cargo-nextest@$NEXTEST" --no-default-features --features default-no-update
  fi
}

# The packages of Python clients, ours and the older dashboards', and schemathesis, which is as a client that asks
# anything, in an environment of the project's own.
install_python_clients() {
  local venv=.tools/venv done=.tools/venv/requirements.txt
  if cmp -s src/tests/dialects/requirements.txt $done; then
    have "Python clients"
    return
  fi
  # Our client's types need 3.11. Debian has venv in a package of its own.
  if ! python3 -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    apt_install python3 python3-venv
  fi
  say "installing the Python clients"
  rm -rf $venv
  python3 -m venv $venv
  $venv/bin/pip install --quiet --disable-pip-version-check -r src/tests/dialects/requirements.txt
  cp src/tests/dialects/requirements.txt $done
}

# For the test of docs/deploy; it is started there on free ports.
install_nginx() {
  command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || apt_install nginx-light
  have "nginx"
}

# The same: a server of its own for the tests of Quantum Trader's figures.
install_redis() {
  command -v redis-server >/dev/null || apt_install redis-server
  have "redis-server"
}

# The same places as end2end/playwright.config.ts.
find_chromium() {
  local path
  for path in "${CHROMIUM_PATH:-}" /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome; do
    if [ -n "$path" ] && [ -x "$path" ]; then
      echo "$path"
      return
    fi
  done
  return 1
}

install_chromium() {
  if [ -n "${CHROMIUM_PATH:-}" ] && [ ! -x "$CHROMIUM_PATH" ]; then
    die "CHROMIUM_PATH is $CHROMIUM_PATH, which is not a program"
  fi
  # A font besides: without any, every text has no size, and so has the layout.
  find_chromium >/dev/null || apt_install chromium fonts-liberation
  find_chromium >/dev/null || die "no Chromium found: install one and set CHROMIUM_PATH"
  have "$(find_chromium)"
}

setup_run() {
  check_prerequisites
  install_c_compiler
  install_wasm_target
  install_components
  install_cargo_leptos
  install_wasm_bindgen
  install_npm_packages
  vendor_charts
}

setup_test() {
  setup_run
  install_nextest
  install_chromium
  install_python_clients
  install_nginx
  install_redis
}

# Instrumented builds need what a released compiler has only for itself (RUSTC_BOOTSTRAP), no other toolchain.
setup_fuzz() {
  check_prerequisites
  install_c_compiler
  if cargo fuzz --version >/dev/null 2>&1; then
    have "cargo-fuzz $(version_of cargo fuzz)"
  else
    cargo_install "cargo-fuzz@$FUZZ"
  fi
}

case "${1:-run}" in
run) setup_run ;;
test) setup_test ;;
fuzz) setup_fuzz ;;
*) die "usage: scripts/setup.sh [run|test|fuzz]" ;;
esac
