# The commands of the README. `make` alone lists them.

.DEFAULT_GOAL := help
.PHONY: help test test-fresh test-static test-monitoring test-cluster test-versions chaos churn fuzz mutants bench bench-arm64 bench-cluster demo deny sbom reproducible release image

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
IMAGE ?= ghcr.io/truemark/berth:$(VERSION)

help: ## Lists the targets
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

test: ## Runs all the tests there are; sets up what they take, and builds a control plane, the first time
	tests/run

test-fresh: ## Runs `cargo test` on a clone, with nothing downloaded and nothing compiled
	tests/fresh

test-static: ## Proves that the release binaries are static and serve from an empty root directory
	tests/static-binary

test-monitoring: ## Checks and tests the rules, alerts and dashboard of deploy/monitoring; needs promtool and npm
	tests/monitoring/run

test-cluster: ## Runs the tests against a real API server, scheduler and Karpenter
	tests/cluster/test

test-versions: ## Runs those tests on each version of Kubernetes (some thirteen minutes each); ONLY="1.34 admission" names some
	tests/cluster/versions $(ONLY)

chaos: ## Drives replicas as the API server does, through restarts, rotations, kills and overload (some half an hour)
	tests/chaos/run --long

churn: ## Restores, upgrades, cuts off and changes a cluster under berth: MINUTES (60) of change, and some fifteen more
	tests/cluster/churn $(MINUTES)

fuzz: ## Runs each fuzz target for FUZZ_SECONDS (60); docs/reliability.md says what they have found
	fuzz/run

mutants: ## Changes what decides in every small way, and says which change no test sees (hours); MUTANTS=src/node for less
	tests/mutants $(MUTANTS)

bench: ## Measures time, allocations, instructions and throughput (some ten minutes, on an idle machine)
	cargo bench --locked

bench-arm64: export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER = aarch64-linux-gnu-gcc
bench-arm64: export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER = $(QEMU)
bench-arm64: export QEMU = qemu-aarch64-static
bench-arm64: export QEMU_LD_PREFIX = /usr/aarch64-linux-gnu
bench-arm64: ## Counts the instructions of a request on arm64, which qemu-aarch64-static runs (some ten minutes)
	cargo bench --locked --bench instructions --target aarch64-unknown-linux-gnu

bench-cluster: ## Measures what berth and others cost at a real API server, in MINUTES (8) on an idle machine
	tests/cluster/bench $(MINUTES)

demo: ## Shows berth at work on a real cluster of processes, until Ctrl-C
	tests/cluster/demo

deny: ## Checks licences, sources, duplicates and advisories of the dependencies; installs cargo-deny the first time
	tests/deny

sbom: ## Holds the bills of materials of a release against CycloneDX's schema; installs a validator the first time
	tests/sbom

reproducible: ## Makes a release twice, in two clones, and compares them byte by byte (two builds of what ships)
	tests/reproducible

release: ## Makes the files of a release in target/release-VERSION: binaries, SBOM, manifests, charts, checksums, provenance
	.ci/release

image: ## Builds the image for both architectures and pushes it as IMAGE; needs docker buildx, and the right to push
	docker buildx build --platform linux/amd64,linux/arm64 --tag $(IMAGE) --push .
