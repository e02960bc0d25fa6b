# The tests: what is built for them and what runs them. README names `make test`.

E2E_SRC      := $(sort $(wildcard tests/e2e/programs/*.c))
E2E_PROGRAMS := $(patsubst tests/e2e/programs/%.c,$(BUILD)/tests/e2e/%,$(E2E_SRC)) $(BUILD)/tests/e2e/guest-static \
                $(BUILD)/tests/e2e/handler.so
PYTEST       := env -u LD_PRELOAD SOCKFAULT_BUILD=$(abspath $(BUILD)) $(PYTHON) -m pytest -q -rs -p no:cacheprovider -n 2

.PHONY: deps test test-all test-programs test-snippets test-findings test-e2e test-harness test-grading
deps: ## install what the tests and checks need (Debian and Ubuntu)
	@tests/install-deps

# One after the other, the quickest first: what fails early costs little.
test: deps ## everything that CI runs: checks, units, fuzz seconds, snippets x frames, scenarios, real programs
	$(MAKE) -s --no-print-directory -j2 all targets snippets musl aarch64-programs test-programs bench-programs
	$(MAKE) -s --no-print-directory check
	$(MAKE) -s --no-print-directory unit
	$(MAKE) -s --no-print-directory -j2 aarch64-unit
	$(MAKE) -s --no-print-directory fuzz
	$(PYTEST) -m "not long" tests/snippets tests/e2e tests/bench
	$(PYTEST) -m "not long" tests/findings tests/sweeps
	$(PYTEST) -m "not long" tests/harness
	$(PYTEST) -m "not long" tests/grading
	$(PYTEST) -m "not long" tests/differential

test-all: test ## test, then ten minutes of fuzzing and the long tests
	tests/install-deps tests/packages-all.txt
	$(MAKE) -s --no-print-directory fuzz FUZZ_SECONDS=600
	$(PYTEST) -m long tests/e2e || [ $$? = 5 ]
	$(PYTEST) -m long tests/harness || [ $$? = 5 ]
	$(PYTEST) -m long tests/sweeps
	$(PYTEST) -m long tests/grading
	$(PYTEST) -m long tests/differential

test-snippets: all snippets ## each libc call in each frame, natively first
	$(PYTEST) tests/snippets
test-findings: all targets ## wrong programs are told their mistakes, right ones nothing
	$(PYTEST) -m "not long" tests/findings
test-harness: all targets test-programs ## the Python package
	$(PYTEST) -m "not long" tests/harness
test-grading: all ## sockfault grade
	$(PYTEST) -m "not long" tests/grading
test-e2e: all targets test-programs ## scenarios, the command and real programs
	$(PYTEST) -m "not long" tests/e2e

test-programs: $(E2E_PROGRAMS)
$(BUILD)/tests/e2e/%: tests/e2e/programs/%.c tests/e2e/programs/talk.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(WERROR) -g -O1 $< -pthread -o $@
$(BUILD)/tests/e2e/guest-static: tests/e2e/programs/guest.c tests/e2e/programs/talk.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(WERROR) -g -O1 -static $< -o $@
$(BUILD)/tests/e2e/handler.so: tests/e2e/handler/handler.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(WERROR) -g -O1 -fPIC -shared $< -o $@
