# Douban, the split of Monti, Bronstein & Bresson 2017, as train.csv and test.csv of
# user,item,rating: 123,202 ratings for training, 13,689 for test.  No times.
MODEL ?= rgnn
NAME := douban
DATA := $(DATA_DIR)/douban/train.csv $(DATA_DIR)/douban/test.csv
CLEAN_OPTS := --delim , --header no --time none
SPLIT_OPTS := --method source --test-source 2 --valid 0
