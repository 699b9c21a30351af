# Two commands are enough: `make verify` judges the reference gateway, `make test` passes the tests.
GO      ?= go
BIN     := bin
REPORT  ?= report

.PHONY: build verify image image-gateway image-fakeconnector verify-image same-verdicts test lint vectors ports mutants mutants-all mutants-full fuzz bench soak clean

# What a build says of itself, `fakeconnector version`: the commit, and whether the working
# tree held anything else. Empty where there is no git, and then the build says so.
BUILD    := github.com/relaykit/relaykit/internal/build
REVISION := $(shell git rev-parse HEAD 2>/dev/null)
MODIFIED := $(if $(shell git status --porcelain 2>/dev/null),true,false)
STAMP    := -X $(BUILD).revision=$(REVISION) -X $(BUILD).modified=$(MODIFIED)

build:
	$(GO) build -ldflags='$(STAMP)' -o $(BIN)/ ./cmd/...

verify: build
	$(BIN)/fakeconnector verify --target cmd/gateway/target.yaml --command $(BIN)/gateway --report $(REPORT)

# The reference gateway and the fake connector as images without a base.
IMAGE               ?= relaykit-gateway
IMAGE_FAKECONNECTOR ?= relaykit-fakeconnector
CA_CERTIFICATES     ?= /etc/ssl/certs/ca-certificates.crt
image: image-gateway image-fakeconnector

image-gateway:
	mkdir -p $(BIN)/image/work
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s $(STAMP)' -o $(BIN)/image/gateway ./cmd/gateway
	cp $(CA_CERTIFICATES) $(BIN)/image/ca-certificates.crt
	docker build --quiet --tag $(IMAGE) --file cmd/gateway/Dockerfile $(BIN)/image

image-fakeconnector:
	mkdir -p $(BIN)/image-fakeconnector/data
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s $(STAMP)' -o $(BIN)/image-fakeconnector/fakeconnector ./cmd/fakeconnector
	cp $(CA_CERTIFICATES) $(BIN)/image-fakeconnector/ca-certificates.crt
	docker build --quiet --tag $(IMAGE_FAKECONNECTOR) --file cmd/fakeconnector/Dockerfile $(BIN)/image-fakeconnector

verify-image: build image-gateway
	$(BIN)/fakeconnector verify --target cmd/gateway/target.yaml --image $(IMAGE) --report $(REPORT)

# The reference must be judged alike in process, as a command, as an image and attached.
same-verdicts:
	RELAYKIT_SAME_VERDICTS=1 $(GO) test -count=1 -timeout 20m -v -run '^TestSameVerdicts$$' ./conformance

test:
	$(GO) test -race -timeout 20m ./...

lint:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

# The vectors are written again from their description, by two generators, and must not change.
vectors:
	$(GO) generate ./vectors
	git diff --exit-code -- vectors
	$(GO) test -v ./vectors

# Each port's own tests, then every vector asked of it.
ports:
	$(GO) test -v ./vectors/ports

# Mutants must be killed by the cases of their own rule. `mutants-all` judges every one, keeps
# what became of each, and writes docs/mutants.md; it can be stopped and begun again.
# `mutants` holds what is kept there: of those that were killed one of every rule, and as many
# more as MUTANTS_FOR lets it; which, follows from the source, so that in time all get their
# turn. `mutants-full` lets every case see every mutant, to show how far each spreads.
MUTANTS_FOR        ?= 4m
MUTANTS            := conformance/mutants/outcomes.json
CONNECTOR_MUTANTS  := conformance/mutants/connector/outcomes.json
mutants:
	$(GO) run ./conformance/mutants/run -recorded -results $(MUTANTS) -for $(MUTANTS_FOR) -parallel 6
	$(GO) run ./conformance/mutants/run -connector -recorded -results $(CONNECTOR_MUTANTS) -for 1m -parallel 4

mutants-all:
	$(GO) run ./conformance/mutants/run -results $(MUTANTS) -doc docs/mutants.md
	$(GO) run ./conformance/mutants/run -connector -results $(CONNECTOR_MUTANTS)

mutants-full:
	$(GO) run ./conformance/mutants/run -full -results $(MUTANTS) -doc docs/mutants.md

# Every fuzz target for FUZZTIME. `go test -fuzz` takes one target of one package at a time.
FUZZTIME ?= 60s
fuzz:
	@set -e; for file in $$(grep -l '^func Fuzz' $$(git ls-files '*_test.go')); do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$file); do \
			echo "fuzz $$target in $$(dirname $$file) for $(FUZZTIME)"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x ./$$(dirname $$file); \
		done; \
	done

# The benchmarks, one package after the other, and at the end one line for each: what it came
# to beside a bare program that does the same, and its goal. "speed" and "inbound" and
# "answered" are to reach theirs, the others to stay below.
BENCHMARKS ?= .
bench:
	@mkdir -p $(BIN)
	@{ $(GO) test -run '^$$' -bench '$(BENCHMARKS)' -timeout 30m ./fakeconnector ./reference; echo $$? >$(BIN)/bench.code; } 2>&1 | tee $(BIN)/bench.out
	@grep '^ratio ' $(BIN)/bench.out; exit $$(cat $(BIN)/bench.code)

# Minutes of load under faults, judged from both sides' logs. SOAK=-lose=1 loses an ack on purpose.
DURATION ?= 5m
GATEWAYS ?= 2000
SOAK     ?=
soak:
	$(GO) run ./internal/soak -duration $(DURATION) -gateways $(GATEWAYS) $(SOAK)

clean:
	rm -rf $(BIN) $(REPORT)
