# Fuzzing: every tests/fuzz/fuzz_NAME.c is a libFuzzer target over core and the faults, with NAME.dict as its words. What the
# unit tests' lists have is where it begins; what it finds is kept in $(BUILD)/fuzz.
FUZZ_SECONDS ?= 30
FUZZ_CC      ?= clang
FUZZ_BUILD   := $(BUILD)/fuzz
FUZZ_FLAGS   := $(SF_FLAGS) -Wno-unknown-warning-option -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
FUZZ_TESTS   := $(patsubst tests/fuzz/%.c,$(FUZZ_BUILD)/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

.PHONY: fuzz
fuzz: $(FUZZ_TESTS) ## libFuzzer over the parser, FUZZ_SECONDS (30) each
	@for test in $(FUZZ_TESTS); do name=$${test##*/fuzz_}; corpus=$(FUZZ_BUILD)/corpus-$$name; mkdir -p $$corpus; \
		sed -n '/^[^#=-]/p' tests/unit/*-rules.txt | split -l 1 -a 4 - $$corpus/listed-; \
		$$test -max_total_time=$(FUZZ_SECONDS) -dict=tests/fuzz/$$name.dict -artifact_prefix=$(FUZZ_BUILD)/ \
			-max_len=400 -print_final_stats=1 $$corpus >$$test.log 2>&1 || { tail -60 $$test.log; exit 1; }; \
		echo "fuzz_$$name: $$(sed -n 's/^stat::number_of_executed_units: *//p' $$test.log) texts, nothing found"; done

$(FUZZ_BUILD)/fuzz_%: tests/fuzz/fuzz_%.c $(CORE_SRC) $(FAULT_SRC) $(wildcard shim/core/*.h shim/core/*.def) | $(GENERATED)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) -o $@ $(filter %.c,$^)
