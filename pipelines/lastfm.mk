# Last.fm plays, the split of LightGCN's code: 42,135 pairs of user and artist for training,
# 10,533 for test, whatever the counts; ranked as gowalla.mk does.
MODEL ?= spectral
NAME := lastfm-$(MODEL)
DATA := $(DATA_DIR)/lastfm/data1.txt $(DATA_DIR)/lastfm/test1.txt
CLEAN_OPTS := --header no --time none
SPLIT_OPTS := --method source --test-source 2 --valid 0
EVAL_OPTS := --top 20
