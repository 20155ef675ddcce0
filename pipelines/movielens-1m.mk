# MovieLens 1M: a random tenth of the ratings is the test part, as in GC-MC's protocol.
# USE says what may be used beside the ratings: nothing, or times.
USE ?= time
$(if $(filter $(USE),ratings time),,$(error USE is ratings or time, not '$(USE)'))
MODEL ?= rgnn
NAME := movielens-1m-$(USE)
DATA := $(DATA_DIR)/ml-1m/ratings.dat
CLEAN_OPTS := --delim :: --header no
SPLIT_OPTS = --method random --test 0.1 --valid 0 --seed $(SEED)
TRAIN_USE := $(if $(filter time,$(USE)),,--no-time)
