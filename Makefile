# The only task runner. `make` alone says what there is to do.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The first Python that is 3.11 or later and can make a virtual environment.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3 python; do \
	if $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' \
	>/dev/null 2>&1; then echo $$python; break; fi; done)

define NEEDS_PYTHON
@test -n "$(PYTHON)" || { \
	echo "Headrace needs Python 3.11 or later, with venv. Name one: make PYTHON=python3.12" >&2; \
	exit 1; }
endef

VENV := .venv
BIN := $(VENV)/bin
LOCKED := $(VENV)/.locked
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
UV_VENV := .venv-lock
UV_VERSION := 0.13.9
# The second emulator pins a botocore of its own.
MINISTACK_VENV := .venv-ministack
MINISTACK := ministack>=1.5.33,<2
# So do the security linter and the SAM CLI.
CHECKOV_VENV := .venv-checkov
CHECKOV := checkov>=3.3,<4
SAM_VENV := .venv-sam
SAM := aws-sam-cli>=1.170,<2
AUDIT_VENV := .venv-audit
AUDIT := pip-audit>=2.10,<3
LOCKS := $(sort $(wildcard requirements*.lock))

# What `make run` reads: a file or a folder. This repository by default.
INPUT ?= .
# What Lambda gets besides, such as `models`: make lock EXTRAS=models.
EXTRAS ?=
# More words for pytest: make test ARGS="-k lease".
ARGS ?=
# How many processes `make test` shares its files among: 0 where it is to show what tests print.
PROCESSES ?= auto
# What `make simulate` plays: so many schedules from the seed FIRST on, or that of SEED alone.
SCHEDULES ?= 10000
FIRST ?= 1
# How many processes `make kill` kills. SEED repeats which, though not at which moments exactly.
KILLS ?= 200
# The tests that ask for the second emulator are among the others where it is installed.
EVERYWHERE = $(if $(wildcard $(MINISTACK_VENV)/.locked),-m "not live and not built")

.PHONY: help
help: ## Say what there is to do
	@echo "Usage: make TARGET"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: export HEADRACE_INPUT_PATH = $(INPUT)
run: $(INSTALLED) ## Run the digest workflow on this repository, or on INPUT=a file or folder
	@echo "Running the workflow 'digest' on '$$HEADRACE_INPUT_PATH'. Nothing leaves this machine."
	@$(BIN)/python -c 'import json, os; print(json.dumps({"path": os.environ["HEADRACE_INPUT_PATH"]}))' \
		| $(BIN)/headrace run digest --input -

.PHONY: review
review: $(INSTALLED) ## Run the review workflow on the reviews that come with it
	@$(BIN)/headrace run review

