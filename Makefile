# Two commands: `make report` checks the newest vector-quantize-pytorch, `make test` checks fsqcheck itself.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES := $(shell $(PYTHON) -c 'import os; print(len(os.sched_getaffinity(0)))' 2>/dev/null || echo 1)
OUT := reports/out
SUBJECT := vector-quantize-pytorch
NEWEST := build/newest
ELSEWHERE := build/elsewhere

.PHONY: help report history test format lint types unit wheel mutants false-alarms mutation field comparisons clause-pages bench clean

help:
	@echo "make report   check the newest $(SUBJECT); leaves $(OUT)/$(SUBJECT).jsonl, .md and .html"
	@echo "make history  every release of $(SUBJECT) from 1.8 on; writes docs/history/"
	@echo "make test     format, lint, types, tests, and the wheel installed elsewhere"
	@echo "make mutants  run the suite over wrong quantizers; writes docs/detection.md"
	@echo "make false-alarms  right quantizers through everything; writes docs/detection.md too"
	@echo "make mutation  our own code, changed in one place at a time, before suite and tests"
	@echo "make field    every published library side by side; writes docs/field.md"
	@echo "make comparisons  set real releases side by side; writes docs/comparisons.md"
	@echo "make clause-pages  a page a clause, with what it says of an offender; writes docs/clauses/"
	@echo "make bench    print how long things take on this machine"
	@echo "make format   format the code;   make clean   remove what the others made"

# The environment: everything pinned by constraints.txt.
$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev --editable .
	touch $@

# The newest release of the subject, in an environment of its own that sees the packages of the first.
$(NEWEST)/bin/python: $(VENV)/ready
	$(PYTHON) -m venv --clear $(NEWEST)
	$(BIN)/python -c "import sysconfig; print('import site; site.addsitedir(' + repr(sysconfig.get_path('purelib')) + ')')" \
	  > $$($(NEWEST)/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/base.pth
	touch $@

report: $(NEWEST)/bin/python
	grep '^torch==' constraints.txt > build/torch.txt
	$(NEWEST)/bin/python -m pip install --quiet --upgrade --constraint build/torch.txt $(SUBJECT)
	mkdir -p $(OUT)
	@$(NEWEST)/bin/python -m fsqcheck run $(SUBJECT) --tier standard -n $(CORES) \
	  --report $(OUT)/$(SUBJECT).jsonl --markdown $(OUT)/$(SUBJECT).md \
	  --html $(OUT)/$(SUBJECT).html; \
	  status=$$?; echo "report: $(OUT)/$(SUBJECT).md and .html, record: $(OUT)/$(SUBJECT).jsonl"; test $$status -le 1

# A release that has been run is not run again: the record below reports/out holds it. From scratch: rm it, or --again.
history: $(VENV)/ready
	mkdir -p $(OUT)
	@$(BIN)/fsqcheck history $(SUBJECT) --versions ">=1.8" -n $(CORES) --report $(OUT)/$(SUBJECT).history.jsonl \
	  --markdown docs/history/$(SUBJECT).md --html $(OUT)/$(SUBJECT).history.html; status=$$?; \
	  echo "history: docs/history/$(SUBJECT).md, $(OUT)/$(SUBJECT).history.html"; test $$status -le 1

test: lint
	$(MAKE) --no-print-directory --output-sync=target -j2 types wheel
	$(MAKE) --no-print-directory unit

format: $(VENV)/ready
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/ruff format --quiet .

lint: $(VENV)/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

# The checkout under the name that its package has, for the type checker.
types: $(VENV)/ready
	mkdir -p build/types && ln -sfn ../.. build/types/fsqcheck
	MYPYPATH=build/types $(BIN)/mypy -p fsqcheck.reference -p fsqcheck.adapters -p fsqcheck.conformance \
	  -p fsqcheck.reports -p fsqcheck.releases -p fsqcheck.isolation -p fsqcheck.history -p fsqcheck.vectors \
	  -p fsqcheck.identifying -p fsqcheck.sweeping -p fsqcheck.interop -p fsqcheck.drafting -p fsqcheck.commands \
	  -m fsqcheck -m fsqcheck.__main__ -m fsqcheck.cli -m fsqcheck.catalogue -m fsqcheck.progress
	MYPYPATH=build/types $(BIN)/mypy tests benchmarks

unit: $(VENV)/ready
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $(CORES) --dist worksteal -q

# What a user gets: the wheel, in an empty environment, run in a folder elsewhere.
wheel: $(VENV)/ready
	rm -rf build/lib build/bdist.* dist $(ELSEWHERE)
	$(BIN)/python -m build --wheel --no-isolation --outdir dist . > /dev/null
	$(PYTHON) -m venv $(ELSEWHERE)/venv && mkdir $(ELSEWHERE)/folder
	$(ELSEWHERE)/venv/bin/python -m pip install --quiet --constraint constraints.txt dist/*.whl
	cd $(ELSEWHERE)/folder && ../venv/bin/fsqcheck run reference --quiet --rule widened
	cd $(ELSEWHERE)/folder && ../venv/bin/python -m pytest --pyargs fsqcheck.conformance --fsq reference \
	  --fsq-rule symmetric -q -p no:cacheprovider

# Of clauses that do not claim a mutant a part of the cases; all of them: make mutants SHARE=1
mutants: $(VENV)/ready
	OMP_NUM_THREADS=1 $(BIN)/python -m fsqcheck.tests.mutants.page $(SHARE)

# Some of it, elsewhere: make false-alarms PARTS="standard seeds --device cuda"
false-alarms: $(VENV)/ready
	OMP_NUM_THREADS=1 $(BIN)/python -m fsqcheck.tests.false_alarms $(PARTS)

clause-pages: $(VENV)/ready
	OMP_NUM_THREADS=1 $(BIN)/python -m fsqcheck.tests.clause_pages

# Hours for all files. One file: make mutation FILES=adapters/torch_fsq.py; every tenth mutant: make mutation PART=0/10
FILES :=
PART := 0/1
mutation: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group mutation
	OMP_NUM_THREADS=1 $(BIN)/python -m fsqcheck.tests.mutation -n $(CORES) --part $(PART) $(FILES)

field: $(VENV)/ready
	OMP_NUM_THREADS=1 $(BIN)/python -m fsqcheck.tests.field_page

comparisons: $(VENV)/ready
	OMP_NUM_THREADS=1 $(BIN)/python -m fsqcheck.tests.comparisons

bench: $(VENV)/ready
	$(BIN)/python benchmarks/suite.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/sweeping.py --whole
	$(BIN)/python benchmarks/cuda.py

clean:
	rm -rf build dist $(VENV) $(OUT) *.egg-info .mypy_cache .ruff_cache .pytest_cache
