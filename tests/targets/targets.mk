# Small C programs, right and wrong, that the scenarios are tried on. Built without the library: they know nothing of it.
TARGET_SRC := $(sort $(wildcard tests/targets/*.c))
TARGETS    := $(patsubst tests/targets/%.c,$(BUILD)/targets/%,$(TARGET_SRC))

.PHONY: targets
targets: $(TARGETS) ## build the small programs that scenarios are tried on

$(BUILD)/targets/%: tests/targets/%.c $(wildcard tests/targets/*.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(WERROR) $(CFLAGS) $(LDFLAGS) -o $@ $<
