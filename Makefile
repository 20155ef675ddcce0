# make demo              the whole chain on data/sample.csv.gz with rgnn, and its figures
# make check             every test
# make check-large       exactness on 10 million rows, against awk and sort
# make bench             times and sizes beside their limits, on 10 million rows
# make                   the programs, in build/bin
# make run DATA=file.csv the chain on your own ratings; options: pipelines/stages.mk
# make run EXPERIMENT=x  the chain as pipelines/x.mk says
# make describe EXPERIMENT=x  what its ratings are, and its split: users, items, levels, times
# make folds EXPERIMENT=x  each of FOLDS=5 folds is the test part once; takes -j
# make results           every experiment whose data are there, into README's table
# make data/NAME         fetches a public set: pipelines/sets
# make install           into PREFIX (/usr/local)
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

B ?= build
PREFIX ?= /usr/local
ifeq ($(origin CC),default)
CC := gcc
endif
CFLAGS ?= -O3 -g
WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
        -Wwrite-strings -Wpointer-arith $(if $(CI),-Werror)
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -ffp-contract=off -fno-math-errno -pthread -I. -Ilib $(WARN) $(CFLAGS)
LIBS := -Wl,--as-needed -lopenblas -lz -lm

BUILD_PACKAGES := gcc libc6-dev zlib1g-dev libopenblas-dev
CHECK_PACKAGES := $(BUILD_PACKAGES) bats curl gzip mandoc python3 python3-numpy

# A setting of the chain and no goal: `make HIDDEN=32` means `make run HIDDEN=32`.
SETTINGS := DATA EXPERIMENT MODEL USE HIDDEN LAYERS EPOCHS LR SEED SEEDS \
            CLEAN_OPTS ENCODE_OPTS SPLIT_OPTS GRAPH_OPTS TRAIN_OPTS EVAL_OPTS
.DEFAULT_GOAL := $(if $(findstring command line,$(foreach v,$(SETTINGS),$(origin $v))),run,all)

TOOLS := $(patsubst tools/%.c,%,$(wildcard tools/rec-*.c))
TOOL_OBJ := $(patsubst %,$B/obj/tools/%.o,tool stage words)
LIB_OBJ := $(patsubst %.c,$B/obj/%.o,$(wildcard lib/*/*.c))

.PHONY: all demo run check check-tests deps check-deps install uninstall clean
all: $(TOOLS:%=$B/bin/%)

deps:
	@pipelines/packages.sh $(BUILD_PACKAGES)
check-deps:
	@pipelines/packages.sh $(CHECK_PACKAGES)
demo: deps
	@$(MAKE) metrics $(if $(EXPERIMENT)$(filter command,$(origin MODEL)),,MODEL=rgnn)
run: deps
	@$(MAKE) metrics
check: check-deps
	@$(MAKE) check-tests

# ---- programs ----

$B/bin/%: $B/obj/tools/%.o $(TOOL_OBJ) $B/librec.a
	@mkdir -p $(@D)
	@echo '  link   $@'
	@$(CC) $(ALL_CFLAGS) $^ -o $@ $(LIBS)
$B/bin/rec-train: $B/obj/tools/trainopts.o
$B/librec.a: $(LIB_OBJ)
	@rm -f $@
	@ar rcsD $@ $^
$B/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo '  cc     $<'
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@
-include $(shell [ ! -d $B/obj ] || find $B/obj -name '*.d')
.PRECIOUS: $B/obj/%.o

# ---- the chain ----

EXPERIMENT ?=
DATA_DIR ?= data
ifneq ($(EXPERIMENT),)
EXPERIMENTS := $(filter-out stages,$(basename $(notdir $(wildcard pipelines/*.mk))))
$(if $(filter $(EXPERIMENT),$(EXPERIMENTS)),,$(error no experiment '$(EXPERIMENT)'; there are: $(EXPERIMENTS)))
include pipelines/$(EXPERIMENT).mk
NEEDED := $(sort $(DATA) $(GRAPH_DATA) $(FOLDS_DATA))
$(filter-out $(wildcard $(NEEDED)),$(NEEDED)):
	@echo "$@ is not there: \`make data/$(notdir $(@D))' fetches it, or say DATA_DIR=FOLDER" >&2; exit 1
endif
include pipelines/stages.mk

.PHONY: results
results: all
	@pipelines/results.sh '$(DATA_DIR)' README.md $(MAKE) B='$B'
# data/NAME is a folder that is there or is fetched; README.md and the sample are files
data/%:
	@pipelines/data.sh '$*'

# ---- tests ----

include tests/tests.mk
include tests/bench/bench.mk
include tests/large/large.mk

# ---- installing ----

MAN := $(wildcard tools/*.1)
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/rec
	install $(TOOLS:%=$B/bin/%) $(DESTDIR)$(PREFIX)/bin
	install -m 644 lib/io/rec.py $(DESTDIR)$(PREFIX)/share/rec
	$(if $(MAN),install -m 644 $(MAN) $(DESTDIR)$(PREFIX)/share/man/man1)
uninstall:
	rm -f $(TOOLS:%=$(DESTDIR)$(PREFIX)/bin/%) $(DESTDIR)$(PREFIX)/share/rec/rec.py \
	    $(MAN:tools/%=$(DESTDIR)$(PREFIX)/share/man/man1/%)
clean:
	rm -rf $B
