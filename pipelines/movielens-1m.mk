# MovieLens 1M: a random tenth of the ratings is the test part, as in GC-MC's protocol.
USE ?= time
MODEL ?= rgnn
NAME := movielens-1m-$(USE)
DATA := $(DATA_DIR)/ml-1m/ratings.dat
SPLIT_OPTS := --method random --test 0.1 --valid 0 --seed $(SEED)
TRAIN_USE := $(if $(findstring time,$(USE)),,--no-time)
