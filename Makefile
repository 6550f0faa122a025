# Bare `make` prints this menu; every target makes the venv when it is missing.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := backbone faces camera_processor cloudlet edge_devices fleet_agent job_workers mqtt_gateway \
  pi_receiver processor_orchestrator searchlight drill benchmarks

help: ## this menu
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.installed: requirements.lock pyproject.toml faces/weights.lock.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m faces.prepare >/dev/null
	@touch $@

install: $(VENV)/.installed ## the virtual environment and the weights, from their locks

run: $(VENV)/.installed ## search for a person on two sample cameras, on this machine
	$(BIN)/searchlight up

doctor: $(VENV)/.installed ## what is missing on this machine, and how to mend it
	$(BIN)/searchlight doctor

lint: $(VENV)/.installed ## style of every source
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.installed ## strict types of every package
	$(BIN)/mypy $(PACKAGES:%=-p %)

system: ## Debian packages that the tests use (redis-server, mosquitto, chromium ...), when run as root
	@sh tests/install_system_packages.sh

TEST_PROCESSES ?= 3
test: system lint types ## lint, types and all tests but those of the containers
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder --durations 10 \
	  tests/unit tests/contract tests/e2e tests/stack/test_files.py

endurance: $(VENV)/.installed ## what takes longer: camera cycles, a million messages, kills of primaries, jobs under fire, zips
	$(BIN)/python -m pytest tests/endurance -s

score: $(VENV)/.installed ## identity score (IDF1) on the sample footage
	$(BIN)/searchlight score

bench: $(VENV)/.installed ## faces, fan-out, streams, photos, uploads, offload beside what is used instead, into benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks.faces && $(BIN)/python -m benchmarks.fan_out
	$(BIN)/python -m benchmarks.crowd && $(BIN)/python -m benchmarks.streams
	$(BIN)/python -m benchmarks.photo_matching && $(BIN)/python -m benchmarks.uploads
	$(BIN)/python -m benchmarks.offload

PHOTOS ?= var/people
accuracy: $(VENV)/.installed ## error rates on PHOTOS=<folder> of <person>/<photo>
	$(BIN)/python -m benchmarks.accuracy $(PHOTOS)

PICTURES ?= var/crowds
recall: $(VENV)/.installed ## faces found, by size and pose, in PICTURES=<folder> with faces.json
	$(BIN)/python -m benchmarks.recall $(PICTURES)

format: $(VENV)/.installed ## rewrite the sources in the house's layout
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

lock: $(VENV)/.installed lock-root lock-images ## resolve the dependencies again, with hashes

lock-root: $(VENV)/.installed
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --extra dev --no-emit-package searchlight-swarm --output-file requirements.lock pyproject.toml

clean: ## remove the virtual environment and what runs left behind
	rm -rf $(VENV) var build *.egg-info .mypy_cache .ruff_cache .pytest_cache

.PHONY: help install run doctor lint types system test endurance score bench accuracy recall format lock lock-root clean

include stack/targets.mk
