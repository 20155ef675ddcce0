#!/bin/bash
# pipelines/results.sh DATA_DIR README MAKE...: runs every experiment whose data are there,
# each with its published split, and writes README's table between its two marks.
set -eu -o pipefail
data=$1 readme=$2
shift 2
make=("$@")

# EXPERIMENT USE FILE TITLE: FILE of DATA_DIR says whether the data are there
rows='
amazon-seed|time|amazon-electronics/seed5000.test.csv|Amazon, the 5,000 rows of the notebook
amazon-electronics|time|amazon-electronics/head50698.test.csv|Amazon, the first 50,698 rows
movielens-100k|ratings|ml-100k/u1.test|MovieLens 100K, u1
movielens-100k|time|ml-100k/u1.test|MovieLens 100K, u1
movielens-100k|features|ml-100k/u.user|MovieLens 100K, u1
movielens-100k|time+features|ml-100k/u.user|MovieLens 100K, u1
movielens-1m|ratings|ml-1m/ratings.dat|MovieLens 1M, a random tenth
movielens-1m|time|ml-1m/ratings.dat|MovieLens 1M, a random tenth
douban|ratings|douban/test.csv|Douban'

build=build
for word in "${make[@]}"; do
    case $word in B=*) build=${word#B=} ;; esac
done

# figure EXPERIMENT USE MODEL ROW SETTING...: test RMSE of the row ROW of that run's report
figure() {
    local experiment=$1 use=$2 model=$3 row=$4 name=results/$1-$2-$3${5:+-$5}
    shift 4
    [ $# -eq 0 ] || set -- TRAIN_USE="--seeds $1 $([[ $use == *time* ]] || echo --no-time)"
    "${make[@]}" -s "$build/$name/metrics.tsv" EXPERIMENT="$experiment" USE="$use" \
        MODEL="$model" NAME="$name" DATA_DIR="$data" EVAL_OPTS='--boot 0 -q' "$@" >&2
    awk -F '\t' -v row="$row" '$1 == "test" && $2 == row && $3 == "rmse" { printf "%.4f", $4 }' \
        "$build/$name/metrics.tsv"
}

table=$(mktemp)
trap 'rm -f "$table"' EXIT
{
    echo "| test RMSE | uses | mean | biases | gcn | mf | rgnn | rgnn, 5 seeds | published |"
    echo "|---|---|---|---|---|---|---|---|---|"
    while IFS='|' read -r experiment use file title; do
        [ -n "$experiment" ] || continue
        published=$(awk -F '\t' -v e="$experiment" -v u="$use" '$1 == e && $2 == u { print $3 }' pipelines/published.tsv)
        if [ ! -e "$data/$file" ]; then
            echo "| $title | $use | | | | | | | ${published:+$published; }no data: make data/${file%%/*} |"
            echo "$data/$file is not there: $experiment is left out" >&2
            continue
        fi
        rgnn=$(figure "$experiment" "$use" rgnn rgnn)
        gcn='' mf=''
        case $use in # the others use ratings alone, and gcn features
        ratings | time) gcn=$(figure "$experiment" "$use" gcn gcn) mf=$(figure "$experiment" "$use" mf mf) ;;
        features) gcn=$(figure "$experiment" "$use" gcn gcn) ;;
        esac
        echo "| $title | $use | $(figure "$experiment" "$use" rgnn mean) | $(figure "$experiment" "$use" rgnn biases) | $gcn | $mf | $rgnn | $(figure "$experiment" "$use" rgnn rgnn 5) | $published |"
    done <<<"$rows"
} >"$table"
cat "$table"
for mark in '<!-- results -->' '<!-- end of results -->'; do
    grep -qxF -- "$mark" "$readme" || {
        echo "$readme: no line '$mark'" >&2
        exit 1
    }
done
awk -v table="$table" '$0 == "<!-- results -->" { print; print ""; while ((getline line <table) > 0) print line
    print ""; skip = 1 } $0 == "<!-- end of results -->" { skip = 0 } !skip' "$readme" >"$readme.new"
cat "$readme.new" >"$readme"
rm "$readme.new"
