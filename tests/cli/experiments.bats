# Published protocols, folds, what a set is, and the table of results, on data made up here.
load common

# the parts of a README that make results writes
marks=('<!-- results -->' old '<!-- end of results -->' between '<!-- ranking -->' old '<!-- end of ranking -->')

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    ratings 400 >all.csv
    mkdir -p sets/amazon-electronics films/ml-100k more/ml-1m more/douban
    sed 's/,/::/g' all.csv >more/ml-1m/ratings.dat
    # who rates what comes again without a time: one of them stays
    cut -d , -f 1-3 all.csv | awk -F , '!seen[$1, $2]++' >more/douban/all
    head -n 300 more/douban/all >more/douban/train.csv
    tail -n +301 more/douban/all >more/douban/test.csv
    # the split files, laid out as the real ones are
    for name in seed5000 head50698; do
        head -n 300 all.csv >sets/amazon-electronics/$name.train.csv
        tail -n +301 all.csv >sets/amazon-electronics/$name.test.csv
    done
    # MovieLens 100K, its files and columns
    tr , '\t' <sets/amazon-electronics/seed5000.train.csv >films/ml-100k/u1.base
    tr , '\t' <sets/amazon-electronics/seed5000.test.csv >films/ml-100k/u1.test
    tr , '\t' <all.csv >films/ml-100k/u.data
    for i in $(seq 0 96); do
        echo "u$i|$((20 + i % 50))|$([ $((i % 2)) = 0 ] && echo M || echo F)|job$((i % 7))|$((i * 137 % 10))1234"
    done >films/ml-100k/u.user
    awk 'BEGIN { for (i = 0; i < 41; i++) { printf "i%d|Film %d|01-Jan-%d||http://x/", i, i, 1960 + i
        for (g = 0; g < 19; g++) printf "|%d", (i + g) % 5 == 0; print "" } }' >films/ml-100k/u.item
    built b
}

setup() {
    here
    at=$BATS_FILE_TMPDIR
}

# chain GOAL SETTING=VALUE...: make with programs that are there
chain() {
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES -u B -u CFLAGS -u CI \
        make -C "$ROOT" --no-print-directory B="$at/b" DATA_DIR="$at/sets" "$@"
}

@test "an experiment runs with nothing but the folder of its data" {
    chain metrics EXPERIMENT=amazon-electronics >out
    grep -q '^test   rgnn ' out
    rec-view --prov "$at/b/amazon-electronics/model.rec" | grep -q -- '--model rgnn'
}

@test "MovieLens 1M by a random tenth, which the seed draws; Douban by its files" {
    chain -s "$at/b/movielens-1m-ratings/metrics.tsv" EXPERIMENT=movielens-1m USE=ratings DATA_DIR="$at/more"
    test_rows() {
        rec-view --parts "$at/b/$1/split.rec" | awk '$1 == "test" { print $2 }'
    }
    n=$(test_rows movielens-1m-ratings)
    [ "$n" -gt 20 ] && [ "$n" -lt 60 ]
    equal "$(rec-view --parts "$at/b/movielens-1m-ratings/split.rec" | awk '$1 == "valid" { print $2 }')" 0
    rec-view --prov "$at/b/movielens-1m-ratings/split.rec" | grep -q -- '--method random --test 0.1 --valid 0 .*--seed 1'
    chain -s "$at/b/movielens-1m-ratings/split.rec" EXPERIMENT=movielens-1m USE=ratings DATA_DIR="$at/more" SEED=2
    rec-view --prov "$at/b/movielens-1m-ratings/split.rec" | grep -q -- '--method random --test 0.1 --valid 0 .*--seed 2'
    chain -s "$at/b/douban/metrics.tsv" EXPERIMENT=douban DATA_DIR="$at/more"
    equal "$(test_rows douban)" "$(wc -l <"$at/more/douban/test.csv")"
}

@test "folds: each is the test part once, and their mean is printed" {
    chain -j2 folds EXPERIMENT=amazon-electronics FOLDS=3 MODEL=mf >out
    for k in 1 2 3; do
        rec-view --prov "$at/b/amazon-electronics-mf-fold-$k/model.rec" | grep -q -- "--folds 3 --fold $k"
    done
    equal "$(awk '$1 == "mf" { print $2 }' out)" 3
    cat "$at"/b/amazon-electronics-mf-fold-[123]/metrics.tsv |
        awk -F '\t' '$1 == "test" && $2 == "mf" && $3 == "rmse" { s += $4 } END { printf "%.4f\n", s / 3 }' >mean
    equal "$(awk '$1 == "mf" { print $3 }' out)" "$(<mean)"
}

