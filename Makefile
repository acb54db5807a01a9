# make run    install what the page needs and open it          PORT=8600, ARGS="--server.headless true"
# make test   install everything, a browser and a screen (Xvfb) too; lint, types, every test      TESTS=tests/test_io_tables.py
# make lint   ruff and mypy       make bench   timings in one interleaved run      make install   both requirement files
# make bench-page   the page's own speed in a real Chromium, beside its rivals
#
# TORCH_BACKEND=cpu leaves CUDA out (needs uv).  PYTHON=python3.12 picks the interpreter of a new .venv.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help install run test lint format bench bench-page browser clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TESTS ?= tests
JOBS ?= 2
SLOWEST := --durations=40 --durations-min=2
SERVERLESS := tests/browser/test_instrument.py tests/browser/test_gallery.py
ALONE := $(filter-out $(SERVERLESS),$(wildcard tests/browser/test_*.py)) tests/test_javascript_colour.py tests/test_io_large.py

# uv does not read pip's settings; with the same wheels on offer both choose the same torch.
empty :=
comma := ,
ifndef UV_FIND_LINKS
ifdef PIP_FIND_LINKS
export UV_FIND_LINKS := $(subst $(empty) $(empty),$(comma),$(strip $(PIP_FIND_LINKS)))
endif
endif

# `$(call add,ARGUMENTS)`: uv where there is one (ten times faster), pip otherwise. Python keeps the bytecode of what
# it imports; where it is told not to, everything is compiled now, or torch would be parsed again at every start.
UV := $(shell command -v uv 2>/dev/null || echo $(BIN)/uv)
UV_FLAGS := --quiet $(if $(PYTHONDONTWRITEBYTECODE),--compile-bytecode) \
            $(if $(TORCH_BACKEND),--torch-backend $(TORCH_BACKEND))
add = if [ -x "$(UV)" ]; then VIRTUAL_ENV="$(CURDIR)/$(VENV)" "$(UV)" pip install $(UV_FLAGS) $(1); \
      else $(BIN)/python -m pip install --quiet --disable-pip-version-check $(1); fi

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

install: $(VENV)/.dev

$(BIN)/python:
	@echo "Making $(VENV) …"
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "HOT Lens needs Python 3.11 or later. Name one: make PYTHON=python3.12 …" >&2; exit 1; }
	@if [ -x "$$(command -v uv || true)" ]; then uv venv --quiet --python "$$(command -v $(PYTHON))" $(VENV); \
	 else "$(PYTHON)" -m venv $(VENV) && \
	      { $(BIN)/python -m pip install --quiet --disable-pip-version-check uv || echo "No uv to be had: pip does it."; }; fi

$(VENV)/.runtime: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing what the page needs (requirements.txt) and the project itself …"
	@$(call add,-r requirements.txt)
	@$(call add,--no-deps --editable .)
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "Installing what the tests need (requirements-dev.txt) …"
	@$(call add,-r requirements-dev.txt)
	@touch $@

run: $(VENV)/.runtime
	$(BIN)/streamlit run app/main.py $(if $(PORT),--server.port $(PORT)) $(ARGS)

# Most tests run on JOBS cores at once; those in front of the app, and those that measure time, have the machine to
# themselves: beside each other they take as long, since a page, its server and the drawing of it keep two cores busy.
test: install browser lint
ifeq ($(TESTS),tests)
	passed=0; \
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests $(ALONE:%=--ignore=%) -n $(JOBS) --dist loadfile $(SLOWEST) $(ARGS) || passed=$$?; \
	$(BIN)/python -m pytest $(ALONE) $(SLOWEST) $(ARGS) || passed=$$?; \
	exit $$passed
else
	$(BIN)/python -m pytest $(TESTS) $(ARGS)
endif

lint: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: install
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: install
	$(BIN)/python -m tests.benchmarks $(ARGS)

bench-page: install browser
	$(BIN)/python -m tests.benchmarks.page $(ARGS)

browser: install
	@tests/browser/install.sh $(BIN)/python

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache *.egg-info
