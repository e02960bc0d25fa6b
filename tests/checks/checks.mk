# make check: what a reader of the code would otherwise have to look for. Each check prints file, line and what is wrong.

CHECK_OUT  := $(BUILD)/checked
C_FILES    := $(sort $(wildcard shim/*.[ch] shim/*/*.[ch] tests/*/*.[ch] tests/*/*/*.[ch]))
TIDY_FILES := $(filter-out %/list.c,$(filter %.c,$(C_FILES)))
PY_FILES   := $(sort $(wildcard tests/*/*.py tests/harness/*/*.py scenarios/*/*.py harness/*.py harness/*/*.py harness/bin/*))
SH_FILES   := tests/install-deps .ci/run $(sort $(wildcard tests/*/*.sh tests/harness/*/*.sh))
MAN_FILES  := $(sort $(wildcard doc/*.[1-9]))
PROSE      := $(wildcard *.md) doc shim scenarios tests harness Makefile
CHECKS     := layers symbols coverage docs findings snippets format functions cppcheck shell spelling man python types gcc clang

.PHONY: check $(addprefix check-,$(CHECKS))
check: all ## layers, exports, docs, style, and warnings of gcc and clang as errors
	@$(MAKE) -s --no-print-directory -k $(if $(findstring jobserver,$(MAKEFLAGS)),,-j2) -O $(addprefix check-,$(CHECKS)) && echo "check: all $(words $(CHECKS)) hold"

check-layers:
	@$(PYTHON) tests/checks/layers.py
check-snippets:
	@$(PYTHON) tests/checks/snippets.py
check-symbols: $(BUILD)/libsockfault.so
	@$(PYTHON) tests/checks/symbols.py $< $(BUILD)/lib
check-coverage:
	@$(PYTHON) tests/checks/coverage.py
check-docs: $(BUILD)/sockfault
	@$(PYTHON) tests/checks/docs.py $<

check-findings: $(BUILD)/sockfault
	@$(PYTHON) tests/checks/findings.py $<
.PHONY: doc-findings
doc-findings: $(BUILD)/sockfault ## write the list of findings anew
	@$(PYTHON) tests/checks/findings.py $< --write

# What check-format asks for.
.PHONY: format
format: ## lay out C and Python as the checks want it
	@clang-format -i $(C_FILES)
	@black -q -l 100 $(PY_FILES)
check-format:
	@clang-format --dry-run -Werror $(C_FILES)

# Functions of at most 60 lines, 6 parameters, 3 levels. One stamp a file, so that only changed files are read again.
# Wrappers have the parameters that libc's functions have, and one or two of their own.
TIDY_PARAMETERS = $(if $(filter shim/wrap/% shim/real.c,$<),9,6)
TIDY_OPTIONS = {Checks: "-*,readability-function-size", WarningsAsErrors: "*", CheckOptions: \
  [{key: readability-function-size.LineThreshold, value: 60}, {key: readability-function-size.ParameterThreshold, value: $(TIDY_PARAMETERS)}, \
   {key: readability-function-size.NestingThreshold, value: 3}, {key: readability-function-size.StatementThreshold, value: 800}]}
check-functions: $(patsubst %.c,$(CHECK_OUT)/%.tidy,$(TIDY_FILES))
$(CHECK_OUT)/%.tidy: %.c | $(GENERATED)
	@mkdir -p $(@D)
	@clang-tidy --quiet --config='$(TIDY_OPTIONS)' $< -- $(SF_FLAGS) -w -Itests/snippets -Ishim/wrap 2>/dev/null
	@touch $@

check-cppcheck:
	@mkdir -p $(CHECK_OUT)/cppcheck
	@cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --inline-suppr --std=c11 \
	  --cppcheck-build-dir=$(CHECK_OUT)/cppcheck --suppressions-list=tests/checks/cppcheck.txt \
	  --library=tests/checks/cppcheck.cfg -D__x86_64__ -D_GNU_SOURCE -Ishim $(filter %.c,$(C_FILES))

check-shell:
	@shellcheck $(SH_FILES)
check-spelling:
	@codespell --ignore-words=tests/checks/words.txt $(PROSE)
check-man:
	@$(if $(MAN_FILES),mandoc -Tlint -W warning $(MAN_FILES))
check-python:
	@black -q --check -l 100 $(PY_FILES) || { echo "black -l 100 would change:"; black --check -l 100 $(PY_FILES) 2>&1 | grep '^would'; exit 1; }
	@flake8 --max-line-length 100 --extend-ignore E203 $(PY_FILES)

check-types:
	@mypy --config-file harness/pyproject.toml --cache-dir $(CHECK_OUT)/mypy --no-error-summary harness/sockfault

# Whole builds, kept apart from the one in use.
check-gcc check-clang: check-%:
	@$(MAKE) --no-print-directory -s CC=$* WERROR="-Werror -Wno-unknown-warning-option" BUILD=$(CHECK_OUT)/$* all targets snippets test-programs
