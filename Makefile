# sockfault: one Makefile. `make help` lists what there is.
PREFIX   ?= /usr/local
DESTDIR  ?=
PYTHON   ?= /usr/bin/python3
CC       ?= cc
BUILD    ?= build
VERSION  := 0.1.0

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wundef \
            -Wwrite-strings -Wvla -Wformat=2 -Wno-missing-attributes \
            -Werror=implicit-function-declaration -Werror=incompatible-pointer-types -Werror=int-conversion \
            -Werror=return-type -Werror=uninitialized -Werror=missing-prototypes
WERROR   ?=
CFLAGS   ?= -O2 -g
SF_FLAGS := -std=gnu11 -D_GNU_SOURCE -DSF_VERSION='"$(VERSION)"' -Ishim -I$(BUILD)/gen $(WARNINGS) $(WERROR)
# Inside somebody else's process: no fortify wrappers, nothing exported but the rows of calls.def.
SHIM_FLAGS := -fPIC -fvisibility=hidden -U_FORTIFY_SOURCE -fno-stack-protector -ftls-model=initial-exec -fno-builtin-fprintf

CORE_SRC  := $(sort $(wildcard shim/core/*.c))
FAULT_SRC := $(sort $(wildcard shim/fault/*.c))
FIND_SRC  := $(sort $(wildcard shim/finding/*.c))
SHIM_SRC  := $(sort $(wildcard shim/*.c shim/wrap/*.c)) 
SHIM_ASM  := $(sort $(wildcard shim/wrap/*.S))
CLI_SRC   := $(sort $(wildcard shim/cli/*.c))

LIB_OBJ := $(patsubst shim/%.c,$(BUILD)/lib/%.o,$(CORE_SRC) $(FAULT_SRC) $(SHIM_SRC)) $(patsubst shim/%.S,$(BUILD)/lib/%.o,$(SHIM_ASM))
CLI_OBJ := $(patsubst shim/%.c,$(BUILD)/cli/%.o,$(CORE_SRC) $(FAULT_SRC) $(FIND_SRC) $(CLI_SRC))

FAULTS   := $(notdir $(basename $(FAULT_SRC)))
FINDINGS := $(notdir $(basename $(FIND_SRC)))

.PHONY: all help clean
all: $(BUILD)/libsockfault.so $(BUILD)/sockfault ## build the library and the command (the default)

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
GENERATED := $(BUILD)/gen/faults.def $(BUILD)/gen/findings.def

$(BUILD)/lib/%.o: shim/%.c | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(SF_FLAGS) $(CFLAGS) $(SHIM_FLAGS) -MMD -MP -c $< -o $@
$(BUILD)/lib/%.o: shim/%.S
	@mkdir -p $(@D)
	$(CC) $(SF_FLAGS) $(SHIM_FLAGS) -c $< -o $@
$(BUILD)/cli/%.o: shim/%.c | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(SF_FLAGS) $(CFLAGS) -fPIE -MMD -MP -c $< -o $@

$(BUILD)/libsockfault.so: $(LIB_OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-z,defs -Wl,-z,relro -Wl,-z,now -Wl,-soname,libsockfault.so -o $@ $^ -ldl
$(BUILD)/sockfault: $(CLI_OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) -pie -Wl,-z,relro -Wl,-z,now -o $@ $^ -ldl

# Each folder of tests brings its own part.
include $(sort $(wildcard tests/*.mk tests/*/*.mk))

-include $(patsubst %.o,%.d,$(LIB_OBJ) $(CLI_OBJ))
