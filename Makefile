# `make` is the whole way: environment, TeX, the demo study, its paper and its report.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := demo
PYTHON ?= python3
STUDY ?= demo
CASES ?= 100000
NAME = $(basename $(notdir $(STUDY)))
MODULES ?= $(filter-out __init__,$(basename $(notdir $(wildcard src/nagbench/statistics/*.py))))
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
ENVIRONMENT := .venv/.complete
DOCS := .stamps/docs/.complete
SNAKEMAKE := snakemake --cores $(CORES)

# A user's own settings of Python must not leak in; what we run is what the lock says.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

.PHONY: demo paper results report export bench calibrate environment container tex docs readme test fuzz fuzz-guided mutation test-docs test-slow test-outside test-slurm test-s3 test-kubernetes test-container test-disk test-browser explorer-bundle lint format lock clean help

demo: $(ENVIRONMENT) ## environment, TeX, the demo study, its PDF and its report (the default)
	@envs/run-study.sh demo $(CORES)

paper: $(ENVIRONMENT) ## the paper study on CIFAR-10, from data to PDF (wants a GPU)
	@envs/run-study.sh paper $(CORES)

results: $(ENVIRONMENT) ## tables, figures and paper from the committed records: no training
	@envs/run-study.sh cifar10-cnn $(CORES) records=committed

report: $(ENVIRONMENT) ## the HTML report of the demo study alone
	@$(SNAKEMAKE) --config study=demo -- report

export: $(ENVIRONMENT) ## records, result tables and study in one archive; STUDY=paper: of another study
	@nagbench export $(STUDY) --output "results/$(NAME)/$(NAME).tar.gz"

bench: $(ENVIRONMENT) ## the engine's speed on this machine, beside plain training loops
	@nagbench bench

calibrate: $(ENVIRONMENT) ## whether the statistics hold what they promise, by simulation
	@nagbench calibrate

environment: $(ENVIRONMENT) ## .venv from envs/lock.txt

$(ENVIRONMENT): envs/lock.txt pyproject.toml envs/install-python.sh
	@envs/install-python.sh .venv $(PYTHON)
	@touch $@

container: ## the image `nagbench`, by podman or buildah; OPTIONS="--build-arg BASE=IMAGE": for the builder
	@envs/build-container.sh $(OPTIONS)

tex: ## the Debian packages that the paper needs
	@envs/install-tex.sh

docs: $(DOCS) ## the documentation site, in build/site
	@$(SNAKEMAKE) --quiet all --config study=pilot records=committed -- figures
	@NO_MKDOCS_2_WARNING=1 PYTHONPATH=.stamps/docs python -m mkdocs build --strict

$(DOCS): $(ENVIRONMENT) envs/docs.txt
	@pip install --quiet --no-deps --upgrade --target $(@D) --requirement envs/docs.txt
	@touch $@

readme: $(ENVIRONMENT) ## what README.md and docs/ say of the committed records, whose verdicts are kept
	@nagbench register cifar10-cnn --records paper/records/cifar10-cnn
	@nagbench register cifar10-cnn --records paper/records/cifar10-cnn/h200
	@nagbench register cifar10-cnn-rivals --records paper/records/cifar10-cnn-rivals
	@$(SNAKEMAKE) --quiet all --config study=pilot records=committed -- tables
	@nagbench readme --statistics results/pilot/statistics --file docs/pilot.md
	@$(SNAKEMAKE) --quiet all --config study=cifar10-cnn-rivals records=committed -- tables
	@nagbench readme --statistics results/cifar10-cnn-rivals/statistics --file docs/rivals.md
	@$(SNAKEMAKE) --quiet all --config study=cifar10-cnn records=committed -- tables
	@nagbench readme --statistics results/cifar10-cnn/statistics \
		--file README.md docs/verdicts.md paper/records/README.md --figure figures/readme/answer.svg
	@nagbench shift cifar10-cnn paper/records/cifar10-cnn/h200 paper/records/cifar10-cnn \
		--file paper/records/README.md

test: $(ENVIRONMENT) ## the test suite, if anything changed since it passed; FORCE=1 runs it anyhow
	@envs/install-tex.sh || echo "Tests that compile LaTeX are left out."
	@envs/test.sh $(CORES) $(FORCE)

fuzz: $(ENVIRONMENT) ## damaged input by the hundred thousand, hours; CASES=1000: so many of each kind
	@NAGBENCH_FUZZ=$(CASES) pytest -m fuzz --numprocesses $(CORES) --durations 0 tests/fuzz

fuzz-guided: $(ENVIRONMENT) ## the same, led by what code it reaches; for Python 3.11
	@pip install --quiet --no-deps --upgrade --target .stamps/guided --requirement envs/guided.txt
	@PYTHONPATH=src:tests:tests/fuzz:.stamps/guided python tests/fuzz/guided.py $(CASES)

mutation: $(ENVIRONMENT) ## changes of the statistics that no test notices; MODULES="verdict_table contrast"
	@pip install --quiet --no-deps --upgrade --target .stamps/mutation --requirement envs/mutation.txt
	@envs/mutate.sh $(MODULES)

test-docs: $(DOCS) ## what README and guides say to type, typed; and the documentation site
	@pytest -m documentation --durations 0 tests/documentation tests/workflow

test-slow: $(ENVIRONMENT) ## the tests that take minutes each; wants libfaketime
	@envs/apt-install.sh libfaketime || true
	@pytest -m slow --durations 0

test-outside: $(ENVIRONMENT) ## what others' packages say: five optimizers in `nagbench compare`, validators of archives
	@pip install --quiet --no-deps --upgrade --target .stamps/outside --requirement envs/outside.txt
	@PYTHONPATH=.stamps/outside pytest -m outside tests/comparing tests/exporting

test-slurm: $(ENVIRONMENT) ## the workflow through Slurm, on a cluster of this machine; wants munge and slurm-wlm
	@pip install --quiet --no-deps --upgrade --target .stamps/slurm --requirement envs/slurm.txt
	@PYTHONPATH=$(CURDIR)/.stamps/slurm pytest -m cluster --durations 0 tests/cluster/test_slurm.py

test-s3: $(ENVIRONMENT) ## results as objects in S3's way, on a server of this machine
	@pip install --quiet --no-deps --upgrade --target .stamps/s3 --requirement envs/s3.txt
	@PYTHONPATH=$(CURDIR)/.stamps/s3 pytest -m cluster --durations 0 tests/cluster/test_objects.py

test-kubernetes: $(ENVIRONMENT) ## the workflow through Kubernetes' plugin, in pretended pods
	@pip install --quiet --no-deps --upgrade --target .stamps/s3 --requirement envs/s3.txt
	@pip install --quiet --no-deps --upgrade --target .stamps/kubernetes --requirement envs/kubernetes.txt
	@PYTHONPATH=$(CURDIR)/.stamps/kubernetes:$(CURDIR)/.stamps/s3 pytest -m cluster --durations 0 tests/cluster/test_kubernetes.py

test-container: $(ENVIRONMENT) ## the container, built and trained in; wants buildah, and mmdebstrap on Debian
	@pytest -m container --durations 0 tests/container

test-disk: $(ENVIRONMENT) ## commands on a disk that is full or read-only; wants to mount a file system
	@pytest -m disk --durations 0 tests/faults

test-browser: $(ENVIRONMENT) explorer-bundle ## what a reader does with explorer and report, in Chromium; wants node and npm
	@pytest -m browser tests/exploring tests/workflow

explorer-bundle: ## the explorer's script anew, from src/nagbench/exploring/javascript; wants node and npm
	@envs/bundle-explorer.sh

lint: $(ENVIRONMENT) ## format, style, types, workflow, TeX and shell checks
	@envs/lint.sh

format: $(ENVIRONMENT) ## format Python and Snakemake files
	@ruff format src tests examples docs && ruff check --fix src tests examples docs && snakefmt Snakefile workflow

lock: ## pin every dependency anew, in envs/lock.txt and envs/docs.txt
	@envs/compile-lock.sh $(PYTHON)

clean: ## remove what was made, the environment too; committed records stay
	@rm -rf .venv .stamps .snakemake build .hypothesis .mypy_cache .pytest_cache .ruff_cache results
	@find figures -mindepth 1 -maxdepth 1 ! -name paper ! -name readme -exec rm -rf {} +
	@find src tests -name __pycache__ -prune -exec rm -rf {} +
	@echo "Clean."

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14
