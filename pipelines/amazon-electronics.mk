# The first 50,698 rows of Amazon Electronics, 40,559 for training and 10,139 for test.
# USE says what may be used beside the ratings: nothing, or times.
USE ?= time
$(if $(filter $(USE),ratings time),,$(error USE is ratings or time, not '$(USE)'))
MODEL ?= rgnn
NAME := amazon-electronics
DATA := $(DATA_DIR)/amazon-electronics/head50698.train.csv $(DATA_DIR)/amazon-electronics/head50698.test.csv
CLEAN_OPTS := --delim , --header no
SPLIT_OPTS := --method source --test-source 2 --valid 0
TRAIN_USE := $(if $(filter time,$(USE)),,--no-time)
