# The chain, one file a stage, under build/NAME/, where NAME comes from DATA:
#
#   clean.rec  encode.rec  split.rec  graph.rec  model.rec  metrics.tsv
#
# Each stage is made again when its input, its program or its options have changed, and
# only then.  Options: any of the variables below, on make's command line or in an
# experiment's file.
DATA ?= data/sample.csv.gz
HIDDEN ?= 16
LAYERS ?= 2
EPOCHS ?= 200
LR ?= 0.01
SEED ?= 1
CLEAN_OPTS ?=
ENCODE_OPTS ?=
SPLIT_OPTS ?= --seed $(SEED)
GRAPH_OPTS ?=
TRAIN_OPTS ?= --hidden $(HIDDEN) --layers $(LAYERS) --epochs $(EPOCHS) --lr $(LR) --seed $(SEED)
EVAL_OPTS ?=

NAME ?= $(patsubst %.csv,%,$(patsubst %.gz,%,$(notdir $(firstword $(DATA)))))
RUN := $B/$(NAME)

# $(RUN)/STAGE.opts holds the stage's options and is touched only when they change.
.PHONY: FORCE
$(RUN)/%.opts: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(OPTS_$*)' | cmp -s - $@ || printf '%s\n' '$(OPTS_$*)' >$@
OPTS_clean = $(CLEAN_OPTS) -- $(DATA)
OPTS_encode = $(ENCODE_OPTS)
OPTS_split = $(SPLIT_OPTS)
OPTS_graph = $(GRAPH_OPTS)
OPTS_train = $(TRAIN_OPTS)
OPTS_eval = $(EVAL_OPTS)

$(RUN)/clean.rec: $(DATA) $B/bin/rec-clean $(RUN)/clean.opts
	$B/bin/rec-clean $(CLEAN_OPTS) -o $@ -- $(DATA)
$(RUN)/encode.rec: $(RUN)/clean.rec $B/bin/rec-encode $(RUN)/encode.opts
	$B/bin/rec-encode $(ENCODE_OPTS) -o $@ $<
$(RUN)/split.rec: $(RUN)/encode.rec $B/bin/rec-split $(RUN)/split.opts
	$B/bin/rec-split $(SPLIT_OPTS) -o $@ $<
$(RUN)/graph.rec: $(RUN)/split.rec $B/bin/rec-graph $(RUN)/graph.opts
	$B/bin/rec-graph $(GRAPH_OPTS) -o $@ $<
$(RUN)/model.rec: $(RUN)/graph.rec $B/bin/rec-train $(RUN)/train.opts
	$B/bin/rec-train $(TRAIN_OPTS) -o $@ $<
$(RUN)/metrics.tsv: $(RUN)/model.rec $B/bin/rec-eval $(RUN)/eval.opts
	$B/bin/rec-eval $(EVAL_OPTS) -o $@ $<

# The figures, one line a part of the data and a model.
SHOW := awk -F '\t' '$$3 == "rmse" || $$3 == "mae" { key = $$1 "\t" $$2; if (!(key in n)) order[++k] = key; \
    n[key] = $$7; value[key, $$3] = $$4; low[key, $$3] = $$5; high[key, $$3] = $$6 } \
  END { printf "%-6s %-8s %8s  %-17s %8s %8s\n", "part", "model", "RMSE", "95 % interval", "MAE", "rows"; \
    for (i = 1; i <= k; i++) { split(order[i], a, "\t"); key = order[i]; \
      printf "%-6s %-8s %8.4f  %.4f .. %.4f  %8.4f %8d\n", a[1], a[2], value[key, "rmse"], \
        low[key, "rmse"], high[key, "rmse"], value[key, "mae"], n[key] } }'

.PHONY: metrics
metrics: $(RUN)/metrics.tsv
	@echo
	@$(SHOW) $<
