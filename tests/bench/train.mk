# make bench-train: the training beside PyTorch's, see tests/bench/train.py.  Included by
# tests/tests.mk.  BENCH_ARGS, e.g. '--small' for 1 M ratings only.
.PHONY: bench-train
bench-train: all $B/bench/passes
	@tests/bench/train.py --bin $B/bin --passes $B/bench/passes --work $B/bench $(BENCH_ARGS)
$B/bench/passes: $B/obj/tests/bench/passes.o $B/librec.a
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) $^ -o $@ $(LIBS)
# make bench-ask: rgnn by its defaults, rec-predict, rec-recommend; see tests/bench/ask.py.
.PHONY: bench-ask
bench-ask: all
	@mkdir -p $(BENCH)
	@tests/bench/ask.py --bin $B/bin --dir $(BENCH) --runs 3
