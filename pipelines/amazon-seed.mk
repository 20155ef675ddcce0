# The notebook that rec began as: Amazon Electronics, its 5,000 rows and its own split,
# 4,000 for training and 1,000 for test, and its model.  USE, for MODEL=rgnn: ratings or time.
USE ?= time
$(if $(filter $(USE),ratings time),,$(error USE is ratings or time, not '$(USE)'))
NAME := amazon-seed
DATA := $(DATA_DIR)/amazon-electronics/seed5000.train.csv $(DATA_DIR)/amazon-electronics/seed5000.test.csv
CLEAN_OPTS := --delim , --header no
SPLIT_OPTS := --method source --test-source 2 --valid 0
TRAIN_USE := $(if $(filter time,$(USE)),,--no-time)
