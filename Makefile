# Every target sets up what it needs by itself: Python, make and a package index are enough.

AIRFLOW ?= 3.3.2
LOCKED := requirements/airflow-$(AIRFLOW).txt
# What an Airflow has a part in, rather than AWS: to run in minutes.
AIRFLOW_TESTS = tests/unit/hooks tests/unit/links tests/unit/operators tests/unit/sensors \
	tests/unit/triggers tests/unit/test_templates.py \
	$(patsubst %,tests/operators/test_%.py,deferral documents policies sensors tuning_job) \
	$(patsubst %,tests/integration/crashes/test_%.py,cleared components ended worker_killed)
BIN := .venv/bin
ARGS ?=
# The newest that is supported is AIRFLOW; each of the others with what is of its date.
OLDER := 3.0.6:2025-09-05 3.1.8:2026-03-20 3.2.2:2026-06-05
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes $(ARGS) \
	--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

# Whichever environment is activated outside, the commands are those of .venv.
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH

.DEFAULT_GOAL := help
.PHONY: help venv demo up down test test-clients test-oldest test-older test-matrix test-sqs \
	test-distributed lint format bench bench-local bench-waiting bench-tuning \
	pictures lock wheel
.SILENT:

help: ## list the targets (the default)
	awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

venv: ## make .venv with the locked dependencies (PYTHON=python3.12 chooses the interpreter)
	sh requirements/venv.sh $(LOCKED)

demo: export DEMO_STARTED := $(shell date +%s)
demo: venv ## run a whole pipeline under a real Airflow and a local SageMaker endpoint (DAG=tune_many)
	exec $(BIN)/python -m demo run $(if $(DAG),--dag $(DAG))

up: venv ## the same stack left running, for a browser (AIRFLOW_PORT=8080 ENDPOINT_PORT=8765)
	exec $(BIN)/python -m demo up

down: venv ## stop what `make up` started
	exec $(BIN)/python -m demo down

test: venv ## run the tests (ARGS="tests/unit -k naming" narrows them)
	$(BIN)/pytest $(ARGS)

test-clients: venv ## drive the local endpoint by the SageMaker Python SDK, versions 2 and 3
	for sdk in v2 v3; do \
		sh requirements/venv.sh requirements/sagemaker-sdk-$$sdk.txt .venv-sdk-$$sdk && \
		SAGEMAKER_SUPPRESS_V2_WARNING=1 ENDPOINT_PYTHON=$(BIN)/python \
		.venv-sdk-$$sdk/bin/python -m pytest tests/clients/test_sdk_$$sdk.py $(ARGS) || exit; \
	done

test-oldest: OLDER := $(firstword $(OLDER))
test-oldest: test-older ## the tests that Airflow has a part in, on the oldest one that is supported

test-matrix: test-older ## the same on each Airflow that is supported, oldest first
	$(BIN)/pytest $(or $(ARGS),$(AIRFLOW_TESTS))

test-older: venv
	for older in $(OLDER); do \
		airflow=airflow-$${older%:*}; \
		sh requirements/venv.sh requirements/$$airflow.txt .venv-$$airflow && \
		ENDPOINT_PYTHON=$(BIN)/python .venv-$$airflow/bin/python -m pytest \
			$(or $(ARGS),$(AIRFLOW_TESTS)) || exit; \
	done

test-sqs: venv ## S3's events through EventBridge, an SQS queue and Airflow, with the extra sqs
	sh requirements/venv.sh requirements/airflow-$(AIRFLOW)-sqs.txt .venv-sqs
	ENDPOINT_PYTHON=$(BIN)/python .venv-sqs/bin/python -m pytest $(or $(ARGS),tests/sqs)

test-distributed: venv ## docker-compose.yaml's services as processes, with Debian's PostgreSQL and Redis
	sh requirements/venv.sh $(LOCKED:.txt=-distributed.txt) .venv-distributed
	ENDPOINT_PYTHON=$(BIN)/python .venv-distributed/bin/python -m pytest $(or $(ARGS),tests/distributed)

lint: venv ## ruff, mypy and the import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: venv ## let ruff format and fix what it can
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: bench-local bench-waiting ## the next two

bench-local: venv ## what a local tuning job costs, beside a bare Optuna and XGBoost script (ARGS=--quick)
	$(BIN)/python -m benchmarks $(ARGS)

bench-waiting: venv ## what waiting and importing cost, beside the amazon provider (ARGS="--waits 50")
	sh requirements/venv.sh $(LOCKED:.txt=-sqs.txt) .venv-sqs
	ENDPOINT_PYTHON=$(BIN)/python .venv-sqs/bin/python -m benchmarks.waiting $(ARGS)

bench-tuning: venv ## look for the effects that AWS published, on three data sets (ARGS="--seeds 2")
	$(BIN)/python -m benchmarks.effects $(ARGS)

pictures: venv ## take the pictures of docs/ anew, with Chromium (CHROMIUM=/usr/bin/chromium)
	$(BIN)/python -m tools.pictures

lock: venv ## write the locked sets anew (ARGS=--upgrade for the newest versions)
	PATH="$$PATH:$(CURDIR)/$(BIN)"; command -v uv >/dev/null || { \
		echo "make lock: needs uv on PATH: https://docs.astral.sh/uv/" >&2; exit 1; }; \
	$(COMPILE) requirements/uv.in -o requirements/uv.txt && \
	$(COMPILE) setup.cfg $(LOCKED:.txt=.in) --extra dev -o $(LOCKED) && \
	for older in $(OLDER); do \
		$(COMPILE) --exclude-newer $${older#*:} setup.cfg requirements/airflow-$${older%:*}.in \
			--extra templates -o requirements/airflow-$${older%:*}.txt || exit; \
	done && \
	$(COMPILE) setup.cfg $(LOCKED:.txt=-sqs.in) --extra sqs -o $(LOCKED:.txt=-sqs.txt) && \
	$(COMPILE) setup.cfg $(LOCKED:.txt=-distributed.in) --extra templates \
		-o $(LOCKED:.txt=-distributed.txt) && \
	$(COMPILE) requirements/sagemaker-sdk-v2.in -o requirements/sagemaker-sdk-v2.txt && \
	$(COMPILE) requirements/sagemaker-sdk-v3.in -o requirements/sagemaker-sdk-v3.txt

wheel: venv ## build the wheel into dist/
	rm -rf build
	$(BIN)/python -c 'from setuptools import build_meta as b; b.build_wheel("dist", {"--global-option": "-q"})'
	rm -rf build
	ls dist/*.whl
