# make bench: how fast, how large.  No test: figures beside their limits.  A part each has
# its own goal, bench-PART; `make bench` runs all of them, one after the other.
#
#   make bench BENCH_ROWS=1000000 BENCH_RUNS=3     a quick one
BENCH_ROWS ?= 10000000
BENCH_RUNS ?= 5
BENCH_PARTS := prep train ask
BENCH := $B/bench

.PHONY: bench bench-deps $(BENCH_PARTS:%=bench-%)
bench-deps:
	@pipelines/packages.sh $(BUILD_PACKAGES) gzip python3
bench: bench-deps
	@$(foreach part,$(BENCH_PARTS),$(MAKE) bench-$(part);)

# Ratings in the shape of the Amazon reviews, N.csv, and their rows in another order; kept
# when rec-synth is linked again, so that figures of today and tomorrow are of one file.
$(BENCH)/%.csv: | $B/bin/rec-synth
	@mkdir -p $(@D)
	$B/bin/rec-synth -u $$(($* * 42 / 100)) -i $$(($* * 44 / 1000)) -n $* -o $@
# What gzip writes is as good as random, and the same each time.
$(BENCH)/%.shuffled: $(BENCH)/%.csv
	shuf --random-source=<(gzip -1 -c $<) $< >$@
.PRECIOUS: $(BENCH)/%.csv

# The first four stages, on BENCH_ROWS rows and on a tenth of them.
BENCH_TENTH = $(shell echo $$(($(BENCH_ROWS) / 10)))
bench-prep: bench-deps
	@$(MAKE) bench-prep-run
.PHONY: bench-prep-run
bench-prep-run: all $(BENCH)/$(BENCH_ROWS).csv $(BENCH)/$(BENCH_ROWS).shuffled \
        $(BENCH)/$(BENCH_TENTH).csv
	@tests/bench/prep.py --bin $B/bin --dir $(BENCH) --rows $(BENCH_ROWS) --runs $(BENCH_RUNS)
