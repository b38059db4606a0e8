# `make` without a target lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TAP := $(BIN)/python -m lib

# Make ignores unknown variables: `make up ENVIROMENT=prod` would deploy dev. Other tools read the second list.
VARIABLES := API_KEY APPLY AT CHECK CLIENTS CONFIG DRY ENV EXACT FAST FROM HEALTH PORT PYTHON REQUESTS SARIF SECONDS SEED SERVICE TABLE TAP_OUTPUTS TO URL VENV WORKERS YES
TOOL_VARIABLES := AWS_% CI GO% HYPOTHESIS_% NODE_% NO_COLOR PATH PIP_% PLAYWRIGHT_% PULUMI_% PYTEST_% PYTHON% SHELL TAP_ENGINE_REQUIRED TMPDIR npm_% HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy
UNKNOWN := $(filter-out $(VARIABLES) $(TOOL_VARIABLES),$(foreach name,$(.VARIABLES),$(if $(findstring command line,$(origin $(name))),$(name))))
NEAREST = import difflib, os, sys; word, *names = sys.argv[1:]; word = word.upper(); print(max(names, key=lambda name: len(os.path.commonprefix([word, name])) + difflib.SequenceMatcher(None, word, name).ratio()))
ifneq ($(UNKNOWN),)
SUGGESTION := $(shell $(firstword $(wildcard $(BIN)/python) $(PYTHON)) -c '$(NEAREST)' '$(firstword $(UNKNOWN))' $(VARIABLES) 2>/dev/null)
$(error $(firstword $(UNKNOWN)) is not a variable of this Makefile$(if $(SUGGESTION),. Did you mean $(SUGGESTION)?,.) The variables are: $(VARIABLES))
endif

SWITCHES := APPLY CHECK DRY EXACT FAST YES
$(foreach name,$(SWITCHES),$(if $(filter-out 0 1,$($(name)))$(word 2,$($(name))),$(error $(name) must be 1 or 0, got $($(name)). Default: 0)))

# In a terminal, show the progress of pip in one line.
PASSING := while IFS= read -r line; do case "$$line" in Collecting*|Installing*) if [ -t 2 ]; then printf '\r\033[K  %.90s' "$$line"; fi;; esac; done; if [ -t 2 ]; then printf '\r\033[K'; fi

.PHONY: help install local site seed test engine lint audit bench load scaling cost preview up rollback prune outputs destroy restore failover docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

install: $(VENV)/.installed ## create the virtual environment and install all dependencies

# Print the errors of pip or venv, in $$errors, as one line with the remedy.
define INSTALL_ERROR
case "$$errors" in \
*"No space left"*) why="The disk is full. Free 1 GB in $(CURDIR)";; \
*ensurepip*|*"No module named venv"*) why="$(PYTHON) cannot create a virtual environment. Install its venv module (Debian: python3-venv)";; \
*"Permission denied"*|*"Read-only"*) why="$(CURDIR) is not writable. Copy the project to a writable folder";; \
*"new connection"*|*"name resolution"*|*"to proxy"*|*"timed out"*) why="The package index is not reachable. Check the network, PIP_INDEX_URL and HTTPS_PROXY";; \
*) printf '%s\n' "$$errors" | tail -n 5; why="The packages could not be installed. Fix the error above";; \
esac; echo "error: $$why, then run make again."; exit 1
endef

