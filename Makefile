# The targets a person types; `make help` lists them.
GO ?= go
BIN := bin/reconcile
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.1.4
# A count, not a time: at the end of a stated time the fuzzer can report its own deadline as a failure.
FUZZTIME ?= 10000x
BENCHSTAT := golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da
# Split, parse and decode; join; fee; encode and read back. One core, six times each.
BENCH := $(GO) test -run '^$$' -bench . -benchmem -cpu 1 -count 6 ./settlement ./ingest/... ./match ./fees ./output

.PHONY: help build demo demo-month test race fuzz check sample-month engines engines-update limits databases ledger shells man workbook browser bench bench-baseline bench-formats clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/reconcile
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN) ./cmd/reconcile

demo: build ## write the sample day, run it, print the summary
	@rm -rf demo
	$(BIN) init demo
	$(BIN) run demo/inbox --config demo/reconcile.yaml --out demo/out --breaks-ok

demo-month: build ## write a month with what comes late, replay it night by night, show where it stands
	@rm -rf demo-month
	$(BIN) generate demo-month --days 30 --day 2024-09-01 --nights --orders 60 --quiet \
	  --plant all=0,missing_in_statement=1,amount_mismatch=1,late_line=1,late_refund_line=1,refund_later=2
	testdata/month/replay $(BIN) demo-month

test: ## all tests that need nothing but Go
	$(GO) test ./...

race: ## the same under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -timeout 30m ./...

fuzz: ## every fuzz target for FUZZTIME each (a count such as 10000x, or a time)
	@for package in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
	    echo "$$package $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$package || exit 1; \
	  done; \
	done

sample-month: build ## write the month that docs/analytics.md asks, and run its days
	@rm -rf sample-month
	testdata/month/sample $(BIN) sample-month

engines: build ## read the tables in DuckDB, Polars, pandas, Spark, DataFusion and ClickHouse (installs them with pip)
	testdata/engines/run $(BIN)

engines-update: build ## the same, and write what they answer into docs/analytics.md
	testdata/engines/run $(BIN) --update

limits: build ## memory that holds, a full disk, killed runs, failing file operations (mounts small file systems)
	testdata/limits/run $(GO) $(BIN)

databases: build ## orders from PostgreSQL and MariaDB (installs them with apt-get where they are missing)
	testdata/databases/run $(GO) $(BIN)

ledger: build ## have beancount check the vouchers of generated days (installs it with pip)
	testdata/ledger/run $(BIN)

browser: build ## click through the pages in a real Chromium (installs it with apt-get where it is missing, and playwright-core with npm)
	testdata/browser/run $(BIN)

shells: build ## complete command lines in bash, zsh and fish; have the manual pages read (installs them with apt-get)
	testdata/shells/run $(BIN)

man: build ## write the manual pages into bin/man
	$(BIN) man bin/man

workbook: build ## open report.xlsx in LibreOffice, which calculates it again (installs it with apt-get where it is missing)
	testdata/workbook/run $(BIN)

check: ## formatting, vet, linters, known vulnerabilities
	@test -z "$$(gofmt -l .)" || { echo "gofmt would change:"; gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags limits,databases ./pipeline
	$(GO) run $(GOLANGCI) run ./...
	@testdata/vulncheck $(GO) $(GOVULNCHECK)

bench: ## Go benchmarks of the hot stages, compared with bench/BASELINE.txt
	@mkdir -p $(dir $(BIN))
	$(BENCH) > $(dir $(BIN))bench.txt || { cat $(dir $(BIN))bench.txt; exit 1; }
	@test -f bench/BASELINE.txt || echo "no bench/BASELINE.txt: make bench-baseline writes it"
	$(GO) run $(BENCHSTAT) $$(ls bench/BASELINE.txt 2>/dev/null | sed 's/^/baseline=/') now=$(dir $(BIN))bench.txt

bench-baseline: ## write bench/BASELINE.txt, on a machine that does nothing else
	$(BENCH) > bench/BASELINE.new || { cat bench/BASELINE.new; rm bench/BASELINE.new; exit 1; }
	@mv bench/BASELINE.new bench/BASELINE.txt

bench-formats: ## how fast each kind of file is read (docs/formats.md)
	$(GO) test -run '^$$' -bench Formats -cpu 1 -benchtime 30x ./ingest
	$(GO) test -run '^$$' -bench Rows -cpu 1 -benchtime 5x ./ingest/sheet

clean: ## remove what the targets made
	rm -rf bin demo demo-month sample-month
