# MovieTweetings, its snapshot of 100,000 ratings of 0 to 10: who gave a film 7 or more likes
# it, and the last fifth in time is the test part; ranked as gowalla.mk does.
MODEL ?= spectral
NAME := movietweetings-$(MODEL)
DATA := $(DATA_DIR)/movietweetings/ratings.dat
CLEAN_OPTS := --delim :: --header no --threshold 7
SPLIT_OPTS := --method time --test 0.2 --valid 0
EVAL_OPTS := --top 20
