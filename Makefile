# The README's commands. `make demo` and `make test` need nothing but Python 3.11 or newer.
PYTHON ?= python3
DEMO := .venv-demo
DEV := .venv

.PHONY: demo test check bench clean

demo: $(DEMO)/installed
	$(DEMO)/bin/vocx run pipelines/mixed.yaml --out demo-run

test: $(DEV)/installed
	$(DEV)/bin/python -m pytest

check: $(DEV)/installed
	$(DEV)/bin/ruff check vocx tests benchmarks
	$(DEV)/bin/ruff format --check vocx tests benchmarks
	$(DEV)/bin/mypy

bench: $(DEV)/installed
	$(DEV)/bin/python benchmarks/speed.py

$(DEMO)/installed: pyproject.toml
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/pip install --quiet -e .
	touch $@

# torch first and pinned: a range would pull gigabytes of GPU libraries
$(DEV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(DEV)
	$(DEV)/bin/pip install --quiet --upgrade 'pip>=25.1'
	$(DEV)/bin/pip install --quiet -c constraints.txt torch
	$(DEV)/bin/pip install --quiet -c constraints.txt -e '.[train,notebook]' --group dev
	touch $@

clean:
	rm -rf $(DEMO) $(DEV) demo-run