@test "folds of a set with a test file of its own are of all its ratings" {
    chain folds EXPERIMENT=movielens-100k USE=ratings FOLDS=2 MODEL=mf DATA_DIR="$at/films" >out
    equal "$(awk -F '\t' '$1 == "test" && $2 == "mf" && $3 == "rmse" { n += $7 } END { print n }' \
        "$at"/b/movielens-100k-ratings-mf-fold-[12]/metrics.tsv)" 400
}

@test "USE says what a model may know, and nothing else is known" {
    for use in ratings time features time+features; do
        chain -s "$at/b/movielens-100k-$use/model.rec" EXPERIMENT=movielens-100k USE=$use DATA_DIR="$at/films"
        model=$at/b/movielens-100k-$use/model.rec
        said=$(rows model "$model" | awk -F '\t' '$1 == "taus" { print ($2 == "none" ? "" : "time") }')
        [[ $use = *time* ]] && equal "$said" time || equal "$said" ''
        n=$(rec-view -l "$model" | grep -c '^graph.features' || true)
        [[ $use = *features* ]] && [ "$n" -gt 0 ] || equal "$n" 0
    done
    for experiment in amazon-seed amazon-electronics; do
        chain -n metrics EXPERIMENT=$experiment USE=ratings MODEL=rgnn | grep -q -- 'rec-train .*--no-time'
        run ! grep -q -- --no-time <(chain -n metrics EXPERIMENT=$experiment MODEL=rgnn)
    done
}

@test "what is not there is said, with what to do" {
    run -2 chain metrics EXPERIMENT=movielens-100k
    [[ $output = *"$at/sets/ml-100k/u1.base is not there: \`make data/ml-100k' fetches it, or say DATA_DIR=FOLDER"* ]]
    run -2 chain metrics EXPERIMENT=nothing
    [[ $output = *"no experiment 'nothing'; there are: amazon-electronics "* ]]
    for experiment in amazon-seed movielens-100k movielens-1m; do
        run -2 chain metrics EXPERIMENT=$experiment USE=tme
        [[ $output = *"USE is ratings"*"not 'tme'"* ]]
    done
    run -2 chain metrics DATA=data/nothing.csv
    [[ $output = *'make data/nothing.csv: no such file, and no such set'* ]]
}

@test "make describe counts users, items, ratings, levels and days" {
    printf '%s\n' a,x,1,0 a,y,5,86399 b,x,4.5,951782400 c,x,5,1709164800 >four.csv
    chain describe DATA="$PWD/four.csv" SPLIT_OPTS='--test 0 --valid 0' >out
    equal "$(grep -A 4 '^ratings' out)" "$(lines \
        'ratings   4, 66.67 % of 3 users x 2 items' \
        'a user    1.3 ratings, at most 2; 2 have one' \
        'an item   2.0 ratings, at most 3; 1 have one' \
        'level     3 from 1 to 5, mean 3.8750, sd 1.9311' \
        'time      19782.0 days, from 1970-01-01 to 2024-02-29')"
    equal "$(awk '$1 == "train" { print $2 }' out)" 4
}

@test "the days of make describe are those of date" {
    for t in -86401 -1 68169600 951827696 1078012800 1330473599 4102444800 253402300799; do
        printf 'user\titem\trating\ttime\n0\t0\t1\t%s\n' $t | awk -F '\t' -f "$ROOT/pipelines/describe.awk" >out
        day=$(date -u -d @$t +%F)
        grep -qx "time      0.0 days, from $day to $day" out
    done
}

# results FOLDER: the table of what is there, into r.md
results() {
    printf '%s\n' before "${marks[@]}" after >r.md
    (cd "$ROOT" && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES -u B -u CFLAGS -u CI \
        pipelines/results.sh "$1" "$OLDPWD/r.md" make B="$at/b") >out 2>said || { cat said && return 1; }
}

