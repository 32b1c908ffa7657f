# Two commands do all the set-up: `make demo` runs the main job, `make test` passes the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO_LIBRARY := run/demo-library
SOUNDALIKE := $(BIN)/soundalike

.PHONY: help demo test test-slow check format clean
help:
	@echo "make demo    generate a small collection, index it, search it"
	@echo "make test    run the tests"
	@echo "make test-slow  run those that take minutes"
	@echo "make check   ruff, mypy --strict, import-linter"
	@echo "make format  lay the code out"
	@echo "make clean   remove what was generated (not the environment)"

# The environment is made once, and again when pyproject.toml changes. uv installs it in a third of pip's time.
$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Soundalike needs Python 3.11 or later; set PYTHON=...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable ".[bench,dev,map]"
	touch $@

demo: $(STAMP)
	@$(BIN)/python data/run_demo.py --collection data/demo --library $(DEMO_LIBRARY)

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-slow: $(STAMP)
	$(BIN)/python -m pytest -m slow --timeout=3600

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf run data/demo build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
