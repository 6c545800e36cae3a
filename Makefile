# Two commands do all the set-up: `make run` and `make test`. Both install into .venv what requirements.lock says.
SHELL := /bin/bash
PYTHON ?= python3
JOBS ?= 3
BIN := .venv/bin
# Bytecode lies there, and is kept: images of CI tend to forbid it, and then each of the thousand processes that tests start
# compiles everything anew.
export PYTHONPYCACHEPREFIX ?= $(CURDIR)/.venv/pycache
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test examples pages docs reference lint dashboards bench bench-queries trials image-check screenshots vendor lock \
	clean help

help: ## what there is to make
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 15

run: .venv/ready ## a simulated day flowing through the whole pipeline, with a live summary (Ctrl-C stops it)
	$(BIN)/touchpath up --simulate --data data

test: .venv/ready ## every test, against the real parts; so many files at once, as most of them wait: JOBS=3
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

examples: .venv/ready ## the examples in other languages and dashboard-linter, built with their own tools (Go)
	$(BIN)/python -m pytest tests/examples -m examples

pages: .venv/ready ## every command of README and docs, typed in something like a fresh clone
	$(BIN)/python -m pytest tests/documentation -m pages

docs: .venv/ready ## the documentation as a site, to be read from the disk: build/site/index.html
	$(BIN)/python -m docs.making.site

reference: .venv/ready ## write what docs/reference says of the code anew
	$(BIN)/python -m docs.making.reference

lint: .venv/ready ## style, types, and which part may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

dashboards: .venv/ready ## Grafana's dashboards anew, from dashboards/grafana (their JSON is committed)
	$(BIN)/python -m dashboards.grafana

bench: .venv/ready ## us and the peers, side by side on one broker; how well identity tells people apart
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.identity

bench-queries: .venv/ready ## every query of the dashboards on a store of 100,000,000 touchpoints (up to 14 GB of disk)
	$(BIN)/python -m benchmarks.queries $(if $(TOUCHPOINTS),--touchpoints $(TOUCHPOINTS)) $(if $(DIRECTORY),--directory $(DIRECTORY))

trials: .venv/ready ## faults and bad input, over many seeds
	$(BIN)/python -m tests.faults

image-check: .venv/ready ## the Dockerfile's steps on a clean Debian root, and a worker of it (minutes, and root)
	$(BIN)/python -m tests.image

screenshots: .venv/ready ## the pictures of the console in docs/images, of a simulated centre (Chromium; ten minutes)
	$(BIN)/python -m tests.dashboards.console.screenshots docs/images

vendor: .venv/ready ## the console's front-end libraries anew, as vendor/wanted.json has them (npm)
	$(BIN)/python -m dashboards.console.vendoring dashboards/console/vendor tests/dashboards/console/vendor

lock: ## pin every dependency anew
	uv pip compile pyproject.toml --extra embedded --extra dev --extra bench --python-version 3.11 \
		--generate-hashes --no-emit-index-url --custom-compile-command "make lock" --output-file requirements.lock
	uv pip compile pyproject.toml --extra image --python-version 3.11 --constraint requirements.lock \
		--generate-hashes --no-emit-index-url --custom-compile-command "make lock" --output-file requirements-image.lock

clean: ## remove what was installed and built (data/ stays)
	rm -rf .venv .cache build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "touchpath needs Python 3.11 or newer: $(PYTHON) is $$($(PYTHON) --version 2>&1); set PYTHON=" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -qq -y python3-venv; } \
		|| { echo "touchpath needs Python's venv: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
