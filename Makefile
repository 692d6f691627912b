# Everything a developer or a newcomer runs. Needs Python >= 3.11 with venv, and nothing else.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# How many processes run tests: one for each core. Each takes whole stretches, as modules share what takes long to make
# (not by groups: what schemathesis makes for each operation has one name, and would be run once).
TESTERS ?= auto
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

.PHONY: help serve test browser screenshots check format lint types layers bench soak lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Couponry needs Python 3.11 or newer; set PYTHON=/path/to/python3."; exit 1; }
	@rm -f $(VENV)/.installed $(VENV)/.installed-dev
	$(PYTHON) -m venv $(VENV)

# Creating the environment may have been cut off before it had pip.
$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
	$(PIP) install --require-hashes --only-binary :all: -r requirements.lock
	$(PIP) install --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

serve: $(VENV)/.installed ## Start Couponry with its own PostgreSQL on http://127.0.0.1:8080
	@exec $(BIN)/couponry serve

test: $(VENV)/.installed-dev ## Run the tests
	$(BIN)/pytest -n $(TESTERS) --dist worksteal --ignore tests/browser

browser: $(VENV)/.installed-dev ## Walk through the console in Chromium
	$(BIN)/pytest -n $(TESTERS) --dist worksteal tests/browser

screenshots: $(VENV)/.installed-dev ## Walk through the console and keep the pictures in docs/screenshots
	SCREENSHOTS=docs/screenshots $(BIN)/pytest -n $(TESTERS) --dist worksteal tests/browser

check: format lint types layers test ## Everything that must hold before a commit

format: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .

types: $(VENV)/.installed-dev
	$(BIN)/basedpyright

layers: $(VENV)/.installed-dev
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev ## Measure against bare PostgreSQL and print a table of ratios
	$(BIN)/python -m bench

soak: $(VENV)/.installed-dev ## Redeem 100,000 times under fire and reckon every use (SOAK="--seed N" repeats a run)
	$(BIN)/python -m soak $(SOAK)

lock: ## Pin the newest allowed dependencies (needs uv)
	uv pip compile pyproject.toml --group build --universal --generate-hashes --python-version 3.11 --no-header -q -o requirements.lock
	uv pip compile pyproject.toml --group build --group dev -c requirements.lock --universal --generate-hashes --python-version 3.11 --no-header -q -o requirements-dev.lock

clean: ## Remove the virtual environment and caches (never your data)
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis
