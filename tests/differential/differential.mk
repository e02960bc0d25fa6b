# The differential test: one program, natively and under a rule. Its cases are in tests/differential/cases.py.
PROBE := $(BUILD)/tests/differential/probe

.PHONY: test-differential
test-programs: $(PROBE)
$(PROBE): $(sort $(wildcard tests/differential/*.c)) tests/differential/probe.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(WERROR) -g -O1 $(filter %.c,$^) -pthread -o $@
test-differential: all $(PROBE) ## each fault by the kernel and by a rule: the same transcript
	$(PYTEST) -m "not long" tests/differential
