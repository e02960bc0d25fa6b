# aarch64: cross-built with Debian's gcc-aarch64-linux-gnu; what can be run, runs under qemu-user. Its own cmocka, of the few
# names that the units use: Debian's is for this machine.
ARM       := $(BUILD)/aarch64
ARM_CC    ?= aarch64-linux-gnu-gcc
ARM_ROOT  ?= /usr/aarch64-linux-gnu
ARM_RUN   ?= qemu-aarch64 -L $(ARM_ROOT)
ARM_MAKE   = $(MAKE) CC=$(ARM_CC) AR=aarch64-linux-gnu-ar BUILD=$(ARM)

.PHONY: aarch64 aarch64-programs aarch64-unit
aarch64: ## the library and the command for aarch64, in build/aarch64 (needs gcc-aarch64-linux-gnu)
	+$(ARM_MAKE) all

aarch64-programs: aarch64 # to try the library on
	+$(ARM_MAKE) SNIPPET_LIBC=$(ARM_ROOT)/lib/libc.so.6 SNIPPET_FRAMES="frames frames-constructor" targets snippets

aarch64-unit: aarch64 $(ARM)/libcmocka.so ## the units of aarch64, under qemu-user
	+$(ARM_MAKE) UNIT_SANITIZERS= UNIT_RUN="$(ARM_RUN)" UNIT_INCLUDE=-Itests/platforms/cmocka \
		LDFLAGS="-L$(ARM) -Wl,-rpath,$(abspath $(ARM))" unit-plain

$(ARM)/libcmocka.so: $(wildcard tests/platforms/cmocka/*)
	@mkdir -p $(@D)
	$(ARM_CC) -std=gnu11 -fPIC -shared -O1 -g $(WARNINGS) $(WERROR) -Wl,-soname,libcmocka.so.0 $(filter %.c,$^) -o $@
	@ln -sf $(@F) $@.0
