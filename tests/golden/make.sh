#!/bin/bash
# Makes losses.tsv and predictions.tsv again, with gcn.py, an implementation in NumPy and
# double precision that shares nothing with the programs but the initial weights:
#
#   tests/golden/make.sh [PYTHON]
#
# Needed only when the sample or the initial weights change; the tests read the results.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
python=${1:-python3}
bin=${REC_BIN:-build/bin}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$bin/rec-clean" data/sample.csv.gz | "$bin/rec-encode" | "$bin/rec-split" |
    "$bin/rec-graph" | "$bin/rec-train" --epochs 0 -o "$tmp/initial.rec"
for name in W1 b1 W2 b2 w c; do
    "$bin/rec-view" -s model.$name --to npy "$tmp/initial.rec" -o "$tmp/$name.npy"
done
"$bin/rec-view" -s ratings --codes --to csv "$tmp/initial.rec" -o "$tmp/ratings.csv"
"$bin/rec-view" -s split --to csv "$tmp/initial.rec" -o "$tmp/split.csv"
rows() { "$bin/rec-view" -s "$1" "$tmp/initial.rec" | tail -n +2 | wc -l; }
"$python" tests/golden/gcn.py --weights "$tmp" --ratings "$tmp/ratings.csv" \
    --split "$tmp/split.csv" --users "$(rows users)" --items "$(rows items)" \
    --epochs 50 --layers 2 --losses tests/golden/losses.tsv \
    --predictions tests/golden/predictions.tsv
