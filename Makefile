# The commands of the README. `make` alone lists them.

.DEFAULT_GOAL := help
.PHONY: help test test-fresh test-static test-monitoring test-cluster test-versions bench demo release image

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
IMAGE ?= ghcr.io/truemark/berth:$(VERSION)

help: ## Lists the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

test-versions: ## Runs those tests on each version of Kubernetes (some ten minutes each); ONLY="1.34 admission" names some
	tests/cluster/versions $(ONLY)

bench: ## Measures time, allocations, instructions and throughput (some ten minutes, on an idle machine)
	cargo bench --locked

demo: ## Shows berth at work on a real cluster of processes, until Ctrl-C
	tests/cluster/demo

release: ## Makes the files of a release in target/release-VERSION: binaries, manifests, charts, checksums
	.ci/release

image: ## Builds the image for both architectures and pushes it as IMAGE; needs docker buildx, and the right to push
	docker buildx build --platform linux/amd64,linux/arm64 --tag $(IMAGE) --push .
