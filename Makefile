# Each target is a command of the README or of docs/contributing.md; `make setup` once before the others.
PYTHON = .venv/bin/python

setup:
	python3 -m venv .venv
	$(PYTHON) -m pip install -q -r requirements.txt -r requirements-dev.txt -c constraints.txt

run:
	$(PYTHON) app.py

test:
	$(PYTHON) -m pytest

check:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy accel visuals app.py

# The engine's tests on the oldest, the pinned and the newest releases allowed, each in an environment of its own.
versions:
	$(PYTHON) -m tests.versions

# The page as a Hugging Face Space would build it: Python 3.12, no constraints, no home, nothing writable.
space:
	$(PYTHON) -m tests.space

# Speed figures: ratios in one run, never checked in CI.
bars:
	$(PYTHON) -m tests.bars

# The same on a CUDA device; writes docs/performance-gpu.md.
bench-gpu:
	$(PYTHON) -m tests.bars_gpu

# Broken copies of the engine, each of which the tests must notice.
mutants:
	$(PYTHON) -m tests.mutants

# The recorded runs that the page opens with.
traces:
	$(PYTHON) -m tests.record_traces

# The races that the Race tab opens with: real times, so on a machine with nothing else to do.
races:
	$(PYTHON) -m tests.record_races

# The table of figures in README.md, measured on the embedded model.
figures:
	$(PYTHON) -m tests.measure_methods

# The tables of docs/performance.md: where a token's time goes, by context, the suffix tree, sizes, memory.
costs:
	$(PYTHON) -m tests.measure_costs

# What a page holds after an afternoon of one visitor's use.
memory:
	$(PYTHON) -m tests.page_memory

# The benchmark's table: every suite, method and baseline; the same again goes on where it was broken off.
bench:
	$(PYTHON) -m accel bench --warm
	$(PYTHON) -m visuals.charts.bench out/bench/bench.json

# The pictures of README.md and docs/first-run.md, from the real page.
screenshots:
	$(PYTHON) -m tests.screenshots

# The tables in README.md, from the code.
docs:
	$(PYTHON) -m tests.test_docs

constraints:
	(echo "# Exact versions, used by both commands of the README and by CI. Made by: make constraints"; \
	 $(PYTHON) -m pip freeze | sed 's/+c[pu][u0-9]*//' | grep -vE '^(nvidia-|cuda-|triton)') > constraints.txt

.PHONY: setup run test check versions space bars bench bench-gpu costs memory mutants traces races figures screenshots docs constraints
