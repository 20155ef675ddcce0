# The chain, one file a stage, under build/NAME/, where NAME comes from DATA:
#
#   clean.rec  encode.rec  split.rec  graph.rec  model.rec  metrics.tsv
#
# Each stage is made again when its input, its program or its options have changed, and
# only then.  Options: any of the variables below, on make's command line or in an
# experiment's file.
DATA ?= data/sample.csv.gz
MODEL ?= gcn
HIDDEN ?= 16
LAYERS ?= 2
EPOCHS ?= 200
LR ?= 0.01
SEED ?= 1
SEEDS ?=
CLEAN_OPTS ?=
ENCODE_OPTS ?=
SPLIT_OPTS ?= --seed $(SEED)
GRAPH_OPTS ?=
GRAPH_DATA ?= # files that GRAPH_OPTS names
# gcn is told its settings; the others go by their own defaults, but for what is given on
# the command line
TRAIN_OPTS_gcn := --hidden $(HIDDEN) --layers $(LAYERS) --epochs $(EPOCHS) --lr $(LR)
TRAIN_OPTS_rgnn = $(TRAIN_USE)
FILTER ?= reshaped
TRAIN_OPTS_spectral = --filter $(FILTER)
told = $(if $(filter command,$(origin $1)),--$2 $($1))
TRAIN_TOLD = $(call told,HIDDEN,hidden) $(call told,LAYERS,layers) \
             $(call told,EPOCHS,epochs) $(call told,LR,lr)
TRAIN_OPTS ?= --model $(MODEL) $(TRAIN_OPTS_$(MODEL)) $(if $(filter-out gcn,$(MODEL)),$(strip $(TRAIN_TOLD))) --seed $(SEED) $(SEEDS:%=--seeds %)
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
$(RUN)/graph.rec: $(RUN)/split.rec $(GRAPH_DATA) $B/bin/rec-graph $(RUN)/graph.opts
	$B/bin/rec-graph $(GRAPH_OPTS) -o $@ $<
$(RUN)/model.rec: $(RUN)/graph.rec $B/bin/rec-train $(RUN)/train.opts
	$B/bin/rec-train $(TRAIN_OPTS) -o $@ $<
$(RUN)/metrics.tsv: $(RUN)/model.rec $B/bin/rec-eval $(RUN)/eval.opts
	$B/bin/rec-eval $(EVAL_OPTS) -o $@ $<

# The figures, one line a part of the data and a model.
SHOW := awk -F '\t' '$$3 == "rmse" || $$3 == "mae" { key = $$1 "\t" $$2; if (!(key in n)) order[++k] = key; \
    n[key] = $$7; value[key, $$3] = $$4; low[key, $$3] = $$5; high[key, $$3] = $$6 } \
  END { if (k) printf "%-6s %-8s %8s  %-17s %8s %8s\n", "part", "model", "RMSE", "95 % interval", "MAE", "rows"; \
    for (i = 1; i <= k; i++) { split(order[i], a, "\t"); key = order[i]; \
      printf "%-6s %-8s %8.4f  %.4f .. %.4f  %8.4f %8d\n", a[1], a[2], value[key, "rmse"], \
        low[key, "rmse"], high[key, "rmse"], value[key, "mae"], n[key] } }'

# make folds EXPERIMENT=x FOLDS=5, with -j: each fold is the test part once.
FOLDS ?= 5
FOLDS_DATA ?= $(DATA)
MEAN_OF_FOLDS := awk -F '\t' '$$1 == "test" && $$3 == "rmse" { if (!($$2 in n)) order[++k] = $$2; n[$$2]++; \
    s[$$2] += $$4; q[$$2] += $$4 * $$4 } \
  END { printf "%-8s %5s %8s %8s\n", "model", "folds", "RMSE", "sd"; for (i = 1; i <= k; i++) { m = order[i]; \
    mean = s[m] / n[m]; v = n[m] > 1 ? (q[m] - n[m] * mean * mean) / (n[m] - 1) : 0; \
    printf "%-8s %5d %8.4f %8.4f\n", m, n[m], mean, sqrt(v > 0 ? v : 0) } }'
FOLD_RUNS := $(if $(filter folds,$(MAKECMDGOALS)),$(shell seq $(FOLDS)))
.PHONY: folds $(FOLD_RUNS:%=fold-%)
$(FOLD_RUNS:%=fold-%): fold-%: all
	@$(MAKE) $B/$(NAME)-$(MODEL)-fold-$*/metrics.tsv EXPERIMENT='$(EXPERIMENT)' MODEL='$(MODEL)' \
	    NAME='$(NAME)-$(MODEL)-fold-$*' DATA='$(FOLDS_DATA)' \
	    SPLIT_OPTS='--method fold --folds $(FOLDS) --fold $* --valid 0 --seed $(SEED)'
folds: $(FOLD_RUNS:%=fold-%)
	@$(MEAN_OF_FOLDS) $(FOLD_RUNS:%=$B/$(NAME)-$(MODEL)-fold-%/metrics.tsv)

# Those of a ranking, if there are any.
SHOW_RANKING := awk -F '\t' '$$3 ~ /^(recall|ndcg)@[0-9]+$$/ { if (!k++) print ""; printf "%-6s %-10s %-10s %8.4f\n", $$1, $$2, $$3, $$4 }'

.PHONY: metrics
metrics: $(RUN)/metrics.tsv
	@echo
	@$(SHOW) $<
	@$(SHOW_RANKING) $<

# What the ratings are, and what the parts of the split share.
.PHONY: describe
describe: $(RUN)/split.rec
	@echo
	@$B/bin/rec-view --codes -s ratings $< | awk -F '\t' -f pipelines/describe.awk
	@echo
	@$B/bin/rec-view --parts $< | expand -t 12
