# Snippets x frames: one object for each row and each alias of calls.def, linked into one program for each way to build.
# A row without its tests/snippets/NAME.c is named by `make check`.

SNIPPET_OUT   := $(BUILD)/tests/snippets
SNIPPET_NAMES := $(sort $(basename $(notdir $(wildcard tests/snippets/*.c))))
SNIPPET_FRAMES ?= frames frames-fortified frames-constructor frames-static
# alias:row, where the row has a snippet. The alias is the same snippet with the name replaced.
SNIPPET_PAIRS := $(shell sed -n 's/^SF_ALIAS(\(.*\), \(.*\))/\1:\2/p' shim/core/calls.def)
SNIPPET_ALIAS := $(foreach p,$(SNIPPET_PAIRS),$(if $(filter $(lastword $(subst :, ,$p)),$(SNIPPET_NAMES)),$(firstword $(subst :, ,$p))))

# wrapper: the snippet of the wrapper through syscall(), by the name raw_WRAPPER (common/raw.c).
SNIPPET_RAW := $(shell printf '\043include "raw.def"' | $(CC) -DSF_RAW=SNIPPET_RAW -Ishim/wrap -E -P -x c - | sed -n 's/^SNIPPET_RAW.[^,]*, *\([^,]*\),.*/\1/p')
# Another libc (its file): what it lacks is left out.
SNIPPET_LIBC ?=
ifneq ($(SNIPPET_LIBC),)
SNIPPET_THERE := $(shell nm -D --defined-only $(SNIPPET_LIBC) | sed -n '/@@GLIBC_PRIVATE/d; s/.* //; s/@@.*//p; /@/!p')
SNIPPET_NAMES := $(filter $(SNIPPET_THERE),$(SNIPPET_NAMES))
SNIPPET_ALIAS := $(filter $(SNIPPET_THERE),$(SNIPPET_ALIAS))
endif
SNIPPET_RAW := $(filter $(SNIPPET_NAMES),$(SNIPPET_RAW))

SNIPPET_FLAGS := -std=gnu11 -D_GNU_SOURCE -fPIC -g -Wall -Wextra -Wno-nonnull -Wno-unused-result -Itests/snippets -Itests/frames -Ishim/wrap -I$(SNIPPET_OUT)
SNIPPET_PLAIN := -O1 -U_FORTIFY_SOURCE
SNIPPET_FORTIFIED := -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
SNIPPET_COMMON := $(patsubst tests/snippets/%.c,%,$(wildcard tests/snippets/common/*.c))

PLAIN_OBJ     := $(patsubst %,$(SNIPPET_OUT)/plain/%.o,$(SNIPPET_COMMON) $(SNIPPET_NAMES)) \
                 $(patsubst %,$(SNIPPET_OUT)/alias/%.o,$(SNIPPET_ALIAS)) \
                 $(patsubst %,$(SNIPPET_OUT)/raw/%.o,$(SNIPPET_RAW)) $(SNIPPET_OUT)/list.o
FORTIFIED_OBJ := $(patsubst %,$(SNIPPET_OUT)/fortified/%.o,$(SNIPPET_COMMON) $(SNIPPET_NAMES)) $(SNIPPET_OUT)/list-fortified.o

.PHONY: snippets
snippets: $(addprefix $(SNIPPET_OUT)/,$(SNIPPET_FRAMES)) ## build the snippets and their frames

$(SNIPPET_OUT)/plain/%.o: tests/snippets/%.c
	@mkdir -p $(@D)
	$(CC) $(SNIPPET_FLAGS) $(SNIPPET_PLAIN) -Dsnippet=snippet_$(*F) -MMD -MP -c $< -o $@
$(SNIPPET_OUT)/fortified/%.o: tests/snippets/%.c
	@mkdir -p $(@D)
	$(CC) $(SNIPPET_FLAGS) $(SNIPPET_FORTIFIED) -Dsnippet=snippet_$(*F) -MMD -MP -c $< -o $@
$(SNIPPET_OUT)/raw/%.o: tests/snippets/%.c
	@mkdir -p $(@D)
	$(CC) $(SNIPPET_FLAGS) $(SNIPPET_PLAIN) -D$(*F)=raw_$(*F) -Dsnippet=snippet_raw_$(*F) -MMD -MP -c $< -o $@

define alias_rule
$(SNIPPET_OUT)/alias/$(firstword $1).o: tests/snippets/$(lastword $1).c
	@mkdir -p $$(@D)
	$$(CC) $$(SNIPPET_FLAGS) $$(SNIPPET_PLAIN) -D$(lastword $1)=$(firstword $1) -Dsnippet=snippet_$(firstword $1) -MMD -MP -c $$< -o $$@
endef
$(foreach p,$(SNIPPET_PAIRS),$(eval $(call alias_rule,$(subst :, ,$p))))

$(SNIPPET_OUT)/snippets.def $(SNIPPET_OUT)/fortified/snippets.def: $(wildcard tests/snippets/*.c) shim/core/calls.def shim/wrap/raw.def
	@mkdir -p $(@D)
	@printf 'SNIPPET(%s)\n' $(SNIPPET_NAMES) $(if $(findstring fortified,$@),,$(SNIPPET_ALIAS) $(addprefix raw_,$(SNIPPET_RAW))) > $@
$(SNIPPET_OUT)/list.o: tests/frames/list.c $(SNIPPET_OUT)/snippets.def
	$(CC) $(SNIPPET_FLAGS) -c $< -o $@
$(SNIPPET_OUT)/list-fortified.o: tests/frames/list.c $(SNIPPET_OUT)/fortified/snippets.def
	$(CC) -I$(SNIPPET_OUT)/fortified $(SNIPPET_FLAGS) -c $< -o $@

$(SNIPPET_OUT)/frames: tests/frames/frames.c $(PLAIN_OBJ)
	$(CC) $(SNIPPET_FLAGS) $^ -pthread -o $@
$(SNIPPET_OUT)/frames-fortified: tests/frames/frames.c $(FORTIFIED_OBJ)
	$(CC) $(SNIPPET_FLAGS) $^ -pthread -o $@
$(SNIPPET_OUT)/frames-static: tests/frames/static.cc $(PLAIN_OBJ)
	$(CXX) -g -Wall -Wextra -Itests/frames $^ -pthread -o $@
$(SNIPPET_OUT)/libearly.so: tests/frames/constructor.c $(PLAIN_OBJ)
	$(CC) $(SNIPPET_FLAGS) -shared $^ -pthread -o $@
$(SNIPPET_OUT)/frames-constructor: tests/frames/needs.c $(SNIPPET_OUT)/libearly.so
	$(CC) $(SNIPPET_FLAGS) $< -Wl,--no-as-needed -L$(SNIPPET_OUT) -learly -Wl,-rpath,'$$ORIGIN' -o $@

-include $(patsubst %.o,%.d,$(PLAIN_OBJ) $(FORTIFIED_OBJ))
