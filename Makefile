# `make` alone lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TAP := $(BIN)/python -m lib

# Make ignores variables that nothing uses: `make up ENVIROMENT=prod` would deploy dev. The second list is for other tools.
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

# Where somebody watches, one line that tells how far pip has come.
PASSING := while IFS= read -r line; do case "$$line" in Collecting*|Installing*) if [ -t 2 ]; then printf '\r\033[K  %.90s' "$$line"; fi;; esac; done; if [ -t 2 ]; then printf '\r\033[K'; fi

.PHONY: help install local site seed test engine lint audit bench load scaling cost preview up rollback prune outputs destroy restore failover docs clean

help: ## list these
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

install: $(VENV)/.installed ## make the virtual environment and install everything into it

# What pip or venv wrote, in $$errors, as one line with the remedy.
define INSTALL_ERROR
case "$$errors" in \
*"No space left"*) why="the disk is full: free 1 GB in $(CURDIR)";; \
*ensurepip*|*"No module named venv"*) why="$(PYTHON) cannot make a virtual environment: install its venv module (Debian: python3-venv)";; \
*"Permission denied"*|*"Read-only"*) why="$(CURDIR) cannot be written: copy the project to a folder of your own";; \
*"new connection"*|*"name resolution"*|*"to proxy"*|*"timed out"*) why="the package index cannot be reached: check the network, PIP_INDEX_URL and HTTPS_PROXY";; \
*) printf '%s\n' "$$errors" | tail -n 5; why="the packages could not be installed, for the reason above";; \
esac; echo "error: $$why; then run make again"; exit 1
endef

