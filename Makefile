# Everything a person or CI does with this repository. `make test-smoke` and its like need an engine, make and a shell;
# what works on the runner itself needs Python 3.11 too.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
GROUPS := smoke regression slow e2e security performance
MOMENTS := commit pull-request nightly release
.DEFAULT_GOAL := help

.PHONY: help install check lint test test-long shell bench lock clean image-save image-load $(GROUPS:%=test-%) $(MOMENTS:%=test-when-%)

help: ## list the targets
	@grep -hE '^[a-z%$$(:=)-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([^:]+):.*## /  \1\t/' | expand -t 22
	@for name in $(GROUPS) $(MOMENTS:%=when-%); do echo "  test-$$name"; done
	@echo "shell and test-* need an engine, make and a shell; the others Python 3.11 too"

$(VENV)/ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "error: $(PYTHON) is older than Python 3.11" >&2; echo "hint:  make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "installing into $(VENV)" >&2
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

install: $(VENV)/ready ## install the runner and its tools into .venv

# Suites run with the runner of an image of its own, for which an engine and a shell are enough. Where the runner is
# installed, RUNNER=runner uses that one.
RUNNER ?= sh images/runner/run.sh .runner-image
RUNNER_SOURCES := $(wildcard runner/*.py runner/*/*.py runner/*/*/*.py images/*/*) .dockerignore
NEEDED := $(if $(findstring .runner-image,$(RUNNER)),.runner-image)

.runner-image: $(RUNNER_SOURCES)
	@sh images/runner/build.sh $@

$(GROUPS:%=test-%): test-%: $(NEEDED)
	@$(RUNNER) run --group $* -m "not engine"

$(MOMENTS:%=test-when-%): test-when-%: $(NEEDED)
	@$(RUNNER) run --when $* -m "not engine"

shell: $(NEEDED) ## stand in the environment of the tests; Ctrl-D leaves it
	@$(RUNNER) shell

image-save image-load: image-%: $(NEEDED) ## keep the images in FILE, or take them from there
	@$(RUNNER) image $* $(if $(filter save,$*),-o )"$(FILE)"

# Each of these makes several suite images from nothing.
LONG := $(patsubst %,tests/docker/test_%.py,project_database project_frameworks project_layouts project_own_image project_versions same_digest)

test: $(VENV)/ready ## the tests of this repository, on a real engine, but for those of test-long
	$(BIN)/pytest tests --need-engine -n 2 --dist loadgroup $(LONG:%=--ignore=%) $(PYTEST_ARGS)

test-long: $(VENV)/ready ## sample projects of every layout, framework, server and source of versions; images built twice
	$(BIN)/pytest $(LONG) --need-engine -n 2 --dist loadgroup $(PYTEST_ARGS)

check: lint ## lint, types, layers, unit tests; needs no engine
	$(BIN)/pytest tests/unit tests/plugin tests/cli -n 2 -q

lint: $(VENV)/ready ## style, types, layers, dead code
	$(BIN)/ruff format --check runner images tests bench
	$(BIN)/ruff check runner images tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture

bench: $(VENV)/ready ## measure against bare pytest, testcontainers and Compose
	$(BIN)/python bench/compare.py

lock: $(VENV)/ready ## lock the dependencies again, newest versions
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --upgrade --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header --group dev pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --upgrade --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header --extra sbom pyproject.toml -o images/runner/requirements.txt
	cd images/suite && ../../$(BIN)/uv pip compile -q --universal --python-version 3.11 --upgrade --no-emit-index-url \
	  --no-annotate --no-header tools.in -o tools.txt
	cd images/suite && echo uv | ../../$(BIN)/uv pip compile -q --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header - -o uv.txt
	cd images/suite && for tools in 'poetry poetry-plugin-export' 'pdm[locked]' pipenv; do name=$${tools%%[[ ]*}; \
	  printf '%s\n' $$tools | ../../$(BIN)/uv pip compile -q --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header - -o "exporter-$$name.txt"; done
	cd images/debugger && echo debugpy | ../../$(BIN)/uv pip compile -q --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header - -o debugpy.txt

clean: ## remove what make made here, and objects of dead runs on the engine
	-@$(BIN)/runner clean
	rm -rf $(VENV) .runner-image .mypy_cache .ruff_cache .import_linter_cache .pytest_cache
