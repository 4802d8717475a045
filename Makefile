# `make help` lists the targets.
BUILD ?= build
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
# What scripts/setup had to take from the Python index.
export PATH := $(CURDIR)/.deps/bin:$(PATH)
.PHONY: help setup setup-demo build test test-full conformance soak demo demo-quantised bench bench-quantised bench-floors install clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## install what is missing
	@scripts/setup

# What the tests alone need (other compilers, an emulator) is not for the first jet to wait for.
setup-demo:
	@scripts/setup --demo

CONFIGURE = cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=Release -DINFERC_WERROR=ON -DCMAKE_UNITY_BUILD=ON
$(BUILD)/build.ninja: CMakeLists.txt tests/CMakeLists.txt | setup-demo
	@$(CONFIGURE)

build: setup-demo $(BUILD)/build.ninja ## build/inferc
	@cmake --build $(BUILD) --target inferc -j $(JOBS)

# Configured again: set-up may have brought what the tests are built with.
test: setup ## build and run every test
	@$(CONFIGURE)
	@cmake --build $(BUILD) -j $(JOBS)
	@scripts/run-tests $(BUILD) $(JOBS)

test-full: test ## also every network by every compiler here, with sanitizers: hours
	@JOBS=$(JOBS) scripts/test-full $(BUILD)

conformance: build ## the ONNX backend tests through generated code, also with weights and with symbolic sizes
	@JOBS=$(JOBS) scripts/conformance $(BUILD)
	@JOBS=$(JOBS) scripts/conformance $(BUILD) --variants constant
	@JOBS=$(JOBS) scripts/conformance $(BUILD) --variants dynamic

N ?= 1000
CALLS ?= 100000000
soak: setup build ## N generated networks (1,000) right, CALLS calls (100 million) with flat memory and equal bits
	@scripts/soak $(BUILD) $(N) $(CALLS)

demo: build ## compile the shipped taggers and run them on the stored jets
	@scripts/demo $(BUILD)

demo-quantised: build ## the stored quantised tagger: its bits, its speed beside float32
	@scripts/demo-quantised $(BUILD)

bench-quantised: build ## every number of quantised and pruned networks
	@scripts/demo-quantised $(BUILD) all

bench: setup build ## ratios to ONNX Runtime; cold caches, showers, products, two threads, bf16: 10 minutes; PEERS=openvino,...: these, too
	@$(CONFIGURE) >/dev/null
	@scripts/bench $(BUILD) --store $(BUILD)/bench.json
	@scripts/bench-goals $(BUILD) $(if $(PEERS),--peers $(PEERS))

bench-floors: build ## stop a loss of speed: products against the peak of fma, networks against ONNX Runtime
	@cmake --build $(BUILD) --target bench_kernels -j $(JOBS)
	@scripts/bench-floors $(BUILD)

install: build ## install to PREFIX
	@cmake --install $(BUILD) --prefix $(PREFIX)

clean: ## remove the build folder
	@rm -rf $(BUILD)