@test "results: a row for every set, the figures those of the runs, in its place of the README" {
    results "$at/sets"
    equal "$(grep -v '^[|P]' r.md | grep .)" "$(lines before "${marks[@]}" after | grep -v old)"
    run ! grep -q old r.md
    equal "$(grep -c '^| MovieLens 100K.*| not run: `make data/ml-100k` | | | | | | ' r.md)" 4
    grep -qx '| popularity | not run: `make data/gowalla` | not run: `make data/lastfm` | not run: `make data/movietweetings` |' r.md
    grep -q 'ml-1m/ratings.dat is not there' said
    sed '/end of results/q' r.md >ratings.md
    equal "$(grep -c '^|' ratings.md)" 13
    equal "$(awk -F '|' '/^\|/ { print NF }' ratings.md | sort -u)" 11
    for set in seed:'the 5,000 rows of the notebook' electronics:'the first 50,698 rows'; do
        for use in ratings time; do
            line=$(grep "^| Amazon, ${set#*:} | $use |" r.md)
            wanted=$use
            for cell in mean:$use-rgnn biases:$use-rgnn gcn:ratings-gcn mf:ratings-mf rgnn:$use-rgnn rgnn:$use-rgnn-5; do
                wanted+=" | $(awk -F '\t' -v row="${cell%%:*}" '$1 == "test" && $2 == row && $3 == "rmse" { printf "%.4f", $4 }' \
                    "$at/b/results/amazon-${set%%:*}-${cell#*:}/metrics.tsv")"
            done
            [[ $line = *"| $wanted |"* ]]
        done
    done
    grep -q '| ratings | .* | 1.5956 the notebook |$' r.md
    rec-view --prov "$at/b/results/amazon-seed-time-rgnn-5/model.rec" | grep -q -- '--model rgnn .*--seeds 5'
    run ! grep -q -- --no-time <(rec-view --prov "$at/b/results/amazon-seed-time-rgnn/model.rec")
    rec-view --prov "$at/b/results/amazon-seed-ratings-rgnn/model.rec" | grep -q -- --no-time
}

@test "results: what ranks has a table of its own" {
    mkdir -p lists/gowalla
    awk 'BEGIN { for (u = 0; u < 60; u++) { printf "%d", u; for (k = 0; k < 6; k++) printf " %d", (u * 7 + k * k * 3) % 50; print "" } }' >lists/gowalla/train.txt
    awk 'BEGIN { for (u = 0; u < 60; u++) print u, (u * 7 + 1) % 50, (u * 7 + 2) % 50 }' >lists/gowalla/test.txt
    awk 'BEGIN { for (u = 0; u < 40; u++) for (k = 0; k < 6; k++) printf "%d\t%d\t%d\r\n", u, (u * 5 + k * k) % 30, 1 + k }' >all
    mkdir lists/lastfm lists/movietweetings
    awk 'NR % 5 > 0' all >lists/lastfm/data1.txt
    awk 'NR % 5 == 0' all >lists/lastfm/test1.txt
    awk '{ print $1 "::" $2 "::" 5 + NR % 5 "::" 1365029107 + NR * 37 % 240 }' all >lists/movietweetings/ratings.dat
    results "$PWD/lists"
    sed '1,/^<!-- ranking/d' r.md >ranking.md
    for row in popularity:lightgcn:popularity lightgcn:lightgcn:lightgcn spectral:spectral-gfcf:'spectral, filter gfcf' \
        spectral:spectral-reshaped:'spectral, filter reshaped'; do
        IFS=: read -r model name label <<<"$row"
        wanted=
        for set in gowalla lastfm movietweetings; do
            wanted+=" | $(awk -F '\t' -v m="$model" '$1 == "test" && $2 == m && ($3 == "recall@20" || $3 == "ndcg@20") {
                printf "%s%.4f", sep, $4; sep = " / " }' "$at/b/results/$set-$name/metrics.tsv")"
        done
        equal "$(grep "^| $label |" ranking.md)" "| $label$wanted |"
    done
    grep -qx '| UltraGCN, as published | 0.1862 / 0.1580 | | |' ranking.md
    rec-view --prov "$at/b/results/gowalla-spectral-gfcf/model.rec" | grep -q -- '--filter gfcf'
}

@test "results: a run that fails, or no data at all, leaves the README as it is" {
    mkdir -p broken/ml-100k none
    cp "$at"/films/ml-100k/* broken/ml-100k
    echo 'u1	i1	five	3' >>broken/ml-100k/u1.test
    for folder in broken none; do
        run -1 results "$PWD/$folder"
        equal "$(cat r.md)" "$(lines before "${marks[@]}" after)"
    done
    grep -q 'no set is there: make data/NAME fetches one, or say DATA_DIR=FOLDER' said
    run -1 results "$PWD/broken"
    grep -q "rating: not a number: 'five'" said
    grep -q 'make results: movielens-100k-ratings-rgnn failed; .* is as it was' said
}

@test "what others report has a set, a use, a figure, a name and a source, best last" {
    grep -v '^#' "$ROOT/pipelines/published.tsv" >listed
    run ! grep -vE $'^[a-z0-9-]+\t((ratings|time|features|time\+features)\t[0-9.]+\*?|ranking\t[0-9.]+/[0-9.]+)\t[^\t|]+\t[^\t|]+$' listed
    awk -F '\t' '$2 != "ranking" && $1 "\t" $2 == key && $3 + 0 > last + 0 { exit 1 } { key = $1 "\t" $2; last = $3 }' listed
    cut -f 1 listed | sort -u | while read -r name; do
        [ -e "$ROOT/pipelines/$name.mk" ]
    done
}
