# Small C programs, right and wrong, that the scenarios are tried on; and those of wrong/ and right/, that findings are
# tried on. Built without the library: they know nothing of it.
TARGET_SRC := $(sort $(wildcard tests/targets/*.c tests/targets/wrong/*.c tests/targets/right/*.c))
# What needs OpenSSL is built where its headers are (libssl-dev: `make test` installs it), and they are glibc's.
ifeq ($(if $(SNIPPET_LIBC),,$(wildcard /usr/include/openssl/ssl.h)),)
TARGET_SRC := $(filter-out tests/targets/right/tls-%.c,$(TARGET_SRC))
endif
TARGETS    := $(patsubst tests/targets/%.c,$(BUILD)/targets/%,$(TARGET_SRC))

.PHONY: targets
targets: $(TARGETS) ## build the small programs that scenarios and findings are tried on

$(BUILD)/targets/%: tests/targets/%.c $(wildcard tests/targets/*.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(WERROR) $(CFLAGS) $(TARGET_FLAGS) $(LDFLAGS) -o $@ $< -pthread $(TARGET_LIBS)
# What a finding names is a line: little is optimized, and nothing merged.
$(BUILD)/targets/wrong/% $(BUILD)/targets/right/%: TARGET_FLAGS := -g -O1
$(BUILD)/targets/right/tls-%: TARGET_LIBS := -lssl -lcrypto