.PHONY: test
test: $(INSTALLED) ## Run the tests; ARGS="-k lease" goes to pytest
	@$(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist loadfile $(EVERYWHERE) $(ARGS)

.PHONY: test-ministack
test-ministack: $(INSTALLED) $(MINISTACK_VENV)/.locked ## Run the tests that need the second emulator
	@$(BIN)/python -m pytest -m ministack $(ARGS)

.PHONY: simulate
simulate: $(INSTALLED) ## Play seeded schedules: SCHEDULES=100000, FIRST=1; SEED=7 shows one
	@$(BIN)/python -m tests.simulation --schedules $(SCHEDULES) --first $(FIRST) \
		$(if $(SEED),--seed $(SEED))

.PHONY: mutations
mutations: $(INSTALLED) ## Break the engine in every known way; find each out, keep the seeds
	@$(BIN)/python -m tests.simulation mutations

.PHONY: kill
kill: $(INSTALLED) ## Kill processes at random while runs go on: KILLS=300, SEED=7
	@KILLS=$(KILLS) $(BIN)/python -m pytest -s tests/kill $(EVERYWHERE) $(ARGS)

.PHONY: proof
proof: $(INSTALLED) $(MINISTACK_VENV)/.locked ## Show figures: 49 siblings, 10,000 runs, three ways
	@$(BIN)/python -m pytest -s tests/e2e -m "not live" $(ARGS)

.PHONY: bench
bench: $(INSTALLED) ## Measure what stages and runs cost on AWS; ARGS goes to pytest
	@$(BIN)/python -m pytest -s tests/benchmarks $(ARGS)

.PHONY: bench-work
bench-work: $(INSTALLED) ## Measure how many stages a worker that stays does a second, by its threads
	@POWERTOOLS_LOG_LEVEL=ERROR POWERTOOLS_METRICS_DISABLED=true $(BIN)/python -m tests.working

# Built for this machine, and by its Python: Lambda's own artefact would not start here.
.PHONY: bench-cold
bench-cold: HERE = $(shell $(BIN)/python -c 'import sysconfig; \
	print("build/packages", sysconfig.get_platform(), sysconfig.get_python_version(), sep="-")')
bench-cold: $(INSTALLED) ## Measure the artefact, and how long the functions take to start
	@rm -rf build/here
	@$(MAKE) build-WorkerFunction ARTIFACTS_DIR=build/here PACKAGES=$(HERE) PLATFORM= \
		PYTHON=$(BIN)/python COMPILER=$(BIN)/python
	@$(BIN)/python -m tests.cold build/here $(ARGS)

.PHONY: check
check: $(INSTALLED) ## Lint, formatting, types, architecture, template
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cfn-lint template.yaml
	$(BIN)/python .ci/lint_template.py

.PHONY: audit-template
audit-template: $(INSTALLED) $(CHECKOV_VENV)/.locked ## Look for what is unsafe in template and Dockerfile; reasons: .ci/checkov.yaml
	@mkdir -p build && $(BIN)/python .ci/spell_out.py > build/template.json
	@$(CHECKOV_VENV)/bin/checkov --config-file .ci/checkov.yaml

.PHONY: validate
validate: $(SAM_VENV)/.locked ## Ask the SAM CLI what it thinks of the template
	@SAM_CLI_TELEMETRY=0 $(SAM_VENV)/bin/sam validate --lint --region us-east-1

# Not part of `check`: it asks the package index, and its answer changes with the day.
.PHONY: audit
audit: $(AUDIT_VENV)/.locked ## Ask the package index for known vulnerabilities of what is locked
	@status=0; for lock in $(LOCKS); do echo "$$lock"; \
		$(AUDIT_VENV)/bin/pip-audit --strict --disable-pip --no-deps --require-hashes \
		--progress-spinner off --requirement "$$lock" || status=1; done; exit $$status

.PHONY: format
format: $(INSTALLED) ## Format the code and mend what can be mended
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

.PHONY: lock
lock: $(UV_VENV)/bin/uv ## Write the lock files anew; UPGRADE=1 takes newer versions
	@echo "Locking what developers install (requirements-dev.lock)."
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --all-extras \
		--output-file requirements-dev.lock pyproject.toml
	@echo "Locking the part of it that Lambda runs (requirements.lock)."
	@rm -f requirements.lock
	@$(COMPILE) --constraints requirements-dev.lock $(addprefix --extra ,$(EXTRAS)) \
		--output-file requirements.lock pyproject.toml
	@echo "Locking the second emulator (requirements-ministack.lock)."
	@echo "$(MINISTACK)" | $(COMPILE) $(if $(UPGRADE),--upgrade) \
		--output-file requirements-ministack.lock -
	@echo "Locking the template's security linter (requirements-checkov.lock)."
	@echo "$(CHECKOV)" | $(COMPILE) $(if $(UPGRADE),--upgrade) \
		--output-file requirements-checkov.lock -
	@echo "Locking the SAM CLI (requirements-sam.lock)."
	@echo "$(SAM)" | $(COMPILE) $(if $(UPGRADE),--upgrade) --output-file requirements-sam.lock -
	@echo "Locking what audits the locks (requirements-audit.lock)."
	@echo "$(AUDIT)" | $(COMPILE) $(if $(UPGRADE),--upgrade) --output-file requirements-audit.lock -

COMPILE = $(UV_VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock"

.PHONY: build
build: export SAM_CLI_TELEMETRY ?= 0
build: $(SAM_VENV)/.locked ## Build what `sam deploy` uploads, with the locked SAM CLI
	@$(SAM_VENV)/bin/sam validate --lint
	@$(SAM_VENV)/bin/sam build

.PHONY: test-build
test-build: build $(INSTALLED) ## Build, and test that it holds what Lambda needs and no more
	@$(BIN)/python -m pytest -m built $(ARGS)

# What SAM asks for, once for each function: the code, and the locked packages as Lambda runs them.
# The packages are fetched once; SAM builds here and not in a copy (samconfig.toml), so they stay.
PACKAGES ?= build/packages
PLATFORM ?= --platform manylinux2014_aarch64 --implementation cp --python-version 3.13 \
	--only-binary=:all:
# Compiles for Lambda: bytecode is of use to the Python that made it only.
COMPILER ?= $(shell for python in python3.13 $(PYTHON); do $$python -c 'import sys; \
	sys.exit(sys.version_info[:2] != (3, 13))' >/dev/null 2>&1 && echo $$python && break; done)
# Add the package that WorkflowsPackage names, if it lies beside these.
CODE := adapters functions kernel
# Examples that stay at home: one reads files there, and each start would pay for importing them.
# Leave out a name to deploy its workflow: EXAMPLES=digest sam build
EXAMPLES ?= digest review
EXAMPLE_digest := functions/workflows/digest.py functions/workflows/digesting
EXAMPLE_review := functions/workflows/review.py functions/workflows/reviewing
# So does the local stack.
AT_HOME = functions/local $(foreach name,$(EXAMPLES),$(EXAMPLE_$(name)))

.PHONY: build-WorkerFunction build-TickFunction build-ApiFunction
build-WorkerFunction build-TickFunction build-ApiFunction: $(PACKAGES)/.locked
	@test -n "$(ARTIFACTS_DIR)" || { echo "Where to? SAM says: ARTIFACTS_DIR=..." >&2; exit 1; }
	@mkdir -p "$(ARTIFACTS_DIR)"
	@cp -R $(CODE) $(PACKAGES)/* "$(ARTIFACTS_DIR)"
	@cd "$(ARTIFACTS_DIR)" && rm -rf bin $(AT_HOME) \
		&& rm -f *.dist-info/RECORD *.dist-info/INSTALLER *.dist-info/REQUESTED \
		&& find . -type d -name __pycache__ -prune -exec rm -rf {} +
	@if test -n "$(COMPILER)"; then $(COMPILER) -m compileall -q -j 0 -s "$(ARTIFACTS_DIR)" \
		--invalidation-mode unchecked-hash "$(ARTIFACTS_DIR)"; \
		else echo "There is no python3.13 here to compile with: cold starts take twice as long."; fi

$(PACKAGES)/.locked: requirements.lock
	$(NEEDS_PYTHON)
	@rm -rf $(PACKAGES)
	@$(PYTHON) -m pip --disable-pip-version-check --no-input install --quiet $(PLATFORM) \
		--no-compile --require-hashes --requirement requirements.lock --target $(PACKAGES)
	@touch $@

.PHONY: venv
venv: $(INSTALLED) ## Make the virtual environment in .venv, or bring it up to date

.PHONY: ministack
ministack: $(MINISTACK_VENV)/.locked ## Install ministack, the second emulator, in .venv-ministack

.PHONY: clean
clean: ## Remove environments, caches and builds
	rm -rf $(VENV) $(UV_VENV) $(MINISTACK_VENV) $(CHECKOV_VENV) $(SAM_VENV) $(AUDIT_VENV)
	rm -rf .aws-sam build dist .headrace
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find adapters functions kernel tests -type d -name __pycache__ -prune -exec rm -rf {} +

# An environment keeps its Python; `make clean` first to choose another.
$(BIN)/python:
	$(NEEDS_PYTHON)
	@echo "Making $(VENV) with $$($(PYTHON) --version)."
	@$(PYTHON) -m venv --clear $(VENV)

$(LOCKED): requirements-dev.lock | $(BIN)/python
	@echo "Installing the locked packages into $(VENV); the first time takes a minute or two."
	@$(PIP) install --quiet --require-hashes --requirement requirements-dev.lock
	@touch $@

$(INSTALLED): $(LOCKED) pyproject.toml
	@echo "Installing headrace itself, from this folder."
	@$(PIP) install --quiet --no-index --no-deps --no-build-isolation --editable .
	@touch $@

# Each tool in an environment of its own. A lock is whole: nothing is left for pip to find out, and
# some of the versions in it would fail to.
$(MINISTACK_VENV)/.locked $(CHECKOV_VENV)/.locked $(SAM_VENV)/.locked $(AUDIT_VENV)/.locked: \
		.venv-%/.locked: requirements-%.lock
	$(NEEDS_PYTHON)
	@echo "Making $(@D) with what $< says."
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check --no-input install --quiet \
		--no-deps --require-hashes --requirement $<
	@touch $@

$(UV_VENV)/bin/uv:
	$(NEEDS_PYTHON)
	@echo "Making $(UV_VENV) with uv $(UV_VERSION), which writes the lock files."
	@$(PYTHON) -m venv $(UV_VENV)
	@$(UV_VENV)/bin/python -m pip --disable-pip-version-check --no-input install --quiet \
		uv==$(UV_VERSION)
