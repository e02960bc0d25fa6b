# musl: the library that `make` builds loads under musl as well as under glibc. What shows it: the targets and the snippets,
# linked with musl (musl-gcc of Debian's musl-tools), natively first and then with that very library.
MUSL       := $(BUILD)/musl
MUSL_CC    ?= musl-gcc
MUSL_LIBC   = /lib/ld-musl-$(shell uname -m).so.1
MUSL_MAKE   = $(MAKE) CC="$(MUSL_CC) -idirafter $(abspath $(MUSL))/include" BUILD=$(MUSL)

.PHONY: musl
musl: all $(MUSL)/include ## programs linked with musl, to try the library on (needs musl-gcc)
	+$(MUSL_MAKE) SNIPPET_LIBC=$(MUSL_LIBC) SNIPPET_FRAMES="frames frames-constructor" targets snippets

# The kernel's headers, without glibc's beside them.
$(MUSL)/include:
	@mkdir -p $@.part
	@for name in linux asm-generic asm; do for folder in /usr/include /usr/include/$$($(CC) -dumpmachine); do \
		test ! -d $$folder/$$name || ln -sfn $$folder/$$name $@.part/$$name; done; done
	@mv $@.part $@
