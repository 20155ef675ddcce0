# Gowalla check-ins, the split of LightGCN's authors: 810,128 pairs for training, 217,242 for
# test; recall@20 and NDCG@20 over all items, those of training left out.  MODEL is spectral,
# FILTER its filter, or lightgcn.
MODEL ?= spectral
NAME := gowalla-$(MODEL)
DATA := $(DATA_DIR)/gowalla/train.txt $(DATA_DIR)/gowalla/test.txt
CLEAN_OPTS := --form list
SPLIT_OPTS := --method source --test-source 2 --valid 0
EVAL_OPTS := --top 20
