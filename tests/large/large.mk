# make check-large: the first four stages on 10 million rows, held against a count that awk
# and sort make from the CSV.  Not in `make check`: it takes minutes.
LARGE_ROWS ?= 10000000
LARGE := $B/large/$(LARGE_ROWS)

.PHONY: check-large check-large-deps check-large-run
check-large-deps:
	@pipelines/packages.sh $(BUILD_PACKAGES) gzip
check-large: check-large-deps
	@$(MAKE) check-large-run
check-large-run: all $(LARGE).csv $(LARGE).shuffled
	@tests/large/run $B/bin $(LARGE).csv $(LARGE).shuffled
$(LARGE).csv: tests/large/soil.awk $(BENCH)/$(LARGE_ROWS).csv
	@mkdir -p $(@D)
	awk -f $^ >$@
$(LARGE).shuffled: $(LARGE).csv
	shuf --random-source=<(gzip -1 -c $<) $< >$@
