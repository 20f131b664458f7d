# Two commands are the whole set-up on a fresh machine: `make demo` and `make test`.
# Each installs what is missing first (as root or with sudo).
SHELL := /bin/bash
CACHE := $(or $(REKMOD_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/rekmod)
WITH_ENV := set -euo pipefail; [[ ! -f "$(CACHE)/env.sh" ]] || . "$(CACHE)/env.sh";

.PHONY: help setup lab demo story demo-stop check test e2e bench truth dialects chaos month

help:
	@printf '%s\n' \
	  'make demo       real modules rebuilt for real new kernels, from nothing to a dnf install' \
	  'make story      two kernels break a module each: machines stay where they are until it is mended' \
	  'make demo-stop  ends what a demo left running for you to look at' \
	  'make test       all tests' \
	  'make check      format, lint, types and quick tests only' \
	  'make bench      the benchmarks of docs/benchmarks.md' \
	  'make truth      verdicts against the loader of every kernel, docs/truth.md' \
	  'make chaos      kills and faults over a running rekmod, docs/chaos.md' \
	  'make month      simulated days with a scripted upstream, docs/month.md' \
	  'make dialects  specs of every dialect, built for real kernels and installed by dnf' \
	  'make setup      installs what is missing'

setup:
	@bash scripts/setup.sh

lab: setup
	@$(WITH_ENV) bash lab/make-lab.sh >/dev/null

demo: lab
	@$(WITH_ENV) node --import tsx lab/demo.ts

story: lab
	@$(WITH_ENV) node --import tsx lab/story.ts

demo-stop:
	@bash lab/end-demo.sh

check:
	@bash scripts/setup.sh --quick-only
	@$(WITH_ENV) npm run --silent check

test: setup
	@$(WITH_ENV) npm run --silent check
	@$(WITH_ENV) bash scripts/e2e.sh

bench: lab
	@$(WITH_ENV) npm run --silent bench

truth: lab
	@$(WITH_ENV) npm run --silent truth

dialects: lab
	@$(WITH_ENV) npm run --silent dialects

chaos: lab
	@$(WITH_ENV) npm run --silent chaos -- --seeds 3

month: setup
	@$(WITH_ENV) npm run --silent month
