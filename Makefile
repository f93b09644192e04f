# Everything a fresh machine needs is python3 (3.11 or later) and make; the rest goes into a virtual environment here.
#
#   make test PYTHON=python3.13     uses another interpreter, in a virtual environment of its own

PYTHON ?= python3
VENV ?= .venv$(if $(filter-out python3,$(PYTHON)),-$(notdir $(PYTHON)))
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
# Many tests wait for something: two more processes than there are cores.
JOBS ?= $(shell $(PYTHON) -c 'import os; print(2 + len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 4)')
SECONDS ?= 25
SEEDS ?= 100
LIVES ?= 300
ORDERS ?= 5000
RUNS ?= 10000
KILLS ?= 1000
CHAOS ?= chaos
MINUTES ?= 60
PRODUCT ?= all
ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: setup test lint demo bench simulate layers mutants campaign fuzz chaos soak wheel clean help

setup: $(VENV)/.dev  ## make the virtual environment with everything for development

test: $(VENV)/.dev  ## run all tests (ARGS="-k book" to choose)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(VENV)/.dev  ## ruff, mypy --strict and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

demo: $(VENV)/.run  ## watch a market, a gateway and three strategies for SECONDS=25
	$(BIN)/tradingsys demo --seconds $(SECONDS)

bench: $(VENV)/.run  ## measure the gateway's latency beside a bare chain of the same hops
	$(BIN)/python -m benchmarks $(ARGS)

simulate: $(VENV)/.dev  ## live SEEDS=100 lives of the gateway in a simulated world of faults (ARGS="--append FILE")
	$(BIN)/python -m tests.simulate --seeds $(SEEDS) $(ARGS)

layers: $(VENV)/.dev  ## the same, where only one of stream, history and questions tells anything (SEEDS=100 of each)
	$(BIN)/python -m tests.simulate.layers --seeds $(SEEDS) $(ARGS)

mutants: $(VENV)/.dev  ## make known mistakes in the product, and see after how many lives each is noticed (LIVES=300)
	$(BIN)/python -m tests.simulate.mutants --lives $(LIVES) $(ARGS)

campaign: $(VENV)/.dev  ## trade with 20 sessions at random, ORDERS=5000 requests, and judge every book (PRODUCT=spot)
	$(BIN)/python -m tests.campaign --orders $(ORDERS) --product $(PRODUCT) $(ARGS)

chaos: $(VENV)/.dev  ## kill real gateways under load, KILLS=1000 in all, and judge every book; goes on where it was, in CHAOS=chaos
	$(BIN)/python -m tests.chaos $(CHAOS) --kills $(KILLS) --product $(PRODUCT) $(ARGS)

soak: $(VENV)/.dev  ## trade for MINUTES=60 with time running ten times as fast, and see that nothing grows (Linux)
	$(BIN)/python -m tests.chaos.soak --minutes $(MINUTES) $(ARGS)

fuzz: $(VENV)/.dev  ## feed every parser RUNS=10000 wrong inputs, made from right ones
	$(BIN)/python -m tests.fuzz --runs $(RUNS) $(ARGS)

wheel: $(VENV)/.run  ## build the wheel into dist/
	$(PIP) wheel --no-deps --wheel-dir dist .

clean:  ## remove what make has built, virtual environments included
	rm -rf .venv .venv-* dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## show this list
	@sed -n 's/^\([a-z]*\):[^#]*  ## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c pass 2>/dev/null || { \
	  echo "make: there is no $(PYTHON) to run; Python 3.11 or later is needed" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: $$($(PYTHON) --version) is too old; Python 3.11 or later is needed (make PYTHON=python3.12 ...)" >&2; \
	  exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  package="python$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"; \
	  echo "make: $(PYTHON) cannot make virtual environments; install one package: apt install $$package" >&2; \
	  exit 1; }
	@echo "Making a virtual environment in $(VENV) ..."
	@$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.run: pyproject.toml $(VENV)/pyvenv.cfg
	@echo "Installing tradingsys into $(VENV) ..."
	@$(PIP) install --editable .
	@touch $@

# Dependency groups need pip 25.1, which no Python 3.11 or 3.12 brings along.
$(VENV)/.dev: pyproject.toml $(VENV)/.run
	@echo "Installing the development tools into $(VENV) ..."
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --group dev
	@touch $@
