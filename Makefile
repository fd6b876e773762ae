PYTHON ?= python3
VENV ?= .venv
# Tests run on Airflow as constraints.txt has it, or on AIRFLOW=3.1 in an environment of its own.
TEST_VENV = $(if $(AIRFLOW),.venv-airflow-$(AIRFLOW),$(VENV))
CONSTRAINTS := $(wildcard constraints.txt)

INSTALL = VIRTUAL_ENV=$(abspath $(VENV)) $(VENV)/bin/uv pip install --quiet $(addprefix --constraint ,$(CONSTRAINTS))

.DEFAULT_GOAL := help
.PHONY: help demo demo-ui test lint docs constraints clean

help: ## List the targets.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

demo: $(VENV)/.demo ## Run weeks of 2013 through Airflow (WEEKS=2013-02-04,2013-12-23 or WEEKS=all chooses).
	@$(VENV)/bin/python dags/flight_delay/demo.py

demo-ui: $(VENV)/.demo ## Serve the last demo in Airflow's own UI on this machine (PORT=8080); Ctrl-C stops it.
	@$(VENV)/bin/python dags/flight_delay/demo_ui.py

$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, 13) or sys.exit("Python %d.%d cannot run this; give one from 3.11 to 3.13: make PYTHON=python3.12" % v)'
	@echo "Making the environment $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv

$(VENV)/.demo: pyproject.toml $(CONSTRAINTS) | $(VENV)/bin/uv
	@echo "Installing Airflow, the package and what the demo needs ..."
	@$(INSTALL) --editable '.[demo]'
	@touch $@

# Tests start many processes: compiled once for all, each begins seconds earlier.
$(VENV)/.dev: pyproject.toml $(CONSTRAINTS) | $(VENV)/bin/uv
	@echo "Installing what the tests need ..."
	@$(INSTALL) --compile-bytecode --editable '.[dev]'
	@touch $@ $(VENV)/.demo

# Three at a time even on two cores: tests mostly wait for processes of Airflow. A file's tests share what they start.
test: lint docs $(TEST_VENV)/.dev ## Lint, type-check, build the docs and run every test (AIRFLOW=3.1 runs the tests on that Airflow).
	$(TEST_VENV)/bin/python -m pytest -n 3 --dist loadfile

# Airflow 3.2 sets no upper bounds on FastAPI and svcs, and newer ones break it: svcs 26 takes its registry from an
# execution API that `dag.test()` still uses. constraints.txt is for the newest Airflow and is not used here.
.venv-airflow-%/.dev: pyproject.toml | $(VENV)/bin/uv
	@echo "Installing Airflow $* and what the tests need into $(@D) ..."
	@$(VENV)/bin/uv venv --quiet --clear --python $(VENV)/bin/python $(@D)
	@printf '%s\n' 'fastapi<0.137' 'svcs<26' | VIRTUAL_ENV=$(abspath $(@D)) $(VENV)/bin/uv pip install --quiet --compile-bytecode \
		--constraint /dev/stdin 'apache-airflow==$*.*' --editable '.[dev]'
	@touch $@

lint: $(VENV)/.dev ## Style, types and the import contract.
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

docs: $(VENV)/.dev ## Build the documentation into docs/_build/html; warnings are errors.
	$(VENV)/bin/sphinx-build --fail-on-warning --keep-going --quiet docs docs/_build/html

constraints: $(VENV)/bin/uv ## Choose the newest versions that fit together, for all supported Pythons.
	$(VENV)/bin/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --upgrade --quiet \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --output-file constraints.txt

clean: ## Remove the environments and everything made.
	rm -rf $(VENV) .venv-airflow-* .venv-peers .demo docs/_build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
