# rec-split: every rating into one of three parts.
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    ratings 5000 | rec-clean | rec-encode -o encode.rec
}

setup() {
    here
    in=$BATS_FILE_TMPDIR/encode.rec
}

# sizes FILE: how many rows are training, validation, test.
sizes() {
    rows split "$1" | awk '{ n[$1]++ } END { print n[0] + 0, n[1] + 0, n[2] + 0 }'
}

@test "the same seed gives the same bytes, another seed another split" {
    rec-split --seed 7 -o a.rec "$in"
    rec-split --seed 7 -o b.rec "$in"
    rec-split --seed 8 -o c.rec "$in"
    cmp a.rec b.rec
    run cmp -s <(rows split a.rec) <(rows split c.rec)
    equal "$status" 1
}

@test "the default seed is 1" {
    rec-split -o a.rec "$in"
    rec-split --seed 1 -o b.rec "$in"
    cmp a.rec b.rec
}

@test "by default a fifth is test, and a fifth of the rest validation" {
    rec-split -o out.rec "$in"
    read -r train valid test <<<"$(sizes out.rec)"
    # five standard deviations: sqrt(5000 p (1 - p)) is 34, 28 and 26
    ((train > 3030 && train < 3370))
    ((test > 860 && test < 1140))
    ((valid > 670 && valid < 930))
}

@test "--test and --valid set the shares" {
    rec-split --test 0.5 --valid 0.1 -o out.rec "$in"
    read -r train valid test <<<"$(sizes out.rec)"
    ((test > 2320 && test < 2680))
    ((valid > 170 && valid < 330))
    equal $((train + valid + test)) 5000
}

@test "--test 0 --valid 0 leaves everything for training" {
    rec-split --test 0 --valid 0 -o out.rec "$in"
    equal "$(sizes out.rec)" '5000 0 0'
}

@test "--test 0 alone, --valid 0 alone" {
    rec-split --test 0 -o out.rec "$in"
    [[ $(sizes out.rec) = *' 0' ]]
    rec-split --valid 0 -o out.rec "$in"
    [[ $(sizes out.rec) = *' 0 '* ]]
}

@test "every rating is in exactly one part, and the section's header counts them" {
    rec-split -o out.rec "$in"
    equal "$(rows split out.rec | sort -u)" "$(lines 0 1 2)"
    equal "$(rows split out.rec | wc -l)" 5000
    read -r train valid test <<<"$(sizes out.rec)"
    rec-view -H out.rec | grep -qx $'@SEC\tID:[0-9]*\tNM:split\tKD:table\tBY:rec-split\tTR:'"$train"$'\tVA:'"$valid"$'\tTE:'"$test"
}

@test "-v says how many of each" {
    rec-split -o out.rec "$in"
    read -r train valid test <<<"$(sizes out.rec)"
    try rec-split -v -o out.rec "$in"
    equal "$status" 0
    equal "$output" ''
    equal "${stderr_lines[0]}" "rec-split: $train training, $valid validation, $test test ratings"
}

@test "the ratings are as they were" {
    rec-split -o out.rec "$in"
    cmp <(rec-view -s ratings "$in") <(rec-view -s ratings out.rec)
}

@test "rows at the end of the input move no earlier row" {
    for order in sorted first; do
        ratings 400 >short.csv
        { ratings 400; ratings 700 | tail -n 300; } >long.csv
        for f in short long; do
            rec-clean $f.csv | rec-encode --order $order | rec-split -o $f.rec
        done
        equal "$(rows split long.rec | wc -l)" 700
        cmp <(rows split short.rec) <(rows split long.rec | head -n 400)
    done
}

@test "a split again takes the place of the first, and what was made from it goes" {
    stages 200
    rec-split --seed 5 -o a.rec encode.rec
    rec-split --seed 5 -o b.rec model.rec
    cmp <(rows split a.rec) <(rows split b.rec)
    equal "$(rec-view -l b.rec | cut -f 1)" "$(lines section users items ratings split)"
}

# ---- by source ----

# three_files: 30, 40 and 50 rows, encoded.
three_files() {
    ratings 120 >all.csv
    sed -n 1,30p all.csv >1.csv
    sed -n 31,70p all.csv >2.csv
    sed -n 71,120p all.csv >3.csv
    rec-clean 1.csv 2.csv 3.csv | rec-encode -o encode.rec
}

@test "--method source: the rows of the second file are the test rows" {
    three_files
    rec-split --method source --valid 0 -o out.rec encode.rec
    equal "$(sizes out.rec)" '80 0 40'
    equal "$(rows split out.rec | uniq -c | awk '{ print $1, $2 }')" "$(lines '30 0' '40 2' '50 0')"
}

@test "--test-source names the file; validation comes from the others" {
    three_files
    rec-split --method source --test-source 3 --valid 0.5 -o out.rec encode.rec
    equal "$(rows split out.rec | tail -n 50 | sort -u)" 2
    equal "$(rows split out.rec | head -n 70 | sort -u)" "$(lines 0 1)"
}

@test "--method source without sources is exit 4 and says what to do" {
    gives 4 '' 'rec-split: --method source: the ratings are all from one file; give rec-clean one file a part' \
        rec-split --method source -o out.rec "$in"
    [ ! -e out.rec ]
}

@test "a source that no row has is exit 4" {
    three_files
    gives 4 '' 'rec-split: --test-source 4: no rating is from such a file' \
        rec-split --method source --test-source 4 -o out.rec encode.rec
    [ ! -e out.rec ]
}

@test "when all rows are test rows nothing is left to train on: exit 3" {
    printf 'a,x,5,1\n' >1.csv
    : >2.csv
    rec-clean 1.csv 2.csv | rec-encode -o encode.rec
    gives 3 '' 'rec-split: no rating is left for training' \
        rec-split --method source --test-source 1 -o out.rec encode.rec
    [ ! -e out.rec ]
}

@test "shares below 0, or of everything, are usage errors" {
    for bad in 1 1.5 -0.1 1e9; do
        for option in test valid; do
            gives 2 '' "rec-split: --$option: '$bad' is not in the range 0..0.999" \
                rec-split --$option=$bad "$in"
        done
    done
    for bad in nan inf 20% .2x ''; do
        gives 2 '' "rec-split: --test: '$bad' is not a number" rec-split "--test=$bad" "$in"
    done
}

@test "seeds: the largest of 64 bits, one more, a negative one" {
    gives 0 '' '' rec-split --seed 18446744073709551615 -o out.rec "$in"
    for bad in 18446744073709551616 -1 1.0 0x1; do
        gives 2 '' "rec-split: --seed: '$bad' is not a whole number" rec-split --seed=$bad "$in"
    done
}

@test "the notebook's own split: 4,000 training and 1,000 test rows" {
    data amazon-electronics/seed5000.test.csv
    rec-clean "${data%test.csv}train.csv" "$data" | rec-encode |
        rec-split --method source --test-source 2 --valid 0 -o out.rec
    equal "$(sizes out.rec)" '4000 0 1000'
}
