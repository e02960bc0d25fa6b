# sockfault: one Makefile. `make help` lists what there is.
PREFIX   ?= /usr/local
DESTDIR  ?=
PYTHON   ?= /usr/bin/python3
CC       ?= cc
BUILD    ?= build
VERSION  := 0.1.0

# `make V=1` shows each command.
ifndef V
MAKEFLAGS += --silent --no-print-directory
endif

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wundef \
            -Wwrite-strings -Wvla -Wformat=2 -Wno-unknown-warning-option -Wno-missing-attributes \
            -Werror=implicit-function-declaration -Werror=incompatible-pointer-types -Werror=int-conversion \
            -Werror=return-type -Werror=uninitialized -Wno-error=maybe-uninitialized -Werror=missing-prototypes
WERROR   ?=
CFLAGS   ?= -O2 -g
SF_FLAGS := -std=gnu11 -D_GNU_SOURCE -DSF_VERSION='"$(VERSION)"' -Ishim -I$(BUILD)/gen $(WARNINGS) $(WERROR)
# Inside somebody else's process: no fortify wrappers, nothing exported but the rows of calls.def.
SHIM_FLAGS := -fPIC -fno-plt -fno-tree-slp-vectorize -fvisibility=hidden -U_FORTIFY_SOURCE -fno-stack-protector -ftls-model=initial-exec -fno-builtin-fprintf
# Where the compiler makes jumps of calls that come last (shim/brief.h).
SHIM_FLAGS += $(if $(filter -O2 -O3 -Os,$(lastword $(filter -O%,$(CFLAGS)))),-DSF_TAIL_CALLS)

