PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# What is installed into .venv: enough to run, to test, to develop. Each includes the one before.
RUN := $(VENV)/run
TEST := $(VENV)/test
DEV := $(VENV)/dev

.PHONY: help install sweep test test-slow lint format types wheel benchmark \
	benchmark-sweep benchmark-postgres benchmark-revision benchmark-statistics benchmark-landscapes benchmark-trainers benchmark-engines coverage fuzz \
	faults load studies notebooks gallery clean

help:  ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/'

install: $(DEV)  ## install xorlab and its tools into .venv

$(RUN): pyproject.toml constraints.txt
	@echo "installing xorlab and what it needs (Hydra, MLflow, NumPy, pandas, ...) into $(VENV): this may take a minute or two"
	@$(PYTHON) -m venv $(VENV)
	@began=$$(date +%s); $(PIP) -e . && echo "installed in $$(($$(date +%s) - began)) s"
	@touch $@

$(TEST): $(RUN)
	@echo "installing what the tests need into $(VENV)"
	@began=$$(date +%s); $(PIP) -e '.[test]' && echo "installed in $$(($$(date +%s) - began)) s"
	@touch $@

$(DEV): $(TEST)
	@echo "installing the tools of development into $(VENV)"
	@began=$$(date +%s); $(PIP) -e '.[dev]' && echo "installed in $$(($$(date +%s) - began)) s"
	@touch $@

sweep: $(RUN)  ## install, and run a sweep of 180 networks
	$(BIN)/xorlab -m 'seed=range(0,30)' network.hidden=2,3,4 optimizer.lr=0.5,2

test: $(TEST)  ## install, and run the tests that are not marked slow
	$(BIN)/python -m pytest -n auto --dist loadgroup

test-slow: $(TEST)  ## run the tests that are marked slow
	$(BIN)/python -m pytest -n 4 --dist loadgroup -m slow

lint: $(DEV)  ## check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(DEV)  ## bring the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(DEV)  ## check types
	$(BIN)/mypy

wheel: $(DEV)  ## build the wheel and test it away from this folder
	.ci/wheel $(BIN)/python

benchmark: $(TEST)  ## time training against the notebook's loop, and in JAX and PyTorch
	$(BIN)/python -m tests.benchmarks.training
	$(BIN)/python -m tests.benchmarks.backends

benchmark-sweep: $(TEST)  ## time composing, recording, whole sweeps, their parts, and reading back
	$(BIN)/python -m tests.benchmarks.sweeps
	$(BIN)/python -m tests.benchmarks.shares

benchmark-postgres: $(TEST)  ## time recording in PostgreSQL, by COPY and by INSERT
	$(BIN)/python -m tests.benchmarks.postgres

benchmark-revision: $(TEST)  ## time whole commands beside those of REVISION, such as HEAD~50
	$(BIN)/python -m tests.benchmarks.revisions $(REVISION)

benchmark-statistics: $(TEST)  ## time the statistics of many settings
	$(BIN)/python -m tests.benchmarks.statistics

benchmark-landscapes: $(TEST)  ## time landscapes, and their memory
	$(BIN)/python -m tests.benchmarks.landscapes

benchmark-trainers: $(TEST)  ## time a user's trainer that returns at once, and a batch in JAX beside MLflow
	$(BIN)/python -m tests.benchmarks.trainers

benchmark-engines: $(TEST)  ## time sweeps on this machine, Slurm, Ray and Dask, side by side
	$(BIN)/python -m tests.benchmarks.engines

coverage: $(TEST)  ## simulate how often intervals hold the truth and claims are right
	$(BIN)/python -m tests.benchmarks.coverage

fuzz: $(TEST)  ## try a hundred thousand hostile inputs, and compile five hundred networks of all kinds
	$(BIN)/python -m tests.fuzz --count 100000
	$(BIN)/python -m pytest -m slow tests/networks/test_compiled.py --hypothesis-profile=thorough

faults: $(TEST)  ## make everything go wrong that can, some 460 times, and see that nothing is lost
	$(BIN)/python -m tests.faults
	$(BIN)/python -m tests.faults.ctrl_c
	$(BIN)/python -m pytest -m '' tests/engines/test_engine_faults.py

load: $(TEST)  ## eight sweeps at once into one store, SQLite and PostgreSQL
	$(BIN)/python -m tests.benchmarks.load

studies: $(TEST)  ## run the published studies, write the table of what they claim and what is measured
	$(BIN)/python -m experiments.run_studies build/studies

notebooks: $(TEST)  ## run the sweeps of the notebooks, execute them, draw the picture
	rm -rf build/notebooks && mkdir -p build/notebooks
	cd build/notebooks && ../../$(BIN)/xorlab -m +study=first
	cd build/notebooks && ../../$(BIN)/xorlab -m +study=failures
	$(BIN)/python -m experiments.execute_notebooks build/notebooks \
		conclusions first_sweep fractal_boundary from_a_table reading_failures seeds_and_cutoffs

gallery: studies  ## run the published studies, execute their notebooks
	$(BIN)/python -m experiments.execute_notebooks build/studies \
		hamey1991 kramer1988 kramer1988_searches kolen1990 proben1 tr_xor two_spirals

clean:  ## remove what was built
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
