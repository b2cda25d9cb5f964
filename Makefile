# Each target is a short script in bin/, which also works without make.
.DEFAULT_GOAL := help
.PHONY: help run test coverage torture gameday fuzz bench check infrastructure format requirements proto clean samples city

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Start the whole service on this host; Ctrl-C stops it
	@exec bin/run

test: ## Run the tests
	@exec bin/test

coverage: ## Run all tests, and measure what they cover
	@CI=1 COVERAGE=true exec bin/test

torture: ## Run the long half of the tests: races, faults and deploys
	@exec bin/torture

gameday: ## Break a running copy on purpose, for 25 minutes, and write docs/game-day.md
	@exec bin/gameday

fuzz: ## Send generated inputs for FUZZ_SECONDS (120)
	@exec bin/fuzz

bench: ## Measure the service, and write bench/results
	@exec bin/bench

samples: ## Run the sample scripts of every language installed here
	@exec bin/samples

city: ## Run a simulated city of PEOPLE (50) against a server, and write var/city.html
	@bin/install requirements.txt requirements-dev.txt
	@exec clients/city/with-server.sh

check: ## Check style, types, migrations, definitions, secrets and licences
	@exec bin/check

infrastructure: ## Check Terraform, images and workflows, without an account
	@exec bin/check-infrastructure

format: ## Format the source
	@exec bin/format

requirements: ## Compile the requirement files, with hashes
	@exec bin/requirements

proto: ## Generate the Python modules of the protocol buffers
	@exec bin/proto

clean: ## Remove generated files; data and secrets stay
	@exec bin/clean
