# One word per task. On a fresh machine (Debian, Python 3.11, Node 20) each task does the set-up that it needs.
SHELL := /bin/bash
VENV := .venv
PYTHON := $(VENV)/bin/python
NODE := tests/node/node_modules/.package-lock.json
CORPUS ?= benchmarks/corpus

.PHONY: help run playground test check format eval matching speed tokens fuzz samples lock clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(VENV)/.run  ## start the app on http://127.0.0.1:3978, no account or key needed
	$(PYTHON) app.py serve

playground: $(VENV)/.run $(NODE)  ## the app together with Microsoft's Agents Playground
	@trap 'kill 0' EXIT; $(PYTHON) app.py serve & \
	  cd tests/node && npx --no-install agentsplayground start --dt -e http://127.0.0.1:3978/api/messages -c msteams

test: packages check $(NODE)  ## lint, types, import rules and all tests
	$(PYTHON) -m pytest --numprocesses auto --dist worksteal

check: $(VENV)/.dev  ## lint, types, import rules
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: $(VENV)/.dev  ## format the code
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

eval: $(VENV)/.dev  ## score the rules structurer (CORPUS=folder with pdf/ and gold/ takes another set)
	$(PYTHON) benchmarks/evaluate.py $(CORPUS)

matching: $(VENV)/.dev  ## score the matcher: ranking, verdicts, near misses, layouts, counterfactual pairs, attacks
	@failed=0; for script in ranking verdicts near_misses layouts counterfactual injection; do \
	  echo "== $$script"; $(PYTHON) benchmarks/matching/$$script.py || failed=1; done; exit $$failed

speed: $(VENV)/.dev  ## times and memory
	$(PYTHON) benchmarks/speed.py $(CORPUS)

tokens: $(VENV)/.dev $(NODE)  ## tokens and price of the model structurer
	$(PYTHON) benchmarks/tokens.py

fuzz: $(VENV)/.dev  ## ten thousand damaged PDFs through the sandbox
	$(PYTHON) benchmarks/fuzz.py

samples: $(VENV)/.dev  ## make the sample CVs and the Word templates anew
	$(PYTHON) samples/make_samples.py
	$(PYTHON) samples/make_templates.py
	$(PYTHON) samples/make_documents.py

lock: $(VENV)/.dev  ## requirements.in -> requirements.txt with hashes
	$(PYTHON) -m pip install --quiet uv==0.13.8
	$(VENV)/bin/uv pip compile --quiet --generate-hashes --no-header --python-version 3.11 requirements.in -o requirements.txt
	$(VENV)/bin/uv pip compile --quiet --generate-hashes --no-header --python-version 3.11 requirements-dev.in -o requirements-dev.txt
	sed -i '1i # Made from requirements.in by `make lock`; what each dependency is for stands there.' requirements.txt
	sed -i '1i # Made from requirements-dev.in by `make lock`; what each dependency is for stands there.' requirements-dev.txt

clean:  ## remove what was installed and cached (not the data)
	rm -rf $(VENV) tests/node/node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

.PHONY: packages
packages:
	@.ci/packages

$(VENV)/.run: requirements.txt
	python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

$(NODE): tests/node/package-lock.json
	cd tests/node && npm ci --no-audit --no-fund --loglevel=error
