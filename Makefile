# Every target sets up and reuses .venv by itself; nothing but Python 3.11+ and make is needed before.
.PHONY: demo test lint docs bench clean setup
.DEFAULT_GOAL := test

# The first interpreter here that is 3.11 or newer; override with `make PYTHON=/path/to/python test`.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { command -v "$$p"; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# A stamp per dependency group: an install happens once, and again when pyproject.toml changes.
$(VENV)/.base: pyproject.toml
	@test -n "$(PYTHON)" || { echo "bomvet needs Python 3.11 or newer on PATH (or make PYTHON=...)" >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --editable .
	@$(BIN)/python -m compileall -q src  # as pip does for an installed wheel; else each start may compile anew
	@touch $@

$(VENV)/.%: pyproject.toml $(VENV)/.base
	@$(BIN)/python -m pip install --quiet --group $*
	@touch $@

# What the readers of npm's formats and the order of its versions are compared with; where these cannot be had, the tests that need them are skipped.
NODE_TOOLS := pnpm@10.34.8 pnpm-8@npm:pnpm@8.15.9 yarn@1.22.22 @yarnpkg/cli-dist@4.18.1 semver@7.8.6
$(VENV)/.node-tools: Makefile $(VENV)/.base
	@npm install --prefix $(VENV)/node-tools --no-save --no-audit --no-fund --ignore-scripts --engine-strict --loglevel=error \
		$(NODE_TOOLS) >/dev/null && touch $@ || echo "no pnpm, Yarn and semver: what is compared with them is skipped" >&2

setup: $(VENV)/.dev

demo: $(VENV)/.base
	@$(BIN)/python sample_projects/demo.py

test: lint $(VENV)/.node-tools
	@$(BIN)/python -m pytest

lint: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

docs: $(VENV)/.docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir site

bench: $(VENV)/.dev $(VENV)/.bench
	@$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) site .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
