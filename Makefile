# Paraph. `make run` and `make test` do everything; see README.md.

SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
APT_PACKAGES := softhsm2 poppler-utils chromium
# More than two cores' worth: half of the tests' time is waiting for processes that start.
TEST_WORKERS := 3
# Compile the code once, not again in each of the thousand processes that the tests start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run test check format bench conformance campaign lock clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(READY)  ## install what is missing

$(READY): requirements.lock pyproject.toml tools/setup.sh
	tools/setup.sh $(VENV) $(APT_PACKAGES)
	touch $@

run: $(READY)  ## a demo instance under var/: started, proved with a signed PDF, kept up
	exec $(BIN)/csc-server demo --instance var

test: check  ## lint, types, import contracts, tests
	$(BIN)/python -m pytest --numprocesses $(TEST_WORKERS)

check: $(READY)  ## lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## rewrite the code in the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)  ## speed, as ratios within one run, as a Markdown table
	$(BIN)/python -m bench

conformance: $(READY)  ## hold Paraph to the CSC API and publish the report; PROFILE=file: another server
ifdef PROFILE
	$(BIN)/python -m conformance --profile $(PROFILE) $(URL)
else
	$(BIN)/python -m tests.conformance.own
endif

campaign: $(READY)  ## the long crash, race and fault runs
	$(BIN)/python -m pytest tests/campaign tests/csc_server/status \
	    tests/csc_server/pages/test_every_page.py tests/conformance/test_defects.py --rounds 200 -s

lock: $(READY)  ## resolve the dependencies anew
	$(BIN)/uv pip compile --quiet --no-header --no-annotate --generate-hashes \
	    --python-version 3.11 --extra dev --output-file requirements.lock pyproject.toml

clean:  ## remove the environment; instances under var/ stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
