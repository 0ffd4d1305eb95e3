# make demo    the whole main job, against a server that it starts itself
# make test    every check that there is
# make bench   the SDK and its peers side by side, against the goals of the project
# make codegen openapi.yaml -> src/grafana_oncall/_generated
# make surface the public names -> tests/packaging/public_surface.txt
# make format  ruff's fixes and layout
# make clean   everything that these made

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONDONTWRITEBYTECODE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test bench lint types codegen surface format clean
.DELETE_ON_ERROR:

demo: $(VENV)/.runtime
	@$(BIN)/python -m grafana_oncall.testing.demo

test: lint types
	$(BIN)/python -m pytest --cov --cov-report=term

bench: $(VENV)/.bench
	@$(BIN)/python -m tests.benchmarks $(BENCH)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m codegen --check
	$(BIN)/openapi-spec-validator openapi.yaml

types: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/basedpyright

codegen: $(VENV)/.dev
	$(BIN)/python -m codegen

surface: $(VENV)/.dev
	$(BIN)/python -m tests.packaging.public_surface --write

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache dist

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
