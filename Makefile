# Everything a person does with this project. Needs Python 3.11 or later and pip; the rest is fetched into .venv.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
ARGS ?=
NAME ?=
FULL ?=
.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(STAMP) ## Make .venv with the locked dependencies and the notify command

# A Python without ensurepip can still make an empty environment, which the pip outside it then fills.
$(STAMP): requirements.txt requirements-dev.txt requirements-uv.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed; name one with PYTHON=..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip .venv
	@if $(BIN)/python -c 'import pip' 2>/dev/null; then pip="$(BIN)/python -m pip"; else pip="$(PYTHON) -m pip --python $(BIN)/python"; fi; \
		$$pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements-dev.txt requirements-uv.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: demo
demo: $(STAMP) ## A month of a unit's cases in simulated time, then both doors and a worker (ARGS=--no-serve stops first)
	@$(BIN)/notify demo $(ARGS)

.PHONY: test
test: $(STAMP) ## Run the tests (ARGS= goes to pytest)
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

.PHONY: lint
lint: $(STAMP) ## Read the code without running it: style, types, direction of imports, migrations
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && export DATABASE_URL="sqlite:///$$scratch/check.db" \
		&& $(BIN)/alembic upgrade head && $(BIN)/alembic check

.PHONY: check
check: lint test ## Exactly what CI runs: lint and test

.PHONY: format
format: $(STAMP) ## Lay the code out
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

.PHONY: bench
bench: $(STAMP) ## Run one benchmark: make bench NAME=replay (FULL=1 for the whole)
	@$(BIN)/python -m bench $(NAME) $(if $(FULL),--full)

.PHONY: chaos
chaos: $(STAMP) ## Kill workers, databases and calls in mid-burst, and count what was lost or sent twice (ARGS=--short for minutes)
	@$(BIN)/python -m chaos $(ARGS)

.PHONY: lock
lock: $(STAMP) ## Choose versions anew from the .in files (ARGS=--upgrade for the newest)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate $(ARGS) requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate $(ARGS) -c requirements.txt requirements-dev.in -o requirements-dev.txt
	echo uv | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate $(ARGS) - -o requirements-uv.txt

.PHONY: clean
clean: ## Remove everything that can be made again, the environment and local data included
	rm -rf .venv var build dist notify.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage bench/results
