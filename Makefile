# Everything runs in a virtual environment of its own, made on first use and again when setup.py or
# constraints.txt change. Without a GPU, a CPU build of torch saves several GB:
#     PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu make demo

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

export PIP_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## make the virtual environment (PYTHON=python3.12 chooses the Python)

demo: $(INSTALLED) ## run two generations of ATSO on made-up street scenes, on a CPU in minutes
	$(BIN)/python tools/train.py configs/demo/street_atso.py

test: lint ## run all checks and tests
	$(BIN)/python -m pytest

lint: $(INSTALLED) ## check style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(INSTALLED) ## format the code and apply the safe fixes
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# setuptools comes first and from the constraints, so that nothing is built with another one.
# OpenCV's wheel asks for a display's libraries; where they are missing, setup.py says what to do.
$(INSTALLED): setup.py constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install setuptools
	$(BIN)/python -m pip install --no-build-isolation --editable '.[medical,dev]'
	$(BIN)/python -c 'import cv2' || \
		$(BIN)/python -m pip install --force-reinstall --no-deps opencv-python-headless
	touch $@
