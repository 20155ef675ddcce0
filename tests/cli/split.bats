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

# ---- by user, by time, the last of each user, by fold ----

# Ratings, some with equal times: ann has 5, bob 3, cat 2, dan 1.
small() {
    printf '%s\n' user,item,rating,time ann,a,5,30 bob,a,4,10 ann,b,3,10 ann,c,1,20 \
        cat,a,2,-5 dan,d,5,99 bob,b,1,10 ann,d,2,30 cat,b,3,40 bob,c,4,9 ann,e,5,10 |
        rec-clean | rec-encode "$@" -o small.rec
}

# parts_of FILE: user, item, rating, time and part of each row.
parts_of() {
    paste <(rows ratings "$1") <(rows split "$1")
}

# user_shares TEST VALID: reads parts_of; prints the users who have not what they should.
user_shares() {
    awk -F '\t' -v test="$1" -v valid="$2" '
        function share(s, n, most,  k) { k = int(s * n + 0.5); return k < most ? k : most }
        { m[$1]++; n[$1, $5]++ }
        END { for (u in m) {
            t = share(test, m[u], m[u] - 1); v = share(valid, m[u] - t, m[u] - t - 1)
            if (n[u, 2] + 0 != t || n[u, 1] + 0 != v) print u, m[u], n[u, 1] + 0, n[u, 2] + 0 } }'
}

# by_time TEST VALID: reads ratings; prints the part that --method time gives each row.
by_time() {
    awk -F '\t' '{ print $4 "\t" NR }' | sort -k 1,1n -k 2,2n |
        awk -v test="$1" -v valid="$2" '{ row[NR] = $2 }
            END { t = int(test * NR + 0.5); v = int(valid * (NR - t) + 0.5)
                for (i = 1; i <= NR; i++)
                    print row[i] "\t" (i > NR - t ? 2 : i > NR - t - v ? 1 : 0) }' |
        sort -n | cut -f 2
}

# by_last TEST VALID: the same for --method last and these numbers of rows a user.
by_last() {
    awk -F '\t' '{ print $1 "\t" $4 "\t" NR }' | sort -t $'\t' -k 1,1 -k 2,2nr -k 3,3nr >order
    awk -F '\t' -v test="$1" -v valid="$2" 'NR == FNR { m[$1]++; next }
        { i = ++n[$1]
          print $3 "\t" (i == m[$1] ? 0 : i <= test ? 2 : i <= test + valid ? 1 : 0) }' order order |
        sort -n | cut -f 2
}

@test "--method user: shares of each user's own rows, and one is left for training" {
    small
    rec-split --method user -o out.rec small.rec
    # of 5 rows 1 and round(0.8), of 3 1 and 0, of 2 and 1 none
    equal "$(parts_of out.rec | awk '{ print $1, $5 }' | sort | uniq -c | awk '{ print $2, $3, $1 }')" \
        "$(lines 'ann 0 3' 'ann 1 1' 'ann 2 1' 'bob 0 2' 'bob 2 1' 'cat 0 2' 'dan 0 1')"
    for shares in '0.2 0.2' '0.5 0.5' '0.999 0.999' '0 0.3' '0.3 0'; do
        # shellcheck disable=SC2086
        set -- $shares
        rec-split --method user --test "$1" --valid "$2" -o out.rec "$in"
        equal "$(parts_of out.rec | user_shares "$1" "$2")" ''
    done
}

@test "--method user: the seed decides which rows" {
    rec-split --method user --seed 7 -o a.rec "$in"
    rec-split --method user --seed 7 -o b.rec "$in"
    rec-split --method user --seed 8 -o c.rec "$in"
    cmp a.rec b.rec
    run cmp -s <(rows split a.rec) <(rows split c.rec)
    equal "$status" 1
}

@test "--method user and last: rows of other users move no row, wherever they are" {
    ratings 2000 >all.csv
    grep -E '^u[0-9]*[02468],' all.csv >even.csv
    for method in user 'user --seed 9 --test 0.4' last 'last --last 3'; do
        for f in all even; do
            # shellcheck disable=SC2086
            rec-clean $f.csv | rec-encode | rec-split --method $method -o $f.rec
        done
        cmp <(parts_of all.rec | grep -P '^u[0-9]*[02468]\t') <(parts_of even.rec)
    done
}

@test "--method time: the latest rows, ties by row number" {
    small
    # 11 rows: 2 test, round(0.2 * 9) = 2 validation
    rec-split --method time -o out.rec small.rec
    equal "$(rows split out.rec | paste -s -d ' ')" '1 0 0 0 0 2 0 1 2 0 0'
    for shares in '0.2 0.2' '0.5 0.1' '0.9 0' '0 0.9' '0.4 0.5'; do
        # shellcheck disable=SC2086
        set -- $shares
        for f in small.rec "$in"; do
            rec-split --method time --test "$1" --valid "$2" -o out.rec $f
            cmp <(rows split out.rec) <(rows ratings $f | by_time "$1" "$2")
        done
    done
}

@test "--method time without times is exit 4 and says what to do" {
    ratings 50 | rec-clean --time none | rec-encode -o encode.rec
    gives 4 '' 'rec-split: --method time: the ratings have no times; tell rec-clean their column with --time' \
        rec-split --method time -o out.rec encode.rec
    [ ! -e out.rec ]
}

