# MovieLens 100K, split u1 of its publisher: 80,000 ratings for training, 20,000 for test.
# USE says what may be used beside the ratings: nothing, times, features, or both.
USE ?= time
$(if $(filter $(USE),ratings time features time+features),,$(error USE is ratings, time, features or time+features, not '$(USE)'))
MODEL ?= rgnn
NAME := movielens-100k-$(USE)
ML100K := $(DATA_DIR)/ml-100k
DATA := $(ML100K)/u1.base $(ML100K)/u1.test
CLEAN_OPTS := --delim tab --header no
SPLIT_OPTS := --method source --test-source 2 --valid 0
# age by fives, sex, occupation, first character of the zip code; year, genres
GRAPH_OPTS_features := --user-features $(ML100K)/u.user --user-columns 2:bin=5,3,4,5:first=1 \
    --item-features $(ML100K)/u.item --item-columns 3:last=4,6-24:flags
GRAPH_OPTS_time+features := $(GRAPH_OPTS_features)
GRAPH_OPTS := $(GRAPH_OPTS_$(USE))
GRAPH_DATA := $(if $(GRAPH_OPTS),$(ML100K)/u.user $(ML100K)/u.item)
TRAIN_USE := $(if $(filter time%,$(USE)),,--no-time)
# make folds: all 100,000 ratings
FOLDS_DATA := $(ML100K)/u.data
