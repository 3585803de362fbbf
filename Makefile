# Two commands need nothing but Python 3.11+, git and make: `make quickstart` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
NAME ?= quickstart

.PHONY: quickstart test check recipe trials bench docs clean

quickstart: $(VENV)/.ready
	$(BIN)/ittools run quickstart

test: $(VENV)/.ready
	$(BIN)/python -m pytest

check: $(VENV)/.ready
	$(BIN)/ruff check ittools tests bench
	$(BIN)/ruff format --check ittools tests bench
	$(BIN)/mypy
	$(BIN)/python -m ittools.cli.docs --check docs/commands.md
	$(BIN)/python -m pytest

recipe: $(VENV)/.ready
	$(BIN)/ittools run $(NAME)

# Every recipe that comes with ittools, small and offline.
TRIALS := alpaca evolve lamini sail multilingual code flan2022 superni p3 metaicl xp3 dialogue
trials: $(VENV)/.ready
	for name in $(TRIALS); do \
		$(BIN)/ittools run $$name --trial -q && $(BIN)/ittools verify runs/$$name-trial/*/ || exit 1; \
	done

bench: $(VENV)/.ready
	$(BIN)/python -m bench

docs: $(VENV)/.ready
	$(BIN)/python -m ittools.cli.docs docs/commands.md

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Made anew when the dependencies change. pip is asked for quiet; errors still show.
$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "ittools needs Python 3.11 or newer; try: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[train,dev]'
	@touch $@
