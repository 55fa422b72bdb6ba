# SPDX-License-Identifier: Apache-2.0
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

SWIFT_FILES := $(wildcard Sources Tests Fuzz Benchmarks Examples Package.swift)
# The Python to compare with, when setup-python.sh could make it whole; else nothing, and its tests skip.
WITH_PYTHON := if [ -f .venv/complete ]; then export IAPC_PYTHON="$$PWD/.venv/bin/python"; fi;

.PHONY: help setup python required-python build test sanitize fuzz torture soak
.PHONY: wheel demo rehearsal bench cases cost nccl-check docs docs-check install format lint fixtures clean

help: ## list what make can do
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

setup: ## get ready: system packages and libtorch
	@scripts/setup.sh

build: setup ## build .build/release/iapc
	@swift build -c release

# Testable imports would change every compile flag, and so build everything twice.
test: build python ## set up, build and run all tests
	@$(WITH_PYTHON) swift test -c release --disable-testable-imports
	@scripts/test-python.sh

wheel: setup ## build the Python package's wheel into .build/dist, for the torch versions of TORCH="..."
	@scripts/wheel.sh

sanitize: setup python ## run all tests under the sanitizers
	@$(WITH_PYTHON) scripts/sanitize.sh

fuzz: setup ## feed broken files to every reader for MINUTES=10
	@scripts/fuzz.sh $(or $(MINUTES),10) $(READERS)

demo: build ## set up, build and run the demo
	@scripts/demo.sh

rehearsal: build ## run the paper's experiment in miniature
	@scripts/rehearsal.sh

torture: build ## kill runs and fail writes at every call (an hour or more)
	@scripts/torture.sh

soak: build ## adapt for MINUTES=60, watching memory and open files
	@scripts/soak.sh $(or $(MINUTES),60)

bench: build required-python ## measure against PyTorch's Python
	@.venv/bin/python Benchmarks/bench.py $(BENCH)

cases: build ## compare methods on all networks and places at hand (hours)
	@Experiments/cases.py $(CASES)

cost: build required-python ## measure what steps and evaluations cost by size
	@.venv/bin/python Benchmarks/cost.py

nccl-check: setup ## compile and link against CUDA and NCCL, without a GPU (1.7 GB)
	@scripts/nccl-check.sh $(NCCL)

install: ## install what make build left, in PREFIX=/usr/local
	@scripts/install.sh $(or $(PREFIX),/usr/local)

docs: setup ## write the API reference to .build/docs
	@scripts/docs.sh

docs-check: build python ## run every command of the documents on miniatures
	@scripts/docs-check.py

format: ## format the Swift files in place
	@swift format --in-place --parallel --recursive $(SWIFT_FILES)

lint: ## check the format, the style and the tree
	@swift format lint --strict --parallel --recursive $(SWIFT_FILES)
	@scripts/check-tree.sh

fixtures: setup required-python ## write the tests' fixtures anew with PyTorch
	@cd Reference && python=../.venv/bin/python && tests=../Tests && \
	  $$python imaging_fixtures.py && $$python checkpoint_fixtures.py && \
	  $$python golden_small.py $$tests/AdaptationTests/Fixtures/golden_small --bound 5e-6 && \
	  $$python loss_fixtures.py --losses $$tests/AdaptationTests/Fixtures/losses \
	    --ops $$tests/TorchTests/Fixtures/ops.safetensors && \
	  $$python method_fixtures.py $$tests/AdaptationTests/Fixtures/losses/methods.safetensors && \
	  $$python segformer_fixtures.py $$tests/SegmentationTests/Fixtures/segformer.json && \
	  $$python selection_fixtures.py $$tests/AdaptationTests/Fixtures/selection.safetensors && \
	  $$python deeplabv2_fixtures.py $$tests/SegmentationTests/Fixtures/deeplabv2.json && \
	  $$python espnetv2_fixtures.py $$tests/SegmentationTests/Fixtures/espnetv2.json && \
	  $$python dataset_fixtures.py $$tests/SegmentationTests/Fixtures/datasets && \
	  $$python malformed_fixtures.py $$tests/CommandTests/Fixtures/malformed

clean: ## remove what was built; libtorch stays
	@rm -rf .build .venv

python: setup
	@scripts/setup-python.sh

required-python: setup
	@scripts/setup-python.sh --required
