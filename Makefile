# Each target is one short script in bin/, which also runs where there is no make.
.DEFAULT_GOAL := help
.PHONY: help run test coverage torture fuzz bench check format requirements proto clean samples city

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Start the whole service on this machine; Ctrl-C stops it
	@exec bin/run

test: ## Run the tests
	@exec bin/test

coverage: ## Measure what the tests of the service cover
	@exec bin/coverage

torture: ## Run the long half of the tests: races, faults and deploys
	@exec bin/torture

fuzz: ## Try inputs that nobody thought of, for FUZZ_SECONDS (120)
	@exec bin/fuzz

bench: ## Measure the service, and write bench/results
	@exec bin/bench

samples: ## Run the sample scripts of every language that this machine has
	@exec bin/samples

city: ## Run a simulated city of PEOPLE (50) against a server, and write var/city.html
	@bin/install requirements.txt requirements-dev.txt
	@exec clients/city/with-server.sh

check: ## Check style, types, migrations, definitions, secrets and licences
	@exec bin/check

format: ## Bring the source into the one style
	@exec bin/format

requirements: ## Compile the requirement files, with hashes
	@exec bin/requirements

proto: ## Generate the Python modules of the protocol buffers
	@exec bin/proto

clean: ## Remove what can be made again; data and secrets stay
	@exec bin/clean
