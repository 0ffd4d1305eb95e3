# make demo    what the SDK is for, in five acts, against fake servers of its own
# make check   lint, types and unit tests, side by side: what to run while you work (under a minute)
# make test    every check that there is (some minutes)
# make cover   the tests of make test, with coverage, which takes twice as long
# make hunt    the tests of make test, but those that hunt for bugs do it for long (hours)
# make mutants the share of mutants of the pure core that the tests kill (a quarter of an hour)
# make docs    the documentation -> docs/_build/html/index.html
# make bench   the SDK and its peers side by side, against the goals of the project;
#              BENCH='--write --plot' puts the figures into the documents
# make audit   known vulnerabilities of the dependencies, from a service on the network
# make release-check  what is built can be published, installed and used
# make codegen openapi.yaml -> src/grafana_oncall/_generated, docs/operations.md;
#              bulk/options.py -> bulk/methods.py
# make surface the public names -> tests/packaging/public_surface.txt
# make picture the demo's first acts -> docs/_static/demo.svg, the fake's page -> docs/_static/page.png
# make format  ruff's fixes and layout
# make clean   everything that these made
#
# PYTHON=python3.13 uses another interpreter. Each has its own environment, so that switching costs
# nothing: .venv for python3, .venv-python3.13 for python3.13.

PYTHON ?= python3
VENV := .venv$(patsubst %,-%,$(filter-out python3,$(notdir $(PYTHON))))
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest --numprocesses=auto --dist=worksteal
# Compiled files stay out of the sources, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/.pycache
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo check test cover hunt mutants docs bench audit release-check lint types mypy basedpyright unit codegen surface picture format clean
.DELETE_ON_ERROR:

demo: $(VENV)/.runtime
	@$(BIN)/python -m grafana_oncall.testing.demo

check: $(VENV)/.dev
	@$(MAKE) --no-print-directory --jobs=3 basedpyright unit lint mypy

# The linters first, side by side, since they fail fast; then the tests have the machine to themselves.
test: $(VENV)/.dev
	@$(MAKE) --no-print-directory --jobs=2 basedpyright lint mypy
	$(PYTEST)

cover: $(VENV)/.dev
	$(PYTEST) --cov --cov-report=term

hunt: $(VENV)/.dev
	HUNT=1 $(PYTEST)

# mutmut believes what it found before, whatever the tests have become: so it starts afresh.
mutants: $(VENV)/.mutants
	rm -rf mutants
	$(BIN)/mutmut run --max-children=$(or $(JOBS),1)
	@$(BIN)/python -m tests.mutants

docs: $(VENV)/.dev
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --nitpicky docs docs/_build/html

bench: $(VENV)/.bench
	@$(BIN)/python -m tests.benchmarks $(BENCH)

audit: $(VENV)-audit/.made
	@$(VENV)-audit/bin/python -m tests.packaging.audit

release-check: $(VENV)/.release
	rm -rf dist
	@$(BIN)/python -m tests.packaging.release

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m codegen --check
	$(BIN)/openapi-spec-validator openapi.yaml

types: mypy basedpyright

mypy: $(VENV)/.dev
	$(BIN)/mypy

basedpyright: $(VENV)/.dev
	$(BIN)/basedpyright --pythonpath $(BIN)/python

unit: $(VENV)/.dev
	$(PYTEST) -q tests/unit

codegen: $(VENV)/.dev
	$(BIN)/python -m codegen

surface: $(VENV)/.dev
	$(BIN)/python -m tests.packaging.public_surface --write

picture: $(VENV)/.dev
	$(BIN)/python -m tests.packaging.picture
	$(BIN)/python -m tests.packaging.page_picture

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .venv-* docs/_build .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache dist mutants

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed (make PYTHON=python3.12 ...)" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

# A folder that was made by hand may have an older pip, which knows no dependency groups.
$(VENV)/.pip: | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.runtime: pyproject.toml | $(VENV)/.pip
	$(BIN)/python -m pip install --quiet --editable '.[testing,rich]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --editable '.[testing,rich]' --group dev
	@touch $@

$(VENV)/.bench: pyproject.toml | $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --editable '.[testing]' --group bench
	@touch $@

$(VENV)/.mutants: pyproject.toml | $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --editable '.[testing,rich]' --group mutants
	@touch $@

$(VENV)/.release: pyproject.toml | $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --group release
	@touch $@

# Apart from the others, whose versions the many dependencies of pip-audit must not decide.
$(VENV)-audit/.made: pyproject.toml
	$(PYTHON) -m venv --upgrade-deps $(VENV)-audit
	@$(VENV)-audit/bin/python -m pip install --quiet --group audit \
		|| { echo 'make audit: pip-audit cannot be installed here, so nothing was checked.' >&2; exit 1; }
	@touch $@
