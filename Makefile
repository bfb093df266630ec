# Every way to build, run and check Plainsight. `make` alone lists them.
#
# ARGS is handed on to the program that a target ends in:
#   make run ARGS="--seed 7"      make e2e ARGS="smoke"      make unit ARGS="engine::"
# FEED chooses where `run` and `dev` take their prices from; without it they are simulated, and
# nothing goes to the network:
#   make run FEED=binance         make run FEED=replay:FILE

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# cargo fills the cores by itself; two of them at once only wait for each other's lock.
.NOTPARALLEL:

# cargo-leptos takes wasm-opt and wasm-bindgen from PATH, otherwise it tries to download them.
export PATH := $(CURDIR)/node_modules/.bin:$(or $(CARGO_HOME),$(HOME)/.cargo)/bin:$(PATH)

ARGS ?=
FEED ?=
# A data directory belongs to one feed: each kind has its own, unless ARGS names one.
FEED_ARGS := $(if $(FEED),--feed $(FEED) $(if $(findstring --data,$(ARGS)),,--data data/$(firstword $(subst :, ,$(FEED)))))
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
BIN := $(TARGET)/release/plainsight
SITE := $(or $(LEPTOS_SITE_ROOT),target/site)
# cargo-leptos empties the site directory at each build: development and browser tests have
# directories of their own, so that they never pull the files from under a running server.
WATCH_TARGET := target/watch
E2E_SITE := target/e2e-site
WASM_BUDGET := 600000
FUZZ_SECONDS ?= 300

# The release build is compared by time with everything that goes into it (directories too: they
# change when a file is added or removed). cargo alone would do for the binary, but wasm-bindgen,
# wasm-opt and the compression would run again each time. Leptos.toml is not here: it is read when
# the server starts.
STAMP := target/release.stamp
SOURCES := $(shell find src style public \( -path src/tests -o -path public/vendor \) -prune -o -print 2>/dev/null) \
	Cargo.toml Cargo.lock package-lock.json scripts/wasm-link.sh $(wildcard .cargo/config.toml rust-toolchain.toml)
# What the stamp vouches for may be gone, or be somebody else's by now (a build by hand).
STALE := $(shell [ -x $(BIN) ] && [ ! $(BIN) -nt $(STAMP) ] && ls $(SITE)/pkg/*.wasm >/dev/null 2>&1 && \
	[ -z "$$(find $(SITE) -type f -newer $(STAMP) -print -quit 2>/dev/null)" ] || echo FORCE)

.PHONY: help setup setup-test setup-fuzz run dev build test lint unit e2e bench bench-fanout fuzz clean FORCE

help: ## List the targets (this text)
	@awk 'BEGIN { FS = ":.*## " } /^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## Install what building and running needs (idempotent)
	@scripts/setup.sh run

setup-fuzz:
	@scripts/setup.sh fuzz

setup-test: ## Install what the tests need besides
	@scripts/setup.sh test

run: $(STAMP) ## Build if anything changed, then serve on http://127.0.0.1:3000 (live: FEED=binance)
	exec $(BIN) serve $(FEED_ARGS) $(ARGS)

dev: setup ## Serve, and rebuild and reload when a source changes
	CARGO_TARGET_DIR=$(WATCH_TARGET) LEPTOS_SITE_ROOT=$(WATCH_TARGET)/site \
		cargo leptos watch -- serve $(FEED_ARGS) $(ARGS)

# The features are those that cargo-leptos builds the server with: nothing is compiled twice.
build: $(STAMP) ## Release build; fails when the WASM is over its size budget
	cargo build --release --no-default-features --features ssr --bin plainsight-load
	@echo "$(BIN), $(BIN)-load, $(SITE)"
	@scripts/wasm-size.sh $(SITE)/pkg $(WASM_BUDGET)

# Setting up comes first but is no reason to build again: order-only.
$(STAMP): $(SOURCES) $(STALE) | setup
	cargo leptos build --release --precompress
	scripts/wasm-link.sh $(TARGET) $(SITE)/pkg
	@mkdir -p $(@D) && touch $@

test: setup-test lint unit e2e ## Everything that must pass: lint, unit, e2e

lint: setup ## Formatting, clippy for server and browser, types of the browser tests
	cargo update --workspace --locked --quiet # fails when Cargo.lock is out of date
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	cargo clippy --lib --target wasm32-unknown-unknown --no-default-features --features hydrate -- -D warnings
	tsc --noEmit -p end2end

unit: setup-test ## Unit, integration and documentation tests
	cargo nextest run $(ARGS)
	cargo test --doc --quiet

e2e: setup-test ## Browser tests against the real server (development build)
	LEPTOS_SITE_ROOT=$(E2E_SITE) cargo leptos build
	cargo build --no-default-features --features ssr --bin plainsight-load
	PLAINSIGHT_LOAD_BIN=$(TARGET)/debug/plainsight-load PLAINSIGHT_BIN=$(TARGET)/debug/plainsight LEPTOS_SITE_ROOT=$(E2E_SITE) \
		playwright test --config end2end $(ARGS)

bench: $(STAMP) setup-test ## Measure the release build; writes docs/benchmarks.md
	cargo build --release --no-default-features --features ssr --bin plainsight-load
	benches/report.py $(BIN) $(SITE) $(ARGS)

bench-fanout: setup ## Measure fan-out to many clients, against baselines (short: ARGS=--quick)
	cargo build --release --no-default-features --features ssr --bin plainsight-load --example baseline
	benches/fanout.py $(TARGET)/release $(ARGS)

fuzz: setup-fuzz ## Look for input that breaks a decoder, FUZZ_SECONDS for each (one: ARGS=commands)
	cp Cargo.lock fuzz/Cargo.lock # the same dependencies; it is not kept
	for target in $(or $(ARGS),$(notdir $(wildcard fuzz/corpus/*))); do \
		RUSTFLAGS="--cfg erase_components" RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none $$target -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=4096 -max_len=32768; \
	done

clean: ## Remove what builds and tests made (never data/)
	cargo clean
	rm -rf target public/vendor end2end/test-results end2end/playwright-report
