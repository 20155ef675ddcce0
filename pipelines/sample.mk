# The sample that comes with rec, invented: 5,000 ratings of 2,100 users and 220 items.
MODEL ?= rgnn
NAME := sample-$(MODEL)
DATA := data/sample.csv.gz
