# SPDX-License-Identifier: MIT
# The front door.  `make demo` and `make test` are all a newcomer needs; meson does the work behind them.

build    := build
sanitize := build-sanitize

# Debian's packages (names of Debian 12).
packages := gcc meson ninja-build pkg-config libyaml-dev libjansson-dev libzip-dev libpng-dev \
            libjpeg-dev libopenblas-dev libcunit1-dev scdoc

.PHONY: demo test build photo sanitize bench install packages fixtures clean help

help:
	@echo 'make demo       install what is missing, build, explain the shipped picture'
	@echo 'make test       install what is missing, build, run the tests'
	@echo 'make build      build only: leaves $(build)/rayinterp'
	@echo 'make photo      explain a photograph with EfficientNet-Lite0 (fetches its weights)'
	@echo 'make sanitize   the tests under AddressSanitizer and UndefinedBehaviorSanitizer'
	@echo 'make install    meson install of the release build'
	@echo 'make clean      remove the build folders'

# Installs what is missing, through sudo where the user is not root; where that cannot be, names it.
packages:
	@missing=; \
	for p in $(packages); do \
	    dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'install ok installed' || missing="$$missing $$p"; \
	done; \
	test -z "$$missing" && exit 0; \
	echo "installing$$missing"; \
	if [ "$$(id -u)" = 0 ]; then sudo=; elif command -v sudo >/dev/null; then sudo=sudo; \
	else echo "please install as root: apt-get install$$missing" >&2; exit 1; fi; \
	{ $$sudo apt-get update -q && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing; \
	} >/tmp/rayinterp-packages.$$$$ 2>&1 || { cat /tmp/rayinterp-packages.$$$$; rm -f /tmp/rayinterp-packages.$$$$; \
	  echo "please install as root: apt-get install$$missing" >&2; exit 1; }; \
	rm -f /tmp/rayinterp-packages.$$$$

$(build)/build.ninja:
	meson setup $(build)

build: $(build)/build.ninja
	ninja -C $(build)

demo: packages build
	$(build)/rayinterp graphs/shapes.yaml --rule ebp

test: packages build
	meson test -C $(build) --print-errorlogs

$(sanitize)/build.ninja:
	meson setup $(sanitize) -Db_sanitize=address,undefined -Db_lundef=false --buildtype=debugoptimized

sanitize: packages $(sanitize)/build.ninja
	ninja -C $(sanitize)
	meson test -C $(sanitize) --print-errorlogs --timeout-multiplier 10

photo: build
	graphs/fetch_photo.sh $(build)/photo

install: build
	meson install -C $(build)

clean:
	rm -rf $(build) $(sanitize)