$(VENV)/.installed: requirements.txt requirements-dev.txt pyproject.toml setup.py
	@command -v "$(PYTHON)" >/dev/null || { echo "error: no $(PYTHON) found: install Python 3.11 or newer, or name one with PYTHON=..."; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $$("$(PYTHON)" --version) is too old: install Python 3.11 or newer, or name one with PYTHON=..."; exit 1; }
	@[ -x $(BIN)/python ] || { echo "making $(VENV) ..."; errors=$$("$(PYTHON)" -m venv $(VENV) 2>&1) || { rm -rf $(VENV); $(INSTALL_ERROR); }; }
	@echo "installing packages, once: about a minute ..."
	@{ errors=$$($(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -r requirements-dev.txt 2>&1 >&3); } 3> >($(PASSING)) || { $(INSTALL_ERROR); }
	@touch $@

# Variables as options of the command: TABLE=items is --table 'items', CONFIG="a=b c=d" is --config 'a=b' --config 'c=d'.
option = $(if $($(1)),$(2) '$($(1))')
switch = $(if $(filter 1,$($(1))),$(2))
OVERRIDES = $(foreach pair,$(CONFIG),--config '$(pair)')
OPTIONS :=
options = $(foreach name,$(OPTIONS),$(if $(filter CONFIG,$(name)),$(OVERRIDES),$(call $(if $(filter $(name),$(SWITCHES)),switch,option),$(name),--$(lower))))
lower = $(shell echo $(name:TAP_%=%) | tr A-Z a-z)

TOOLS := local seed audit load scaling cost preview up rollback prune outputs destroy restore failover
$(TOOLS): $(VENV)/.installed
	@exec $(TAP) $@ $(options)

# Without SERVICE or ENV, the other commands cover all of them.
local load preview up outputs destroy restore failover: ENV ?= dev
preview up outputs destroy restore failover: SERVICE ?= items

local: OPTIONS := SERVICE ENV PORT CHECK CONFIG ## deploy on this machine and serve (SERVICE=one, PORT=n, ENV=suffix, CONFIG="key=value ...", CHECK=1 ends after the demo calls)
seed: OPTIONS := SERVICE ENV ## demo data for a service in cfn-outputs/, here or on AWS (SERVICE=one, stock by default; ENV=suffix: only there)
audit: OPTIONS := SERVICE ENV SARIF CONFIG ## evaluate what would be deployed by named controls (SERVICE=one, ENV=one, CONFIG="key=value ...", SARIF=file)
load: OPTIONS := SERVICE ENV CLIENTS SECONDS WORKERS URL TAP_OUTPUTS CONFIG ## a load test with 1,000 clients (SERVICE=stock, CLIENTS=n, SECONDS=n, WORKERS=n; of a deployment: URL= or TAP_OUTPUTS=file)
scaling: OPTIONS := SERVICE ## calculate the request rates that deployments support (SERVICE=one)
cost: OPTIONS := SERVICE ENV REQUESTS CONFIG ## what a month costs on AWS (SERVICE=one, ENV=suffix, CONFIG="key=value ...", REQUESTS=a month)
preview: OPTIONS := SERVICE ENV CONFIG ## show what `make up` would change on AWS (SERVICE=one, ENV=suffix, CONFIG="key=value ...")
up: OPTIONS := SERVICE ENV YES CONFIG ## deploy to AWS, then write cfn-outputs/ (SERVICE=one, ENV=suffix, CONFIG="key=value ...", YES=1 confirms)
rollback: OPTIONS := SERVICE ENV ## return aliases of the stacks in cfn-outputs/ to the previous version (SERVICE=one, ENV=suffix: only that)
prune: OPTIONS := SERVICE ENV ## delete the published versions that no alias calls, for the stacks in cfn-outputs/
outputs: OPTIONS := SERVICE ENV ## write the outputs of a deployment on AWS to cfn-outputs/ (SERVICE=one, ENV=suffix)
destroy: OPTIONS := SERVICE ENV YES ## delete a deployment on AWS (YES=1 confirms); tables that the environment retains stay
restore: STACK = $(SERVICE)-$(ENV)
restore: OPTIONS := STACK TABLE AT FROM APPLY EXACT ## restore a table beside the live one (TABLE=, AT=time or FROM=backup; APPLY=1 writes back, EXACT=1 deletes, too)
failover: OPTIONS := SERVICE ENV TO HEALTH DRY ## deploy a service where its tables have replicas (TO=region; DRY=1 only reports), or at home again

site: $(VENV)/.installed ## build the pages of services that have any; needs Node.js (make local does it, too)
	@$(TAP) site build

# Scripts of the documentation site, which so works without network.
SITE_PACKAGES := @mermaid-js/tiny@11.17.2 iframe-worker@1.0.4
# Not with --quiet: it also silences the warnings that --strict counts.
BUILD_SITE = NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict 2>&1 | { grep -v ^INFO || true; }
docs: $(VENV)/.installed ## generate the reference pages and build the documentation site in build/site (PORT=n serves it)
	@$(TAP) docs
	@npm install --silent --no-audit --no-fund --ignore-scripts --no-save --prefix build/npm $(SITE_PACKAGES) || echo "npm is missing or failed: the site shows the source text of diagrams"
	@$(BUILD_SITE)
	@echo "$(if $(PORT),serving build/site,open build/site/index.html, or serve it: make docs PORT=8000)"
	@$(if $(PORT),exec $(BIN)/python -m http.server --bind 127.0.0.1 --directory build/site $(PORT))

# Tests run in random order; SEED=n repeats that of a run, which prints it, and SEED=none runs them as they are written.
PYTEST = $(BIN)/python -m pytest --numprocesses=auto $(if $(SEED),$(if $(filter none,$(SEED)),-p no:randomly,--randomly-seed=$(SEED)))
COVERED := --cov --cov-report=term-missing --cov-fail-under=100

test: $(VENV)/.installed ## every test but those of `make engine`, with coverage of lib/ (FAST=1: those to run while editing; SEED=n: in that order; TAP_OUTPUTS=file: the integration tests against that deployment)
	@$(PYTEST) --dist=loadfile $(if $(filter 1,$(FAST)),tests/unit tests/component tests/handlers -m "not slow",--ignore=tests/engine $(COVERED))

engine: $(VENV)/.installed ## the tests under the real Pulumi engine; the first run builds the CLI with Go unless one is on PATH
	@$(BIN)/python -m tests.engine.cli
	@$(PYTEST) --dist=loadgroup tests/engine

lint: $(VENV)/.installed ## ruff, pylint, mypy, the direction of imports, and that the documentation is up to date and builds
	@$(BIN)/ruff format --check lib tests benchmarks examples policy setup.py tap.py
	@$(BIN)/ruff check lib tests benchmarks examples policy setup.py tap.py
	@$(BIN)/pylint lib tests benchmarks examples policy setup.py tap.py
	@mkdir -p build/typing && ln -sfn ../../lib build/typing/tap_stack
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(TAP) docs --check
	@$(BUILD_SITE)

bench: $(VENV)/.installed ## measure, beside peers doing the same work
	@$(BIN)/python -m benchmarks

clean: ## remove what can be made again
	@rm -rf $(VENV) .coverage .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
