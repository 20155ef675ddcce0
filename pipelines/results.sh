#!/bin/bash
# pipelines/results.sh DATA_DIR README MAKE...: runs every experiment whose data are there,
# each with its published split, and writes README's table between its two marks.  A run
# that fails ends it, and README stays as it is.
set -eu -o pipefail
here=$(dirname "$0")
data=$1 readme=$2
shift 2
make=("$@")
marks=('<!-- results -->' '<!-- end of results -->')
build=build
for word in "${make[@]}"; do
    case $word in B=*) build=${word#B=} ;; esac
done

# EXPERIMENT|USE|FILE|TITLE: FILE of DATA_DIR says whether the data are there
rows='
amazon-seed|ratings|amazon-electronics/seed5000.test.csv|Amazon, the 5,000 rows of the notebook
amazon-seed|time|amazon-electronics/seed5000.test.csv|Amazon, the 5,000 rows of the notebook
amazon-electronics|ratings|amazon-electronics/head50698.test.csv|Amazon, the first 50,698 rows
amazon-electronics|time|amazon-electronics/head50698.test.csv|Amazon, the first 50,698 rows
movielens-100k|ratings|ml-100k/u1.test|MovieLens 100K, u1
movielens-100k|time|ml-100k/u1.test|MovieLens 100K, u1
movielens-100k|features|ml-100k/u.user|MovieLens 100K, u1
movielens-100k|time+features|ml-100k/u.user|MovieLens 100K, u1
movielens-1m|ratings|ml-1m/ratings.dat|MovieLens 1M, a random tenth
movielens-1m|time|ml-1m/ratings.dat|MovieLens 1M, a random tenth
douban|ratings|douban/test.csv|Douban'

fail() {
    echo "make results: $1" >&2
    exit 1
}

# run EXPERIMENT USE MODEL [SEEDS]: makes that report and sets $report
run() {
    report=$build/results/$1-$2-$3${4:+-$4}/metrics.tsv
    "${make[@]}" -s "$report" EXPERIMENT="$1" USE="$2" MODEL="$3" SEEDS="${4-}" \
        NAME="results/$1-$2-$3${4:+-$4}" DATA_DIR="$data" EVAL_OPTS='--boot 0 -q' >&2 ||
        fail "$1 with $3 failed; $readme is as it was"
}

# rmse PREDICTOR: of the test part in $report, into $figure
rmse() {
    figure=$(awk -F '\t' -v row="$1" '$1 == "test" && $2 == row && $3 == "rmse" { printf "%.4f", $4 }' "$report")
    [ -n "$figure" ] || fail "$report: no test RMSE of $1; $readme is as it was"
}

# published EXPERIMENT USE: the cell
published() {
    awk -F '\t' -v e="$1" -v u="$2" '$1 == e && $2 == u { printf "%s%s %s", comma, $3, $4; comma = ", " }' \
        "$here/published.tsv"
}

# row EXPERIMENT USE TITLE: its line.  gcn and mf do not use times; of the features gcn does,
# and mf has no row.
row() {
    local cells='' with=$2

    [ "$2" != time ] || with=ratings
    run "$1" "$2" rgnn
    for predictor in mean biases; do
        rmse $predictor
        cells+="$figure | "
    done
    for model in gcn mf; do
        case $with-$model in
        ratings-* | features-gcn)
            run "$1" "$with" $model
            rmse $model
            cells+="$figure | "
            ;;
        *) cells+="| " ;;
        esac
    done
    for seeds in '' 5; do
        run "$1" "$2" rgnn $seeds
        rmse rgnn
        cells+="$figure | "
    done
    echo "| $3 | $2 | $cells$(published "$1" "$2") |"
}

table() {
    local n=0 others

    echo '| test RMSE | uses | mean | biases | gcn | mf | rgnn | rgnn, 5 seeds | published |'
    echo '|---|---|---|---|---|---|---|---|---|'
    while IFS='|' read -r experiment use file title; do
        [ -n "$experiment" ] || continue
        if [ -e "$data/$file" ]; then
            n=$((n + 1))
            row "$experiment" "$use" "$title" </dev/null
        else
            echo "$data/$file is not there: $experiment is left out" >&2
            others=$(published "$experiment" "$use")
            echo "| $title | $use | not run: \`make data/${file%%/*}\` | | | | | | $others |"
        fi
    done <<<"$rows"
    [ $n -gt 0 ] || fail "no set is there: make data/NAME fetches one, or say DATA_DIR=FOLDER"
    echo
    awk -F '\t' 'BEGIN { comma = "Published: " } !/^#/ && !seen[$4]++ { printf "%s%s (%s)", comma, $4, $5; comma = ", " }
        END { print ". \\* The epoch was chosen by the test part." }' "$here/published.tsv"
}

for mark in "${marks[@]}"; do
    grep -qxF -- "$mark" "$readme" || fail "$readme: no line '$mark'"
done
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
table >"$new/raw"
sed '/^|/s/\*/\\*/g' "$new/raw" >"$new/table"
cat "$new/table"
awk -v table="$new/table" -v first="${marks[0]}" -v last="${marks[1]}" '
    $0 == last { skip = 0 }
    !skip
    $0 == first { print ""; while ((getline line <table) > 0) print line; print ""; skip = 1 }' \
    "$readme" >"$new/readme"
cat "$new/readme" >"$readme"
