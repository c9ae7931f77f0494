# The commands of the project; each makes the environment it needs by itself.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
# Named by what the environment is made from, so that it is made anew when that changes.
READY := $(VENV)/ready-$(shell (cat requirements.lock; sed '/^\[tool/,$$d' pyproject.toml) | cksum | cut -d' ' -f1)

.PHONY: demo test lint lab bench bench-dashboards docs lock clean
.DEFAULT_GOAL := demo

demo: $(READY)  ## run the quarter on the demonstration data and serve it
	@$(BIN)/ostwerk demo

test: $(READY)  ## the whole suite, on as many cores as there are; a file stays on one
	@$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile $(ARGS)

lint: $(READY)  ## style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

lab: $(READY)  ## JupyterLab on notebooks/
	@$(BIN)/ostwerk lab

bench: $(READY)  ## the figures of docs/benchmarks.md
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

bench-dashboards:  ## our page beside Streamlit, Panel, Dash, marimo and plain Voilà; RELEASE=folder
	@test -d $(VENV)-dashboards || { python3 -m venv $(VENV)-dashboards \
	  && $(VENV)-dashboards/bin/python -m pip install -qq -e ".[dev,dashboards]"; }
	@$(VENV)-dashboards/bin/python benchmarks/dashboards/measure.py $(RELEASE)

docs: $(READY)  ## the documentation, in docs/_build/html
	@$(BIN)/python -m sphinx -W -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

lock:  ## pin anew what pyproject.toml asks for; needs uv
	uv pip compile --universal --python-version 3.11 --generate-hashes --extra dev --no-header \
	  --no-emit-index-url --no-emit-find-links --quiet --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) docs/_build docs/generated

# The newest Python from 3.11 to 3.13 that really runs: a name on the PATH may be an empty promise.
$(READY):
	@python=; for version in 3.13 3.12 3.11; do \
	  if python$$version -c 'import venv, ensurepip' 2>/dev/null; then python=python$$version; break; fi; \
	done; \
	if [ -z "$$python" ]; then echo "No Python 3.11, 3.12 or 3.13 found. Install one."; exit 1; fi; \
	echo "Making $(VENV) with $$($$python --version); this takes a minute or two."; \
	rm -rf $(VENV) && $$python -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
