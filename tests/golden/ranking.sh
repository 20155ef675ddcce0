#!/bin/bash
# Makes ranking.tsv again, the ranking figures of popularity on the sample, with
# ranking.py, which computes them from their definitions:
#
#   tests/golden/ranking.sh [PYTHON]
#
# Needed only when the sample or the split changes; the tests read the result.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bin=${REC_BIN:-build/bin}
"$bin/rec-clean" data/sample.csv.gz | "$bin/rec-encode" | "$bin/rec-split" -o "$tmp/split.rec"
"${1:-python3}" tests/golden/ranking.py "$tmp/split.rec" 1,5,20,1000 >tests/golden/ranking.tsv
