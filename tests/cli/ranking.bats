# rec-eval -k: how well models rank.
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    rec-clean "$ROOT/data/sample.csv.gz" | rec-encode | rec-split | rec-graph -o graph.rec
    rec-train --model gcn --epochs 3 --hidden 4 -o gcn.rec graph.rec
    rec-train --model rgnn --epochs 3 --hidden 8 -o rgnn.rec graph.rec
}

setup() {
    here
    at=$BATS_FILE_TMPDIR
}

# figure SPLIT MODEL METRIC <REPORT
figure() {
    awk -F '\t' -v s="$1" -v m="$2" -v k="$3" '$1 == s && $2 == m && $3 == k { print $4 }'
}

@test "popularity's figures are those of the reference, digit by digit" {
    golden=$BATS_TEST_DIRNAME/../golden/ranking.tsv
    rec-eval -q --boot 0 -k 1,5,20,1000 "$at/gcn.rec" |
        awk -F '\t' '$2 == "popularity" { print $1 "\t" $2 "\t" $3 "\t" $4 "\t" $7 }' >got
    awk -F '\t' '{ printf "%s\t%s\t%s\t%.6f\t%d\n", $1, $2, $3, $4, $5 }' "$golden" >want
    equal "$(wc -l <want)" 64
    cmp got want
}

@test "--relevant: only what is rated so is to be found" {
    command -v python3 >/dev/null || skip 'no python3'
    rec-eval -q --boot 0 -k 10 --relevant 5 "$at/gcn.rec" |
        awk -F '\t' '$2 == "popularity" { print $1 "\t" $2 "\t" $3 "\t" $4 "\t" $7 }' >got
    python3 "$BATS_TEST_DIRNAME/../golden/ranking.py" "$at/gcn.rec" 10 5 |
        awk -F '\t' '{ printf "%s\t%s\t%s\t%.6f\t%d\n", $1, $2, $3, $4, $5 }' >want
    equal "$(wc -l <want)" 16
    cmp got want
}

@test "--relevant above all ratings, or where nothing is ranked: a warning says so" {
    try rec-eval --boot 0 -k 10 --relevant 9 "$at/gcn.rec"
    equal "$status" 0
    equal "$output" "$(rec-eval -q --boot 0 "$at/gcn.rec")"
    equal "$(grep -- 'ranking' <<<"$stderr")" "$(printf \
        'rec-eval: %s: no rating is 9 or more: nothing is to be found, and there are no figures of ranking\n' valid test)"
    rec-eval --boot 0 --relevant 4 "$at/gcn.rec" 2>&1 >/dev/null |
        grep -qx 'rec-eval: --relevant: nothing is ranked; --top asks for it'
}

@test "without -k nothing is ranked, with it the figures of ratings stay" {
    rec-eval -q "$at/rgnn.rec" >plain
    rec-eval -q -k 10 "$at/rgnn.rec" >both
    run ! grep -q '@' plain
    grep -v '@' both | cmp - plain
    for metric in recall precision ndcg mrr map hitrate coverage novelty; do
        [ -n "$(figure test rgnn $metric@10 <both)" ]
        [ -n "$(figure valid popularity $metric@10 <both)" ]
    done
}

@test "one thread and four give the same report; several models are compared" {
    rec-eval -q -T 1 -k 5,20 "$at/rgnn.rec" "$at/gcn.rec" >one
    rec-eval -q -T 4 -k 5,20 "$at/rgnn.rec" "$at/gcn.rec" >four
    cmp one four
    [ -n "$(figure test "$at/gcn.rec" "ndcg@20_vs_$at/rgnn.rec" <one)" ]
    awk -F '\t' '$3 ~ /^(recall|ndcg)@/ && !($5 <= $4 && $4 <= $6) { print; bad = 1 } END { exit bad }' one
}

@test "gates know the figures" {
    try rec-eval -q -k 20 --min test.recall@20=0.0001 "$at/rgnn.rec"
    equal "$status" 0
    try rec-eval -q -k 20 --min test.recall@20=0.99 "$at/rgnn.rec"
    equal "$status" 1
    [[ $stderr = 'rec-eval: test.rgnn.recall@20 is '*', below --min test.recall@20=0.99' ]]
    refuses 2 "rec-eval: --min: the report has no figure 'test.recall@20'" \
        rec-eval -q --min test.recall@20=0.1 "$at/rgnn.rec"
}

@test "it says so when a model ranks no better than popularity" {
    try rec-eval -k 20 "$at/rgnn.rec"
    equal "$status" 0
    [[ $stderr = *'rec-eval: test: rgnn (NDCG@20 '*') does not beat popularity ('* ]]
}

@test "a bad -k or --relevant is exit 2" {
    for bad in 0 x 20,10 5, ''; do
        refuses 2 "rec-eval: --top: '$bad' is not a list of at most 8 ascending numbers in 1..100000, as 10,20" \
            rec-eval -k "$bad" "$at/gcn.rec"
    done
    refuses 2 "rec-eval: --relevant: 'x' is not a number" rec-eval -k 5 --relevant x "$at/gcn.rec"
}
