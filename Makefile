# The commands of this project; each is a script in deploy/dev that can be run alone.
.DEFAULT_GOAL := help
.PHONY: help run stop test bench format lint clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-8s %s\n", $$1, $$2}'

run: ## install what is missing, build, start Kefu, import the sample and ask three questions
	@deploy/dev/run.sh

stop: ## stop it; the data stays
	@deploy/dev/stop.sh

test: ## build with AddressSanitizer and UBSan and run all tests (FILTER=regex for some of them)
	@deploy/dev/test.sh

bench: ## build and run the benchmarks (DATA=folder of public data: docs/benchmarks.md)
	@deploy/dev/bench.sh

format: ## format the C++ files with clang-format
	@deploy/dev/format.sh

lint: ## check the format of all C++ files, and with clang-tidy those changed lately
	@deploy/dev/format.sh --check
	@deploy/dev/tidy.sh

clean: ## stop it and remove builds and data (downloads in .cache stay)
	@deploy/dev/stop.sh
	rm -rf build .run
