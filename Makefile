# make setup   everything the other words need, in .venv; quick when nothing has changed
# make run     a sample national day, planned, checked, shown and served on 127.0.0.1:8000 until Ctrl-C;
#              JOBS=20000 SEED=1 SECONDS=60 DATE=tomorrow's PAIGONG_PORT=8000; PAIGONG_SERVE=0 stops before serving
# make test    style, types, floors, tests and notebooks
# make bench   the figures of docs/benchmarks.md
# make clean   removes everything made here but .venv
# make lock    renews requirements.txt from pyproject.toml

JOBS ?= 20000
SEED ?= 1
SECONDS ?= 60
DATE ?= $(shell TZ=Asia/Shanghai date -d tomorrow +%F)
PAIGONG_SERVE ?= 1
PAIGONG_PORT ?= 8000
BENCHMARKS ?= national_day growth repeat

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup run port-free serve test bench clean lock test-style test-format test-types test-floors test-loads test-suite

# Hundreds of processes load the same modules: whatever the caller's habits, they are compiled once.
unexport PYTHONDONTWRITEBYTECODE

PYTHON := .venv/bin/python
PAIGONG := .venv/bin/paigong

help:
	@sed -n 's/^# //p;/^$$/q' Makefile

# --- setup ---------------------------------------------------------------------------------------------------------

setup: .venv/.warm
	@test -x $(PYTHON) && test "$$(cat .venv/.made-in)" = "$(CURDIR)" || \
	{ echo ".venv was made in another folder or for a Python that is gone: remove it and run make again." >&2; exit 1; }

.venv/.made-in:
	@.ci/create-venv
	@echo "$(CURDIR)" > $@

# pip would compile twelve thousand modules one after the other: here all processors do, and leave out tests of others.
.venv/.installed: .venv/.made-in requirements.txt pyproject.toml
	@echo "Installing the locked packages into .venv (the first time: some minutes)"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary=:all: \
	    --no-compile --requirement requirements.txt
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(PYTHON) -W ignore -m compileall -q -j 0 -x '/tests?/' \
	    "$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" > /dev/null 2>&1 || true
	@touch $@

.venv/.font: .venv/.made-in .ci/install-font
	@.ci/install-font
	@touch $@

.venv/.postgis: .venv/.made-in .ci/install-postgis
	@.ci/install-postgis
	@touch $@

# numba notices a change in a function's own file, not in the files of the functions it calls: compile all anew.
.venv/.warm: .venv/.installed .venv/.font $(wildcard optimizer/search/*.py optimizer/parts/*.py)
	@find optimizer -name "*.nb[ic]" -delete
	@echo "Compiling the search (about two minutes)."
	@$(PAIGONG) warm-up
	@touch $@

# --- run -----------------------------------------------------------------------------------------------------------

run: port-free setup
	@rm -rf run/day run/plan
	$(PAIGONG) day make run/day --jobs $(JOBS) --seed $(SEED) --date $(DATE)
	$(PAIGONG) day plan run/day -o run/plan --seconds $(SECONDS) --seed $(SEED)
	$(PAIGONG) day check run/day run/plan
	@echo
	@echo "The picture of the plan:         $(CURDIR)/run/plan/plan.png"
	@echo "One printable page per outlet:   $(CURDIR)/run/plan/sheets/index.html"
	@test "$(PAIGONG_SERVE)" = 0 || $(MAKE) --no-print-directory serve

# Better said now than after minutes of planning.
port-free:
	@test "$(PAIGONG_SERVE)" = 0 || ! (exec 3<> /dev/tcp/127.0.0.1/$(PAIGONG_PORT)) 2> /dev/null || \
	{ echo "Something answers at 127.0.0.1:$(PAIGONG_PORT) already: give another port, PAIGONG_PORT=8001 make run" >&2; exit 1; }

# The store is made anew: what was booked in the last sample went with it.
serve: export PAIGONG_DATABASE_URL = sqlite:///run/paigong.db
serve: export PAIGONG_PORT := $(PAIGONG_PORT)
serve: port-free
	@rm -f run/paigong.db run/paigong.db-*
	@echo
	@echo "Loading the day and its plan into run/paigong.db (about a minute)"
	@$(PAIGONG) db load run/day > run/load.log
	@$(PAIGONG) db publish run/day run/plan
	@key="$$($(PAIGONG) key make --development 2> run/key.log)" || { cat run/key.log >&2; exit 1; }; \
	echo "A key for development, shown this once: $$key"; \
	echo "Try, in another terminal:"; \
	echo "  curl -H 'Authorization: Bearer $$key' 'http://127.0.0.1:$(PAIGONG_PORT)/v1/jobs?limit=3'"
	@$(PAIGONG) serve

# --- test ----------------------------------------------------------------------------------------------------------

# Debian's packages come while pip installs. Style, format, types and floors want nothing compiled: they are judged,
# and the tests loaded, while the search is compiled for the tests.
test: .venv/.made-in
	@mkdir -p build; \
	$(MAKE) --no-print-directory .venv/.font .venv/.postgis > build/system.log 2>&1 & system=$$!; \
	$(MAKE) --no-print-directory .venv/.installed || { wait; exit 1; }; \
	wait $$system || { cat build/system.log >&2; exit 1; }; \
	$(MAKE) --no-print-directory setup build/osrm/.tried > build/setup.log 2>&1 & setup=$$!; \
	failed=0; \
	$(MAKE) --no-print-directory --keep-going test-style test-format test-types test-floors test-loads || failed=1; \
	wait $$setup || { cat build/setup.log >&2; exit 1; }; \
	$(MAKE) --no-print-directory test-suite || failed=1; \
	exit $$failed

test-style:
	@echo "== Style: ruff check"
	@$(PYTHON) -m ruff check

test-format:
	@echo "== Format: ruff format --check"
	@$(PYTHON) -m ruff format --check

test-types:
	@echo "== Types: mypy --strict"
	@$(PYTHON) -m mypy

test-floors:
	@echo "== Floors: lint-imports"
	@.venv/bin/lint-imports --no-logo

# What four processes would do at the same time each: pytest rewrites every test's assertions, and keeps what it wrote.
test-loads:
	@echo "== Tests: all of them load"
	@mkdir -p build; $(PYTHON) -m pytest --collect-only -qq --nbmake tests notebooks > build/loads.log 2>&1 || \
	    { cat build/loads.log >&2; exit 1; }

# A real OSRM server for one test module; without one it is skipped.
build/osrm/.tried: .ci/get-osrm
	@.ci/get-osrm
	@touch $@

# Four on two cores: tests of real processes, a third of all time, mostly wait for them.
test-suite: build/osrm/.tried
	@echo "== Tests: pytest, notebooks included"
	@$(PYTHON) -m pytest --numprocesses 4 --nbmake tests notebooks

# --- the rest ------------------------------------------------------------------------------------------------------

bench: setup
	@for name in $(BENCHMARKS); do echo "== bench/$$name.py"; $(PYTHON) -m "bench.$$name"; done

clean:
	rm -rf run build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -path ./.venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f .venv/.warm

# One set of versions for every supported Python. Versions already locked stay: to take newer ones, delete their
# lines (or the file) first.
lock:
	python3 -m venv build/lock
	build/lock/bin/python -m pip install --quiet uv
	build/lock/bin/uv pip compile pyproject.toml --extra cluster --extra osm --extra telemetry --extra dev --universal --python-version 3.11 \
	    --fork-strategy fewest --generate-hashes --no-annotate --no-emit-index-url --quiet \
	    --custom-compile-command "make lock" --output-file requirements.txt
