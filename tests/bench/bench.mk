# make bench: what the library costs, against the goals. Quick by default; BENCH=full takes its time.
BENCH     ?= quick
BENCH_OUT := $(BUILD)/bench
BENCH_BIN := $(addprefix $(BENCH_OUT)/,micro starts forwarder.so)

.PHONY: bench bench-programs
bench: all bench-programs ## measure, and compare with the goals: a table, JSON and a plot in build/bench (BENCH=full: longer)
	env -u LD_PRELOAD SOCKFAULT_BUILD=$(abspath $(BUILD)) $(PYTHON) tests/bench/bench.py $(BENCH)
bench-programs: $(BENCH_BIN)

BENCH_FLAGS := -std=gnu11 -D_GNU_SOURCE -O2 -g $(WARNINGS) $(WERROR)
$(BENCH_OUT)/micro: tests/bench/micro.c tests/bench/workload.c tests/bench/workload.h
	@mkdir -p $(@D)
	$(CC) $(BENCH_FLAGS) -Wno-vla -o $@ $(filter %.c,$^) -pthread -ldl
$(BENCH_OUT)/starts: tests/bench/starts.c
	@mkdir -p $(@D)
	$(CC) $(BENCH_FLAGS) -o $@ $<
$(BENCH_OUT)/forwarder.so: tests/bench/forwarder.c
	@mkdir -p $(@D)
	$(CC) $(BENCH_FLAGS) -fPIC -shared -fvisibility=hidden -Wl,-z,now -o $@ $< -ldl
