#!/bin/bash
# pipelines/results.sh DATA_DIR README MAKE...: runs every experiment whose data are there,
# each with its published split, and writes README's two tables between their marks.  A
# run that fails ends it, and README stays as it is.
set -eu -o pipefail
here=$(dirname "$0")
data=$1 readme=$2
shift 2
make=("$@")
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
# what ranks: MODEL FILTER, and on what: EXPERIMENT|FILE|TITLE
rankers='
lightgcn
spectral gfcf
spectral reshaped'
ranked_sets='
gowalla|gowalla/test.txt|Gowalla
lastfm|lastfm/test1.txt|lastfm
movietweetings|movietweetings/ratings.dat|MovieTweetings'

fail() {
    echo "make results: $1" >&2
    exit 1
}

# run NAME EXPERIMENT SETTING...: makes the report of that run and sets $report
run() {
    report=$build/results/$1/metrics.tsv
    "${make[@]}" -s "$report" EXPERIMENT="$2" NAME="results/$1" DATA_DIR="$data" "${@:3}" >&2 ||
        fail "$1 failed; $readme is as it was"
}

# rate EXPERIMENT USE MODEL [SEEDS]: a run with ratings to predict
rate() {
    run "$1-$2-$3${4:+-$4}" "$1" USE="$2" MODEL="$3" SEEDS="${4-}" EVAL_OPTS='--boot 0 -q'
}

# figure PREDICTOR METRIC: of the test part in $report, into $figure
figure() {
    figure=$(awk -F '\t' -v row="$1" -v metric="$2" \
        '$1 == "test" && $2 == row && $3 == metric { printf "%.4f", $4 }' "$report")
    [ -n "$figure" ] || fail "$report: no $2 of $1 on the test part; $readme is as it was"
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
    rate "$1" "$2" rgnn
    for predictor in mean biases; do
        figure $predictor rmse
        cells+="$figure | "
    done
    for model in gcn mf; do
        case $with-$model in
        ratings-* | features-gcn)
            rate "$1" "$with" $model
            figure $model rmse
            cells+="$figure | "
            ;;
        *) cells+="| " ;;
        esac
    done
    for seeds in '' 5; do
        rate "$1" "$2" rgnn $seeds
        figure rgnn rmse
        cells+="$figure | "
    done
    echo "| $3 | $2 | $cells$(published "$1" "$2") |"
}

# sources USE...: who published what, of published.tsv
sources() {
    awk -F '\t' -v uses=" $* " 'BEGIN { comma = "Published: " }
        !/^#/ && index(uses, " " $2 " ") && !seen[$4]++ { printf "%s%s (%s)", comma, $4, $5; comma = ", " }
        END { print "." }' "$here/published.tsv"
}

results_table() {
    echo '| test RMSE | uses | mean | biases | gcn | mf | rgnn | rgnn, 5 seeds | published |'
    echo '|---|---|---|---|---|---|---|---|---|'
    while IFS='|' read -r experiment use file title; do
        [ -n "$experiment" ] || continue
        if there "$file"; then
            row "$experiment" "$use" "$title" </dev/null
        else
            echo "| $title | $use | not run: \`make data/${file%%/*}\` | | | | | | $(published "$experiment" "$use") |"
        fi
    done <<<"$rows"
    echo
    echo "$(sources ratings time features time+features) \\* The epoch was chosen by the test part."
}

# ranked LABEL PREDICTOR: a cell more for the line of LABEL, from $report
ranked() {
    figure "$2" recall@20
    local recall=$figure

    figure "$2" ndcg@20
    cells[$1]+=" | $recall / $figure"
}

# rank_set EXPERIMENT FILE: a cell for each of the rankers
rank_set() {
    local found='' first=popularity

    ! there "$2" || found=yes
    [ -n "$found" ] || cells[popularity]+=" | not run: \`make data/${2%%/*}\`"
    while read -r model filter; do
        label=$model${filter:+, filter $filter}
        if [ -n "$found" ]; then
            run "$1-$model${filter:+-$filter}" "$1" MODEL="$model" FILTER="$filter" \
                EVAL_OPTS='--top 20 --boot 0 -q' </dev/null
            [ -z "$first" ] || ranked $first $first
            first=
            ranked "$label" "$model"
        else
            cells[$label]+=' |'
        fi
    done <<<"${rankers#?}"
}

ranking_table() {
    local -A cells=()
    local experiments='' head='| recall@20 / NDCG@20' line='|---' label

    while IFS='|' read -r experiment file title; do
        experiments+=" $experiment"
        head+=" | $title"
        line+='|---'
        rank_set "$experiment" "$file"
    done <<<"${ranked_sets#?}"
    echo "$head |"
    echo "$line|"
    while read -r label; do
        echo "| $label${cells[$label]} |"
    done <<<"popularity${rankers// /, filter }"
    awk -F '\t' -v sets="${experiments# }" '$2 == "ranking" {
            n = split(sets, set, " ")
            sub("/", " / ", $3)
            row = "| " $4 ", as published |"
            for (k = 1; k <= n; k++)
                row = row (set[k] == $1 ? " " $3 " |" : " |")
            print row
        }' "$here/published.tsv"
    echo
    sources ranking
}

# there FILE: whether DATA_DIR has it
n=0
there() {
    [ -e "$data/$1" ] && n=$((n + 1)) && return
    echo "$data/$1 is not there: ${1%%/*} is left out" >&2
    return 1
}

new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
cp "$readme" "$new/readme"
for name in results ranking; do
    for mark in "<!-- $name -->" "<!-- end of $name -->"; do
        grep -qxF -- "$mark" "$readme" || fail "$readme: no line '$mark'"
    done
done
for name in results ranking; do
    ${name}_table >"$new/raw"
    sed '/^|/s/\*/\\*/g' "$new/raw" >"$new/$name"
    awk -v table="$new/$name" -v name="$name" '
        $0 == "<!-- end of " name " -->" { skip = 0 }
        !skip
        $0 == "<!-- " name " -->" { print ""; while ((getline line <table) > 0) print line; print ""; skip = 1 }' \
        "$new/readme" >"$new/next"
    mv "$new/next" "$new/readme"
done
[ $n -gt 0 ] || fail "no set is there: make data/NAME fetches one, or say DATA_DIR=FOLDER"
cat "$new/results" "$new/ranking"
cat "$new/readme" >"$readme"