CORE_SRC  := $(sort $(wildcard shim/core/*.c))
FAULT_SRC := $(sort $(wildcard shim/fault/*.c))
FIND_SRC  := $(sort $(wildcard shim/finding/*.c))
SHIM_SRC  := $(sort $(wildcard shim/*.c shim/wrap/*.c))
SHIM_ASM  := $(sort $(wildcard shim/wrap/*.S))
CLI_SRC   := $(sort $(wildcard shim/cli/*.c))
BOX_SRC   := $(sort $(wildcard shim/confine/*.c))

# The command is linked statically where that can be done: it starts in half the time, and what LD_PRELOAD holds is the
# target's alone. Where musl is at hand (musl-gcc of Debian's musl-tools) it is linked with that: a program of glibc asks
# the processor forty questions before main, each of which leaves a virtual machine. COMMAND_CC=cc builds without, and so
# does a compiler that somebody chose.
links = echo 'int main(void){return 0;}' | $1 $(CFLAGS) $(LDFLAGS) -static -x c - -o /dev/null 2>/dev/null
for_same = test '$(CC)' = '$(filter cc gcc,$(CC))' && test "$$(musl-gcc -dumpmachine 2>&1)" = "$$($(CC) -dumpmachine 2>&1)"
find_command_cc = $(shell $(for_same) && $(call links,musl-gcc) && echo musl-gcc -idirafter $(BUILD)/gen/kernel || echo '$(CC)')
find_static = $(shell $(call links,$(COMMAND_CC)) && echo -static || echo -pie)
ifeq ($(origin COMMAND_CC),undefined)
COMMAND_CC = $(eval COMMAND_CC := $$(find_command_cc))$(COMMAND_CC)
endif
ifeq ($(origin STATIC),undefined)
STATIC = $(eval STATIC := $$(find_static))$(STATIC)
endif

# What each program executes when it starts lies together, and small variables before the large tables: a page costs
# the first to touch it a microsecond or more.
START_SRC := $(addprefix shim/,next.c real.c init.c start.c heir.c self.c evlog.c core/arena.c stream.c probe.c track.c site.c byhand.c)
LIB_SRC := $(START_SRC) $(filter-out $(START_SRC),$(CORE_SRC) $(FAULT_SRC) $(SHIM_SRC))
LIB_OBJ := $(patsubst shim/%.c,$(BUILD)/lib/%.o,$(LIB_SRC)) $(patsubst shim/%.S,$(BUILD)/lib/%.o,$(SHIM_ASM))
CLI_OBJ := $(patsubst shim/%.c,$(BUILD)/cli/%.o,$(CORE_SRC) $(FAULT_SRC) $(FIND_SRC) $(CLI_SRC))

BOX_OBJ := $(patsubst shim/%.c,$(BUILD)/box/%.o,$(BOX_SRC))

FAULTS   := $(notdir $(basename $(FAULT_SRC)))
comma    := ,
FINDINGS := $(notdir $(basename $(FIND_SRC)))

.PHONY: all help clean
all: $(BUILD)/libsockfault.so $(BUILD)/sockfault $(BUILD)/sockfault-confine ## build the library and the command (the default)

help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null || true

clean: ## remove what was built
	rm -rf $(BUILD)

# The folders are the registries: fault/*.c and finding/*.c are listed here and nowhere else.
$(BUILD)/gen/faults.def: $(FAULT_SRC)
	@mkdir -p $(@D)
	@printf 'SF_FAULT(%s)\n' $(FAULTS) > $@
$(BUILD)/gen/findings.def: $(FIND_SRC)
	@mkdir -p $(@D)
	@printf '$(if $(FINDINGS),SF_FINDING(%s)\n)' $(subst -,_,$(FINDINGS)) > $@
$(BUILD)/gen/finding-words.def: $(FIND_SRC)
	@mkdir -p $(@D)
	@printf '$(if $(FINDINGS),"%s"$(comma)\n)' $(FINDINGS) > $@
# The kernel's headers, without a libc's beside them: musl-gcc does not look for them where they are.
$(BUILD)/gen/kernel:
	@mkdir -p $@.part
	@for name in linux asm-generic asm; do for folder in /usr/include /usr/include/$$($(CC) -dumpmachine); do \
		test ! -d $$folder/$$name || ln -sfn $$folder/$$name $@.part/$$name; done; done
	@mv $@.part $@
# Objects of two libcs don't mix. (BUILD is written now from here, now from the root: that makes no difference.)
.PHONY: FORCE
$(BUILD)/gen/command-cc: FORCE
	@mkdir -p $(@D)
	@echo '$(subst $(BUILD)/,,$(COMMAND_CC))' | cmp -s - $@ || echo '$(subst $(BUILD)/,,$(COMMAND_CC))' > $@
GENERATED := $(BUILD)/gen/faults.def $(BUILD)/gen/findings.def $(BUILD)/gen/finding-words.def

$(BUILD)/lib/%.o: shim/%.c | $(GENERATED)
	@mkdir -p $(@D); echo '  CC      $@'
	$(CC) $(SF_FLAGS) $(CFLAGS) $(SHIM_FLAGS) -MMD -MP -c $< -o $@
$(BUILD)/lib/%.o: shim/%.S shim/wrap/raw.h
	@mkdir -p $(@D); echo '  AS      $@'
	$(CC) $(SF_FLAGS) $(SHIM_FLAGS) -c $< -o $@
$(BUILD)/cli/%.o: shim/%.c $(BUILD)/gen/command-cc | $(GENERATED) $(BUILD)/gen/kernel
	@mkdir -p $(@D); echo '  CC      $@'
	$(COMMAND_CC) $(SF_FLAGS) $(CFLAGS) -fPIE -MMD -MP -c $< -o $@

$(BUILD)/box/%.o: shim/%.c
	@mkdir -p $(@D); echo '  CC      $@'
	$(CC) $(SF_FLAGS) $(CFLAGS) -fPIE -MMD -MP -c $< -o $@

# Code and constants in one segment: each further one is a mapping, and pages of its own, in each program that starts.
FEW_SEGMENTS := -Wl,-z,noseparate-code
# Without the compiler's start files: they would be two pages and four names to look up, for what only a library needs
# that is unloaded.
$(BUILD)/libsockfault.so: $(LIB_OBJ)
	@echo '  LINK    $@'
	$(CC) $(CFLAGS) $(LDFLAGS) -shared -nostartfiles $(FEW_SEGMENTS) -Wl,--sort-section=name -Wl,-Bsymbolic-functions -Wl,-z,defs -Wl,-z,relro -Wl,-z,now -Wl,-z,nodelete -Wl,-soname,libsockfault.so -o $@ $^ -ldl
$(BUILD)/sockfault: $(CLI_OBJ)
	@echo '  LINK    $@'
	$(COMMAND_CC) $(CFLAGS) $(LDFLAGS) $(STATIC) $(FEW_SEGMENTS) -Wl,--sort-section=name -Wl,-z,relro -Wl,-z,now -o $@ $^
# Not statically: it stands between the command and a program, and the library is to come through it.
$(BUILD)/sockfault-confine: $(BOX_OBJ)
	@echo '  LINK    $@'
	$(CC) $(CFLAGS) $(LDFLAGS) -pie -Wl,-z,relro -Wl,-z,now -o $@ $^

# The command finds all the rest from where it lies itself: a folder that was installed can be moved as a whole.
BIN := $(DESTDIR)$(PREFIX)/bin
PRIVATE := $(DESTDIR)$(PREFIX)/lib/sockfault
SHARE := $(DESTDIR)$(PREFIX)/share
MANUALS := $(sort $(wildcard doc/*.[1-8]))
.PHONY: install uninstall
install: all ## install below PREFIX, /usr/local (DESTDIR is honoured)
	install -d $(BIN) $(PRIVATE) $(SHARE)/sockfault/scenarios $(SHARE)/sockfault/suites $(addprefix $(SHARE)/man/man,$(sort $(subst .,,$(suffix $(MANUALS))))) \
		$(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions
	install -m 755 $(BUILD)/sockfault $(BIN)/sockfault
	install -m 755 $(BUILD)/libsockfault.so $(PRIVATE)/libsockfault.so
	install -m 755 $(BUILD)/sockfault-confine $(PRIVATE)/sockfault-confine
	install -m 644 scenarios/*.fault $(SHARE)/sockfault/scenarios
	install -m 644 scenarios/suites/*.* $(SHARE)/sockfault/suites
	for page in $(MANUALS); do install -m 644 $$page $(SHARE)/man/man$${page##*.}/ || exit 1; done
	install -m 644 doc/completions/sockfault.bash $(SHARE)/bash-completion/completions/sockfault
	install -m 644 doc/completions/_sockfault $(SHARE)/zsh/site-functions/_sockfault
	$(MAKE) install-harness

uninstall: ## take away what install put there
	rm -f $(BIN)/sockfault $(SHARE)/bash-completion/completions/sockfault $(SHARE)/zsh/site-functions/_sockfault
	for page in $(notdir $(MANUALS)); do rm -f $(SHARE)/man/man$${page##*.}/$$page; done
	$(MAKE) uninstall-harness
	rm -rf $(PRIVATE) $(SHARE)/sockfault

# The Python package, and each folder of tests, bring their own part.
include harness/harness.mk $(sort $(wildcard tests/*.mk tests/*/*.mk))

-include $(patsubst %.o,%.d,$(LIB_OBJ) $(CLI_OBJ) $(BOX_OBJ))