$(VENV)/.installed: requirements.txt requirements-dev.txt pyproject.toml setup.py
	@command -v "$(PYTHON)" >/dev/null || { echo "error: $(PYTHON) is not installed. Install Python 3.11 or newer, or set PYTHON=path."; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $$("$(PYTHON)" --version) is too old. Install Python 3.11 or newer, or set PYTHON=path."; exit 1; }
	@[ -x $(BIN)/python ] || { echo "creating $(VENV) ..."; errors=$$("$(PYTHON)" -m venv $(VENV) 2>&1) || { rm -rf $(VENV); $(INSTALL_ERROR); }; }
	@echo "installing packages (only once, takes about a minute) ..."
	@{ errors=$$($(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -r requirements-dev.txt 2>&1 >&3); } 3> >($(PASSING)) || { $(INSTALL_ERROR); }
	@touch $@

# Options of the command from variables: TABLE=items becomes --table 'items', CONFIG="a=b c=d" becomes --config 'a=b' --config 'c=d'.
option = $(if $($(1)),$(2) '$($(1))')
switch = $(if $(filter 1,$($(1))),$(2))
OVERRIDES = $(foreach pair,$(CONFIG),--config '$(pair)')
OPTIONS :=
options = $(foreach name,$(OPTIONS),$(if $(filter CONFIG,$(name)),$(OVERRIDES),$(call $(if $(filter $(name),$(SWITCHES)),switch,option),$(name),--$(lower))))
lower = $(shell echo $(name:TAP_%=%) | tr A-Z a-z)

TOOLS := local seed audit load scaling cost preview up rollback prune outputs destroy restore failover
$(TOOLS): $(VENV)/.installed
	@exec $(TAP) $@ $(options)

# The default of the other commands is every service and environment.
local load preview up outputs destroy restore failover: ENV ?= dev
preview up outputs destroy restore failover: SERVICE ?= items

local: OPTIONS := SERVICE ENV PORT CHECK CONFIG ## deploy to a local AWS emulator and serve requests (SERVICE=name, ENV=suffix, PORT=n, CONFIG="key=value ...", CHECK=1 exits after the smoke test)
seed: OPTIONS := SERVICE ENV ## create demo data in a deployed service in cfn-outputs/ (SERVICE=name, default stock; ENV=suffix)
audit: OPTIONS := SERVICE ENV SARIF CONFIG ## evaluate the resources of deployments against security controls (SERVICE=name, ENV=suffix, CONFIG="key=value ...", SARIF=file)
load: OPTIONS := SERVICE ENV CLIENTS SECONDS WORKERS URL TAP_OUTPUTS CONFIG ## run a load test with 1,000 clients (SERVICE=name, default stock; CLIENTS=n, SECONDS=n, WORKERS=n; for a deployment: URL=url or TAP_OUTPUTS=file)
scaling: OPTIONS := SERVICE ## calculate the supported request rates (SERVICE=name)
cost: OPTIONS := SERVICE ENV REQUESTS CONFIG ## estimate the monthly cost on AWS (SERVICE=name, ENV=suffix, CONFIG="key=value ...", REQUESTS=n per month)
preview: OPTIONS := SERVICE ENV CONFIG ## show the changes that `make up` would make on AWS (SERVICE=name, ENV=suffix, CONFIG="key=value ...")
up: OPTIONS := SERVICE ENV YES CONFIG ## deploy to AWS and write the outputs to cfn-outputs/ (SERVICE=name, ENV=suffix, CONFIG="key=value ...", YES=1 confirms)
rollback: OPTIONS := SERVICE ENV ## roll back the functions of the stacks in cfn-outputs/ to the previous version; requires an alias (SERVICE=name, ENV=suffix)
prune: OPTIONS := SERVICE ENV ## delete the function versions that no alias uses, for the stacks in cfn-outputs/ (SERVICE=name, ENV=suffix)
outputs: OPTIONS := SERVICE ENV ## write the outputs of a deployment on AWS to cfn-outputs/ (SERVICE=name, ENV=suffix)
destroy: OPTIONS := SERVICE ENV YES ## delete a deployment on AWS, except tables that the environment retains (SERVICE=name, ENV=suffix, YES=1 confirms)
restore: STACK = $(SERVICE)-$(ENV)
restore: OPTIONS := STACK TABLE AT FROM APPLY EXACT ## restore a table next to the live table and compare them (TABLE=name, AT=time or FROM=backup ARN; APPLY=1 writes differences back, EXACT=1 also deletes new items)
failover: OPTIONS := SERVICE ENV TO HEALTH DRY ## deploy a service in a region with replicas of its tables, or fail back to the primary region (TO=region; DRY=1 only prints the steps)

site: $(VENV)/.installed ## build the web pages of services; requires Node.js (`make local` also builds them)
	@$(TAP) site build

# The documentation site loads these scripts instead of those of other hosts.
SITE_PACKAGES := @mermaid-js/tiny@11.17.2 iframe-worker@1.0.4
# Not with --quiet: it also silences the warnings that --strict counts.
BUILD_SITE = NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict 2>&1 | { grep -v ^INFO || true; }
docs: $(VENV)/.installed ## generate the reference pages and build the documentation site in build/site (PORT=n serves it)
	@$(TAP) docs
	@npm install --silent --no-audit --no-fund --ignore-scripts --no-save --prefix build/npm $(SITE_PACKAGES) || echo "npm is missing or failed: the site shows the source text of diagrams"
	@$(BUILD_SITE)
	@echo "$(if $(PORT),serving build/site,open build/site/index.html, or serve it: make docs PORT=8000)"
	@$(if $(PORT),exec $(BIN)/python -m http.server --bind 127.0.0.1 --directory build/site $(PORT))

# Tests run in random order. SEED=n repeats the order of a run, which prints its seed; SEED=none disables the random order.
PYTEST = $(BIN)/python -m pytest --numprocesses=auto $(if $(SEED),$(if $(filter none,$(SEED)),-p no:randomly,--randomly-seed=$(SEED)))
COVERED := --cov --cov-report=term-missing --cov-fail-under=100

test: $(VENV)/.installed ## run all tests except those of `make engine`, with coverage of lib/ (FAST=1 runs a fast subset; SEED=n repeats a test order; TAP_OUTPUTS=file runs only the integration tests, against that deployment)
	@$(PYTEST) --dist=loadfile $(if $(TAP_OUTPUTS),tests/integration,$(if $(filter 1,$(FAST)),tests/unit tests/component tests/handlers -m "not slow",--ignore=tests/engine $(COVERED)))

engine: $(VENV)/.installed ## run the tests with the real Pulumi engine; the first run builds the Pulumi CLI with Go unless it is on PATH
	@$(BIN)/python -m tests.engine.cli
	@$(PYTEST) --dist=loadgroup tests/engine

lint: $(VENV)/.installed ## run ruff, pylint, mypy and import-linter, and check that the documentation is up to date and builds
	@$(BIN)/ruff format --check lib tests benchmarks examples policy setup.py tap.py
	@$(BIN)/ruff check lib tests benchmarks examples policy setup.py tap.py
	@$(BIN)/pylint lib tests benchmarks examples policy setup.py tap.py
	@mkdir -p build/typing && ln -sfn ../../lib build/typing/tap_stack
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(TAP) docs --check
	@$(BUILD_SITE)

bench: $(VENV)/.installed ## run the benchmarks of this project and of comparable libraries
	@$(BIN)/python -m benchmarks

clean: ## delete the virtual environment, caches and build results
	@rm -rf $(VENV) .coverage .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
