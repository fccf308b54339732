# make run    opens the dashboard        make test   runs every check
# Both set up what they need. PYTHON=python3.12 chooses the interpreter, PORT=8601 the port,
# ADDRESS=0.0.0.0 lets other machines in.

PYTHON ?=
PORT ?= 8501
ADDRESS ?= localhost
PYTEST_ARGS ?=
BENCH_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin

# Each stamp says that a step is done for the files it depends on. They live inside the
# environment, so that they disappear with it.
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
KERNELS := $(VENV)/.kernels-compiled
BENCH_VENV := .venv-bench
BENCH := $(BENCH_VENV)/.bench-installed
APP_VENV := .venv-app
APP := $(APP_VENV)/.runtime-installed
KERNEL_SOURCES := $(wildcard hmmcore/*.py hmmcore/*/*.py)

# Python's files are compiled on all cores; pip takes one, and passes over what does not compile too.
install = $(1)/bin/python -m pip --disable-pip-version-check --quiet install --no-compile -r $(2) \
	&& { $(1)/bin/python -m compileall -qq -j 0 $(1)/lib || true; }

# Of tests that PYTEST_ARGS chooses, one kind may have none: pytest calls that 5.
pytest = $(BIN)/python -m pytest $(1) $(PYTEST_ARGS) || test $$? -eq 5 -a -n "$(PYTEST_ARGS)"

.PHONY: help run test test-fast test-browser bench bench-live lint format screenshots clean chromium FORCE

help:
	@echo "make run           open the dashboard (PORT=8501 ADDRESS=localhost)"
	@echo "make test          every check: lint, types, tests, browser tests"
	@echo "make test-fast     the tests that need no browser"
	@echo "make test-browser  the tests that drive the app in Chromium"
	@echo "make bench         measure the engine against its peers (BENCH_ARGS=--quick)"
	@echo "make bench-live    measure the live page in Chromium (BENCH_ARGS=--quick)"
	@echo "make lint          style, types and the order of imports"
	@echo "make format        put the code into the house format"
	@echo "make screenshots   take the README's picture again"
	@echo "make clean         remove the environment and every cache"
	@echo "PYTHON=python3.12 chooses the interpreter, PYTEST_ARGS='-k viterbi' the tests."

run: $(KERNELS)
	$(BIN)/streamlit run app.py --server.port $(PORT) --server.address $(ADDRESS)

# While style and types are checked, the kernels are compiled.
test:
	@$(MAKE) --no-print-directory -j2 lint $(KERNELS)
	@$(MAKE) --no-print-directory test-fast test-browser

test-fast: $(DEV) $(KERNELS)
	$(call pytest,-m "not browser" -n auto --dist loadfile)

# Each process has a server and a browser of its own.
test-browser: $(DEV) $(KERNELS) chromium
	$(call pytest,-m browser -o testpaths=tests/browser -n auto --maxprocesses 4 --dist worksteal)

# The peers get an environment of their own: nothing else of the project needs them.
bench: $(BENCH)
	$(BENCH_VENV)/bin/python -m benchmarks.scripts
	$(BENCH_VENV)/bin/python -m benchmarks.engine $(BENCH_ARGS)

# Judges what it measures: a goal that was missed is an error. The server has an environment as
# `make run` makes it: with all that the checks need beside it, Streamlit starts more slowly.
bench-live: $(DEV) $(KERNELS) $(APP) chromium
	$(BIN)/python -m benchmarks.live --python $(APP_VENV)/bin/python $(BENCH_ARGS)

lint: $(DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy

format: $(DEV)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

screenshots: $(DEV) $(KERNELS) chromium
	$(BIN)/python -m tools.screenshots

clean:
	rm -rf $(VENV) $(BENCH_VENV) $(APP_VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Checked every time, since a browser can vanish without the environment knowing.
chromium: $(DEV)
	@$(BIN)/python -m tests.browser.chromium

# Runs every time and does nothing when the environment fits: its file then keeps its date.
$(VENV)/pyvenv.cfg: FORCE
	@sh tools/create_venv.sh $(VENV) $(PYTHON)

$(RUNTIME): $(VENV)/pyvenv.cfg requirements.txt constraints.txt
	@echo "Installing what the dashboard needs"
	@$(call install,$(VENV),requirements.txt)
	@touch $@

$(DEV): $(RUNTIME) requirements-dev.txt
	@echo "Installing what the checks need"
	@$(call install,$(VENV),requirements-dev.txt)
	@touch $@

$(APP): $(VENV)/pyvenv.cfg requirements.txt constraints.txt
	@sh tools/create_venv.sh $(APP_VENV) $(BIN)/python
	@echo "Installing what the dashboard needs, for the measured server"
	@$(call install,$(APP_VENV),requirements.txt)
	@touch $@

# torch goes first, by its exact version: asked for by pomegranate it would be the newest build.
$(BENCH): benchmarks/requirements.txt requirements.txt constraints.txt
	@echo "Installing the engine's peers"
	@sh tools/create_venv.sh $(BENCH_VENV) $(PYTHON)
	@$(BENCH_VENV)/bin/python -m pip --quiet install torch==2.13.0
	@$(BENCH_VENV)/bin/python -m pip --quiet install -r benchmarks/requirements.txt
	@touch $@

# numba keeps compiled kernels on disk; after this nobody waits for the compiler. Nor for Python's
# own, which keeps nothing by itself where PYTHONDONTWRITEBYTECODE is set, as in many containers.
$(KERNELS): $(RUNTIME) $(KERNEL_SOURCES)
	@echo "Compiling the kernels"
	@$(BIN)/python -m compileall -q app.py hmmcore pages
	@$(BIN)/python -m tools.compile_kernels
	@touch $@

FORCE:
