# SPDX-License-Identifier: MIT
# The front door.  `make demo` and `make test` are all a newcomer needs; meson does the work behind them.

build    := build
sanitize := build-sanitize

# Debian's packages (names of Debian 12).
packages := gcc meson ninja-build pkg-config libyaml-dev libjansson-dev libzip-dev libpng-dev \
            libjpeg-dev libopenblas-dev libxxhash-dev libcunit1-dev scdoc \
            libonnx-dev protobuf-c-compiler libprotobuf-c-dev

# What tests read; those that need it are skipped where it is not.
test_packages := libonnx-testdata

# The Python that Debian's python3-torch belongs to: for benchmarks and comparisons only.
PYTHON ?= /usr/bin/python3

.PHONY: demo test test-zoo build photo sanitize bench bench-kernels install packages test-packages clean help

help:
	@echo 'make demo       install what is missing, build, explain the shipped picture'
	@echo 'make test       install what is missing, build, run the tests'
	@echo 'make test-zoo   compare whole networks of torchvision with torch (half an hour)'
	@echo 'make build      build only: leaves $(build)/rayinterp'
	@echo 'make photo      explain a photograph with EfficientNet-Lite0 (fetches its weights)'
	@echo 'make sanitize   the tests under AddressSanitizer and UndefinedBehaviorSanitizer'
	@echo 'make bench      time networks and methods against torch (half an hour); writes docs/performance.md'
	@echo 'make bench-kernels   time single layers against torch, and methods against the network'
	@echo 'make install    meson install of the release build'
	@echo 'make clean      remove the build folders'

# Installs what is missing of the packages named, through sudo where the user is not root; where that
# cannot be, names what is missing.
packages:
	@.ci/install $(packages)

test-packages:
	-@.ci/install $(test_packages)

$(build)/build.ninja:
	meson setup $(build)

build: $(build)/build.ninja
	ninja -C $(build)

demo: packages build
	$(build)/rayinterp graphs/shapes.yaml --rule ebp

test: packages test-packages build
	meson test -C $(build) --print-errorlogs

# Some of it only: make test-zoo ZOO='onnx swin_t'.
test-zoo: packages build
	@$(PYTHON) -c 'import torch, torchvision' 2>/dev/null || .ci/install python3-torch python3-torchvision
	$(PYTHON) tests/zoo/zoo.py $(build) $(ZOO)

$(sanitize)/build.ninja:
	meson setup $(sanitize) -Db_sanitize=address,undefined -Db_lundef=false --buildtype=debugoptimized

sanitize: packages test-packages $(sanitize)/build.ninja
	ninja -C $(sanitize)
	meson test -C $(sanitize) --print-errorlogs --timeout-multiplier 10

photo: packages build
	@.ci/install python3-venv python3-torch
	graphs/fetch_photo.sh $(build)/photo
	$(build)/rayinterp $(build)/photo/efficientnet_lite0.yaml --output $(build)/photo \
	    --rule gradient,grad_cam,ebp,guided_backprop
	mkdir -p $(build)/photo/coffee
	$(build)/rayinterp $(build)/photo/efficientnet_lite0.yaml --output $(build)/photo/coffee \
	    --input $(build)/photo/coffee.png --target espresso \
	    --rule gradient,grad_cam,ebp,guided_backprop

# More arguments: make bench BENCH='--quick --only ResNet50'.  The rows of the reference need torchray, which
# Debian does not have: give a PYTHON that does.
bench: packages build
	@$(PYTHON) -c 'import torch, torchvision' 2>/dev/null || .ci/install python3-torch python3-torchvision
	ninja -C $(build) tests/bench/network_bench
	$(PYTHON) tests/bench/network_bench.py $(build) --page docs/performance.md $(BENCH)

bench-kernels: packages build
	@$(PYTHON) -c 'import torch' 2>/dev/null || .ci/install python3-torch
	ninja -C $(build) tests/bench/conv_bench tests/bench/driver_bench
	$(PYTHON) tests/bench/conv_bench.py $(build)/tests/bench/conv_bench
	$(build)/tests/bench/driver_bench $(abspath $(build))/plugins graphs/vgg16.yaml 7
	$(build)/tests/bench/driver_bench $(abspath $(build))/plugins graphs/shapes.yaml 25

install: build
	meson install -C $(build)

clean:
	rm -rf $(build) $(sanitize)
