# The commands of the README. `make` alone lists them.

.DEFAULT_GOAL := help
.PHONY: help test test-static test-monitoring test-cluster bench demo image

help: ## Lists the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

test: ## Runs all the tests there are (the first run builds a control plane, some ten minutes; then about five)
	cargo test --locked
	tests/monitoring/run
	tests/static-binary
	tests/cluster/test

test-static: ## Proves that the release binary is static and serves from an empty root directory
	tests/static-binary

test-monitoring: ## Checks and tests the rules, alerts and dashboard of deploy/monitoring; needs promtool and npm
	tests/monitoring/run

test-cluster: ## Runs the tests against a real API server, scheduler and Karpenter
	tests/cluster/test

bench: ## Measures time, allocations, instructions and throughput (some ten minutes, on an idle machine)
	cargo bench --locked

demo: ## Shows berth at work on a real cluster of processes, until Ctrl-C
	tests/cluster/demo

image: ## Builds the container image; needs a container engine
	docker build -t ghcr.io/truemark/berth:0.1.0 .
