# Unit tests: every tests/unit/test_*.c is a program of its own, run under the address and undefined-behaviour
# sanitizers. They are linked with an archive of everything that can run outside a target: core, faults, findings, the
# cutting of requests, the command without its main(), and the other files of this folder. Those that start threads run
# once more under the thread sanitizer.
UNIT_BUILD := $(BUILD)/unit
UNIT_SANITIZERS ?= -fsanitize=address,undefined -fno-sanitize-recover=undefined
UNIT_FLAGS := $(SF_FLAGS) -O1 -g -fno-omit-frame-pointer $(UNIT_SANITIZERS) $(UNIT_INCLUDE)
# What runs a program that was built for another machine (tests/platforms).
UNIT_RUN   ?=
UNIT_SRC   := $(CORE_SRC) $(FAULT_SRC) $(FIND_SRC) shim/cut.c $(filter-out shim/cli/main.c,$(CLI_SRC)) \
              $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))
UNIT_OBJ   := $(patsubst %.c,$(UNIT_BUILD)/%.o,$(UNIT_SRC))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(UNIT_BUILD)/%,$(sort $(wildcard tests/unit/test_*.c)))

TSAN_BUILD := $(BUILD)/unit-tsan
TSAN_FLAGS := $(SF_FLAGS) -O1 -g -fsanitize=thread
TSAN_OBJ   := $(patsubst %.c,$(TSAN_BUILD)/%.o,$(CORE_SRC) $(FAULT_SRC) $(addprefix tests/unit/,made_trace.c rules.c world.c))
TSAN_TESTS := $(patsubst tests/unit/%.c,$(TSAN_BUILD)/%,$(shell grep -l pthread_create tests/unit/test_*.c))

.PHONY: unit unit-plain unit-tsan
unit: unit-plain unit-tsan ## unit tests under the sanitizers
unit-plain: $(UNIT_TESTS)
	@for test in $(UNIT_TESTS); do echo "$${test##*/}"; CMOCKA_MESSAGE_OUTPUT=stdout $(UNIT_RUN) $$test >$$test.log 2>&1 || \
		{ cat $$test.log; exit 1; }; grep -a 'PASSED' $$test.log; done
unit-tsan: $(TSAN_TESTS) ## unit tests that start threads, under the thread sanitizer
	@for test in $(TSAN_TESTS); do echo "$${test##*/} (threads)"; CMOCKA_MESSAGE_OUTPUT=stdout $$test >$$test.log 2>&1 || \
		{ cat $$test.log; exit 1; }; grep -a 'PASSED' $$test.log; done

$(UNIT_BUILD)/libunit.a: $(UNIT_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^
$(UNIT_BUILD)/test_%: $(UNIT_BUILD)/tests/unit/test_%.o $(UNIT_BUILD)/libunit.a
	$(CC) $(UNIT_FLAGS) $(LDFLAGS) -o $@ $^ -lcmocka -ldl
$(UNIT_BUILD)/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(UNIT_FLAGS) -Itests/unit -MMD -MP -c $< -o $@
$(TSAN_BUILD)/test_%: $(TSAN_BUILD)/tests/unit/test_%.o $(TSAN_OBJ)
	$(CC) $(TSAN_FLAGS) $(LDFLAGS) -o $@ $^ -lcmocka
$(TSAN_BUILD)/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(TSAN_FLAGS) -Itests/unit -MMD -MP -c $< -o $@

.PRECIOUS: $(UNIT_BUILD)/%.o $(TSAN_BUILD)/%.o
-include $(patsubst %.o,%.d,$(UNIT_OBJ)) $(patsubst $(UNIT_BUILD)/%,$(UNIT_BUILD)/tests/unit/%.d,$(UNIT_TESTS)) \
         $(patsubst %.o,%.d,$(TSAN_OBJ)) $(patsubst $(TSAN_BUILD)/%,$(TSAN_BUILD)/tests/unit/%.d,$(TSAN_TESTS))
