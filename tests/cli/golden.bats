# The programs against an independent implementation: tests/golden/gcn.py wrote the numbers.
load common

setup_file() {
    cd "$BATS_TEST_DIRNAME/../.." || return 1
    rec-clean data/sample.csv.gz | rec-encode | rec-split | rec-graph |
        rec-train --epochs 50 -o "$BATS_FILE_TMPDIR/model.rec"
}

# compare FILE1 FILE2 ROWS: column 2 of both, joined by column 1, within 1e-4 relative.
compare() {
    awk -F '\t' -v rows="$3" '
        FNR == 1 { next }
        NR == FNR { want[$1] = $2; next }
        $1 in want {
            n++
            scale = want[$1] < 0 ? -want[$1] : want[$1]
            off = $2 - want[$1]
            if (off < 0) off = -off
            if (!(off <= 1e-4 * scale)) { print $1 ": " $2 ", not " want[$1]; bad++ }
        }
        END { if (n != rows) { print n + 0 " rows, not " rows; bad++ } exit bad > 0 }' \
        "$1" "$2"
}

@test "the loss of each of 50 epochs is that of the reference, within 1e-4" {
    rec-view -s model.log --column loss "$BATS_FILE_TMPDIR/model.rec" |
        awk '{ print NR - 1 "\t" $1 }' >"$BATS_TEST_TMPDIR/losses"
    run compare "$BATS_TEST_DIRNAME/../golden/losses.tsv" "$BATS_TEST_TMPDIR/losses" 50
    [ "$output" = "" ]
    [ "$status" -eq 0 ]
}

@test "the predictions after 50 epochs are those of the reference, within 1e-4" {
    rec-eval -q --predictions "$BATS_TEST_TMPDIR/all" "$BATS_FILE_TMPDIR/model.rec" >/dev/null
    awk -F '\t' '$2 == "test" || NR == 1 { print $1 "\t" $4 }' "$BATS_TEST_TMPDIR/all" \
        >"$BATS_TEST_TMPDIR/predictions"
    rows=$(($(wc -l <"$BATS_TEST_DIRNAME/../golden/predictions.tsv") - 1))
    [ "$rows" -gt 900 ]
    run compare "$BATS_TEST_DIRNAME/../golden/predictions.tsv" \
        "$BATS_TEST_TMPDIR/predictions" "$rows"
    [ "$output" = "" ]
    [ "$status" -eq 0 ]
}
