# Everything this project can do. `make` alone lists it.

SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# An installed uv is used; otherwise one is put into the virtual environment, checked by hash.
UV = $$(command -v uv || echo $(BIN)/uv)

export HEALTHSPACE_DATA ?= $(CURDIR)/healthspace-data
CITIZENS ?= 50
PORT ?= 8000
T ?=

.PHONY: help demo clean-demo test check lint types imports fast format bench torture golden pages rules screenshots browser definitions lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

demo: $(VENV)/.run ## the whole system on synthetic citizens (CITIZENS=50 PORT=8000)
	@exec $(BIN)/healthspace demo --citizens $(CITIZENS) --port $(PORT)

clean-demo: ## forget the demonstration's data
	rm -rf "$(HEALTHSPACE_DATA)"

test: check-quality browser ## every check and test: what CI runs
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(T)

check: check-quality fast ## lint, types, imports and the fast tests

.PHONY: check-quality
check-quality: lint types imports

lint: $(VENV)/.dev
	$(BIN)/ruff check src tests tools
	$(BIN)/ruff format --check src tests tools

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

fast: $(VENV)/.dev ## the tests that need no database
	$(BIN)/pytest -q tests/pure

format: $(VENV)/.dev ## rewrite the code in the house's format
	$(BIN)/ruff check --fix src tests tools
	$(BIN)/ruff format src tests tools

bench: $(VENV)/.run ## FHIR work on a service of its own, beside floors and limits
	@$(BIN)/healthspace bench --output bench/latest.json

pages: $(VENV)/.dev ## what each page of the portal costs on a record of 500 documents
	@PYTHONPATH=. $(BIN)/python tools/pages.py

rules: $(VENV)/.dev ## how many decisions of the access rules one core makes in a second
	@PYTHONPATH=. $(BIN)/python tools/rules.py

torture: $(VENV)/.dev ## kill -9 of the service and of PostgreSQL during 500 deposits
	HEALTHSPACE_KILL_DEPOSITS=500 $(BIN)/pytest -q tests/journeys/test_kill.py

golden: $(VENV)/.dev ## rewrite the golden files; read the diff
	HEALTHSPACE_GOLDEN=write $(BIN)/pytest -q tests/pure

screenshots: $(VENV)/.dev browser ## remake the pictures of README and docs
	$(BIN)/python tools/screenshots.py

browser: ## Chromium for the browser tests: installed where it is missing; without it the tests fail
	@if [ -n "$$CHROMIUM" ] || command -v chromium >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ]; then S=; elif sudo -n true 2>/dev/null; then S=sudo; else S=no; fi; \
	if [ "$$S" = no ] || ! command -v apt-get >/dev/null; then \
	  echo "Chromium is missing and cannot be installed here: install it, or set CHROMIUM to its path"; exit 1; fi; \
	$$S apt-get -qq update && $$S env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends chromium fonts-liberation >/dev/null

definitions: $(VENV)/.dev ## write the tables of FHIR R4 anew from the public package (needs Maven)
	$(BIN)/python tools/r4_definitions.py

lock: $(VENV)/.dev ## compile the hashed requirement files anew
	compile() { $(UV) pip compile -q --generate-hashes --universal --python-version 3.11 --custom-compile-command "make lock" "$$@"; }; \
	compile requirements/bootstrap.in -o requirements/bootstrap.txt && \
	compile pyproject.toml -o requirements/run.txt && compile requirements/dev.in -o requirements/dev.txt

clean: ## remove what was installed and cached (not the data)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed (PYTHON=…)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@command -v uv >/dev/null || $(BIN)/python -m pip install -q --require-hashes -r requirements/bootstrap.txt

$(VENV)/.run: $(VENV)/bin/python requirements/run.txt pyproject.toml
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install -q --require-hashes -r requirements/run.txt
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install -q --no-deps -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install -q --require-hashes -r requirements/dev.txt
	@touch $@