@test "--method last: the last of each user, and the one before" {
    small
    rec-split --method last -o out.rec small.rec
    equal "$(rows split out.rec | paste -s -d ' ')" '1 1 0 0 0 0 2 2 2 0 0'
    rec-split --method last --valid 0 -o out.rec small.rec
    equal "$(rows split out.rec | paste -s -d ' ')" '0 0 0 0 0 0 2 2 2 0 0'
    # ann gives 2 and 2, bob 2, cat 1, dan none
    rec-split --method last --last 2 -o out.rec small.rec
    equal "$(rows split out.rec | paste -s -d ' ')" '2 2 0 1 0 0 2 2 2 0 1'
    for k in 1 2 7 52 65535; do
        rec-split --method last --last $k -o out.rec "$in"
        cmp <(rows split out.rec) <(rows ratings "$in" | by_last $k $k)
        rec-split --method last --last $k --valid 0 -o out.rec "$in"
        cmp <(rows split out.rec) <(rows ratings "$in" | by_last $k 0)
    done
}

@test "--method last without times goes by the order of rows" {
    ratings 900 | sort -t , -k 3 | rec-clean --time none | rec-encode -o encode.rec
    rec-split --method last --last 2 -o out.rec encode.rec
    cmp <(rows split out.rec) <(rows ratings encode.rec | awk '{ print $0 "\t0" }' | by_last 2 2)
}

@test "--method fold: the test parts are disjoint and cover every row" {
    for i in 1 2 3; do
        rec-split --method fold --folds 3 --fold $i -o $i.rec "$in"
        rows split $i.rec >$i
        read -r _ valid test <<<"$(sizes $i.rec)"
        # five standard deviations
        ((test > 1500 && test < 1834 && valid > 535 && valid < 798))
    done
    equal "$(paste 1 2 3 | awk '{ print ($1 == 2) + ($2 == 2) + ($3 == 2) }' | sort -u)" 1
    # a row validates with all folds or with none
    equal "$(paste 1 2 3 | tr -d '2\t' | sort -u)" "$(lines 00 11)"
}

@test "--method fold: rows at the end move none; five folds, and the first, by default" {
    ratings 400 >short.csv
    { ratings 400; ratings 700 | tail -n 300; } >long.csv
    for f in short long; do
        rec-clean $f.csv | rec-encode | rec-split --method fold --folds 5 --fold 1 -o $f.rec
    done
    cmp <(rows split short.rec) <(rows split long.rec | head -n 400)
    rec-clean short.csv | rec-encode | rec-split --method fold -o default.rec
    cmp short.rec default.rec
}

@test "every method gives the same bytes with one thread and with four" {
    for method in random user time last fold; do
        rec-split -T 1 --method $method -o 1.rec "$in"
        rec-split -T 4 --method $method -o 4.rec "$in"
        cmp 1.rec 4.rec
        equal "$(rows split 1.rec | sort -u)" "$(lines 0 1 2)"
    done
}

@test "--method, --last, --folds and --fold: what is refused" {
    gives 2 '' "rec-split: --method: 'first' is not one of random|user|time|last|fold|source" \
        rec-split --method first "$in"
    for bad in 0 65536; do
        gives 2 '' "rec-split: --last: '$bad' is not in the range 1..65535" rec-split --last $bad "$in"
        gives 2 '' "rec-split: --fold: '$bad' is not in the range 1..65535" rec-split --fold $bad "$in"
    done
    for bad in 1 65536; do
        gives 2 '' "rec-split: --folds: '$bad' is not in the range 2..65535" rec-split --folds $bad "$in"
    done
    for option in last fold folds; do
        gives 2 '' "rec-split: --$option: '-2' is not a whole number" rec-split --$option=-2 "$in"
    done
    gives 2 '' 'rec-split: --fold 6: there are 5 folds' rec-split --method fold --fold 6 "$in"
    gives 2 '' 'rec-split: --fold 3: there are 2 folds' rec-split --fold 3 --folds 2 "$in"
}

@test "no user loses the last training rating: each rated once, everything trains" {
    printf '%s\n' a,x,5,1 b,x,4,2 c,x,3,3 | rec-clean | rec-encode -o encode.rec
    for method in 'user --test 0.9' 'last --last 9'; do
        # shellcheck disable=SC2086
        rec-split --method $method -o out.rec encode.rec
        equal "$(sizes out.rec)" '3 0 0'
    done
    gives 3 '' 'rec-split: no rating is left for training' \
        rec-split --method time --test 0.9 -o out.rec encode.rec
}

@test "MovieLens 100k: every method gives what an independent count gives" {
    data ml-100k/u.data
    tr '\t' , <"$data" | rec-clean --header no | rec-encode -o encode.rec
    rec-split --method time -o out.rec encode.rec
    equal "$(sizes out.rec)" '64000 16000 20000'
    cmp <(rows split out.rec) <(by_time 0.2 0.2 <"$data")
    rec-split --method last -o out.rec encode.rec
    equal "$(sizes out.rec)" '98114 943 943'
    cmp <(rows split out.rec) <(by_last 1 1 <"$data")
    rec-split --method last --last 10 --valid 0 -o out.rec encode.rec
    equal "$(sizes out.rec)" '90570 0 9430'
    cmp <(rows split out.rec) <(by_last 10 0 <"$data")
    rec-split --method user -o out.rec encode.rec
    equal "$(parts_of out.rec | user_shares 0.2 0.2)" ''
    for i in 1 2 3 4 5; do
        rec-split --method fold --fold $i encode.rec | rows split - >$i
    done
    equal "$(paste 1 2 3 4 5 | awk '{ print gsub(2, "") }' | sort -u)" 1
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
