# Two commands do everything on a fresh Debian or Ubuntu: `make run` and `make test`.
# PORT=8080 OMS_HOME=/srv/oms make run   use another port, another data folder.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_PACKAGES := python3-venv tesseract-ocr tesseract-ocr-vie poppler-utils qpdf bubblewrap libseccomp2 "fonts-liberation2|fonts-liberation" fonts-freefont-ttf
TEST_PACKAGES := chromium chromium-driver postgresql redis-server fonts-dejavu-core
PO := oms/translations/vi/LC_MESSAGES/messages.po

.DEFAULT_GOAL := help
# A folder made by `make offline` on a machine with Internet; then nothing is asked of it.
OFFLINE ?=
FROM := $(if $(OFFLINE),--no-index --find-links $(OFFLINE)/wheels)

.PHONY: help setup setup-test offline parts run test test-sqlite test-postgresql lint scan security bench bench-reading bench-search screenshots packages packages-test

help: ## say what can be made
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 18

setup: packages $(VENV)/.installed oms/web/static/vendor/.built $(PO:.po=.mo) ## install what is missing

setup-test: setup packages-test

packages:
	@deploy/install-packages $(RUN_PACKAGES)

packages-test:
	@deploy/install-packages $(TEST_PACKAGES)

$(VENV)/.installed: requirements.lock setup.cfg
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "OMS needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Python packages …"
	@$(BIN)/pip install --quiet --disable-pip-version-check $(FROM) --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check $(FROM) --no-deps --no-build-isolation --editable .
	@touch $@

oms/web/static/vendor/.built: package-lock.json package.json oms/web/assets/build.js oms/web/assets/bootstrap.scss oms/web/assets/icons.txt | $(VENV)/.installed
ifdef OFFLINE
	@tar --extract --no-same-owner --file $(OFFLINE)/vendor.tar --directory oms/web/static
else
	@echo "Building front-end assets …"
	@deploy/with-node npm ci --ignore-scripts --silent --no-audit --no-fund
	@deploy/with-node node oms/web/assets/build.js
endif
	@touch $@

# The machine it is made on has the system, processor and Python version of the server: wheels are built for these.
INTO ?= offline
offline: setup ## a folder with all packages, for a server without Internet (make setup OFFLINE=FOLDER)
	@mkdir -p $(INTO)/wheels
	@$(BIN)/pip download --quiet --disable-pip-version-check --require-hashes --dest $(INTO)/wheels -r requirements.lock
	@tar --create --file $(INTO)/vendor.tar --directory oms/web/static vendor
	@$(BIN)/python deploy/list_parts.py --out $(INTO)/parts.cdx.json
	@cp requirements.lock package-lock.json $(INTO)
	@cd $(INTO) && find . -type f ! -name SHA256SUMS | sort | xargs -d '\n' sha256sum > SHA256SUMS
	@echo "$(INTO): $$(ls $(INTO)/wheels | wc -l) packages, $$(du -sh $(INTO) | cut -f1)"

parts: setup ## list all parts of the program: versions, hashes, licences (CycloneDX); 1 where not all are as locked
	@$(BIN)/python deploy/list_parts.py --out parts.cdx.json $(RUN_PACKAGES:%="%")

%.mo: %.po | $(VENV)/.installed
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

run: setup ## start web server and worker, with demo data when the data folder is new
	@exec $(BIN)/oms serve --with-worker --demo

lint: setup ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

scan: setup ## scanners: bandit, pip-audit, each in an environment of its own
	@deploy/scan

security: setup-test ## the long checks of docs/security.md, one table at the end (hours)
	@deploy/with-services $(BIN)/python docs/prove_security.py

# Both at once, on a machine with two cores; each says what it found when it is done.
test: setup-test ## the whole suite, on SQLite and on PostgreSQL
	@$(MAKE) --no-print-directory -j2 --output-sync=target test-sqlite test-postgresql

test-sqlite: setup-test
	OMS_TEST_COMPLETE=1 deploy/with-services $(BIN)/pytest

# Rooms that know no database are tested once, in the run on SQLite.
NO_DATABASE := box recognition vietnamese specimens catalogue templates search
# Nor do these: they look at connections, headers, the source and the units.
NO_DATABASE += web/test_slow_clients.py web/test_raw_requests.py web/test_headers.py
NO_DATABASE += test_code_rules.py test_architecture.py test_asvs_table.py test_units.py test_certificates.py test_translations.py
NO_DATABASE += test_taking_guards_out.py
test-postgresql: setup-test
	OMS_TEST_COMPLETE=1 OMS_TEST_ON=postgresql deploy/with-services $(BIN)/pytest -m "not browser" $(NO_DATABASE:%=--ignore=tests/%)

# The others prove and do not measure; they take hours and belong to `make security`.
LONG := api_cases audit_run doors faults flips guarding guards kills load outbound power_cuts stored_xss vault
bench: setup ## measure, and print ratios; the long proofs in bench/ run with make security only
	@for file in $(filter-out $(LONG:%=bench/%.py),$(wildcard bench/*.py)); do echo "== $$file"; $(BIN)/python $$file || exit 1; done

bench-search: setup ## how fast the engines find
	$(BIN)/python bench/search.py

bench-reading: setup ## how well, cheaply and honestly pages are read
	$(BIN)/python bench/reading.py --clock

screenshots: setup-test ## take the pictures of the README from a running demo
	$(BIN)/python docs/screenshots.py
	$(BIN)/python docs/drawn_papers.py
