# rec-eval: figures of a model beside baselines, against awk.
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    stages 1500
    rec-eval -q --predictions predictions.tsv -o metrics.tsv model.rec
}

setup() {
    here
    model=$BATS_FILE_TMPDIR/model.rec
    metrics=$BATS_FILE_TMPDIR/metrics.tsv
    predictions=$BATS_FILE_TMPDIR/predictions.tsv
}

# known FILE: `user item rating part` of every rating, as codes.
known() {
    paste <(rows ratings "$1" --codes | cut -f 1-3) <(rows split "$1")
}

# figure FILE PART MODEL METRIC: one value of a report.
figure() {
    awk -F '\t' -v p="$2" -v m="$3" -v f="$4" '$1 == p && $2 == m && $3 == f { print $4 }' "$1"
}

# report MODEL: `part model metric value n` for `part rating prediction` on stdin, train
# left out.
report() {
    awk -v model="$1" '
        { e = $3 - $2; a = e < 0 ? -e : e; n[$1]++; s1[$1] += a; s2[$1] += e ^ 2 }
        END { for (k = 1; k <= 2; k++) {
            p = k == 1 ? "valid" : "test"
            printf "%s\t%s\trmse\t%.6f\t%d\n", p, model, sqrt(s2[p] / n[p]), n[p]
            printf "%s\t%s\tmae\t%.6f\t%d\n", p, model, s1[p] / n[p], n[p] } }'
}

# agree MODEL WANTED REPORT: its rmse and mae are as wanted, within a millionth or so.
agree() {
    awk -F '\t' -v m="$1" '$2 == m && $1 != "train" && ($3 == "rmse" || $3 == "mae")' "$3" |
        cut -f 1-4,7 >got.tsv
    paste "$2" got.tsv | awk -F '\t' '
        { d = $4 - $9; if ($1 != $6 || $2 != $7 || $3 != $8 || $5 != $10 ||
              !(d < 3e-6 && d > -3e-6)) { print; bad = 1 } }
        END { exit bad || NR != 4 }'
}

@test "TSV: a header, lambdas, then of each part RMSE and MAE and what they differ by" {
    try rec-eval -q "$model"
    equal "$status" 0
    equal "$stderr" ''
    equal "${lines[0]}" $'split\tmodel\tmetric\tvalue\tlow\thigh\tn'
    equal "$(cut -f 1-3 <<<"$output" | tail -n +2)" "$(
        for m in lambda_user lambda_item cv_rmse; do printf "train\tbiases\t$m\n"; done
        for p in valid test; do
            for m in mean biases gcn; do printf "$p\t$m\t%s\n" rmse mae; done
            for m in mean biases; do printf "$p\tgcn\t%s\n" rmse_vs_$m mae_vs_$m; done
        done)"
    equal "$(tail -n +5 <<<"$output" |
        grep -cvE $'^[a-z]+\t[a-z]+\t[a-z_]+(\t-?[0-9]+[.][0-9]{6}){3}\t[0-9]+$')" 0
}

@test "intervals enclose their figures, and differences are differences" {
    awk -F '\t' 'NR == 1 || $1 == "train" { next }
        { v[$1, $2, $3] = $4 }
        $5 > $4 || $6 < $4 || $5 == $6 { print; exit 1 }
        split($3, a, "_vs_") == 2 {
            d = v[$1, $2, a[1]] - v[$1, a[2], a[1]] - $4; if (d > 2e-6 || d < -2e-6) { print; exit 1 } }
        ' "$metrics"
}

@test "n counts the ratings of the part" {
    for p in 'valid 1' 'test 2'; do
        read -r part code <<<"$p"
        equal "$(awk -F '\t' -v p="$part" '$1 == p { print $7 }' "$metrics" | sort -u)" \
            "$(rows split "$model" | grep -c "^$code$")"
    done
}

@test "-o FILE and stdout are the same bytes" {
    rec-eval -q "$model" | cmp - "$metrics"
}

@test "--predictions: row, part, rating and prediction of every rating" {
    equal "$(head -n 1 "$predictions")" $'row\tpart\trating\tprediction'
    cmp <(tail -n +2 "$predictions" | cut -f 1-3) \
        <(known "$model" | awk 'BEGIN { split("train valid test", name, " ") }
            { printf "%d\t%s\t%s\n", NR - 1, name[$4 + 1], $3 }')
}

@test "the model's figures are those of its predictions" {
    tail -n +2 "$predictions" | cut -f 2-4 | report gcn >wanted.tsv
    agree gcn wanted.tsv "$metrics"
}

@test "the mean's figures are those of the mean of the training ratings" {
    known "$model" | awk '{ part[NR] = $4; r[NR] = $3; if ($4 == 0) { s += $3; n++ } }
        END { for (i = 1; i <= NR; i++) if (part[i] > 0)
            printf "%s %s %.17g\n", part[i] == 1 ? "valid" : "test", r[i], s / n }' |
        report mean >wanted.tsv
    agree mean wanted.tsv "$metrics"
}

# biases LAMBDA_USER LAMBDA_ITEM: rows of the bias model, fitted by awk.
biases() {
    known "$model" | awk -v lu="$1" -v li="$2" '
        { u[NR] = $1; v[NR] = $2; r[NR] = $3; part[NR] = $4; bu[$1] = 0; bi[$2] = 0
          if ($4 == 0) { s += $3; n++; nu[$1]++; ni[$2]++ } }
        END { mu = s / n
            for (k = 0; k < 15; k++) {
                for (x in bi) t[x] = 0
                for (j = 1; j <= NR; j++) if (part[j] == 0) t[v[j]] += r[j] - mu - bu[u[j]]
                for (x in bi) bi[x] = ni[x] ? t[x] / (ni[x] + li) : 0
                for (x in bu) w[x] = 0
                for (j = 1; j <= NR; j++) if (part[j] == 0) w[u[j]] += r[j] - mu - bi[v[j]]
                for (x in bu) bu[x] = nu[x] ? w[x] / (nu[x] + lu) : 0
            }
            for (j = 1; j <= NR; j++) if (part[j] > 0)
                printf "%s %s %.17g\n", part[j] == 1 ? "valid" : "test", r[j], mu + bu[u[j]] + bi[v[j]] }' |
        report biases
}

@test "the bias model's figures are those of 15 sweeps with the lambdas of the report" {
    lambda() { awk -F '\t' -v m="lambda_$1" '$3 == m { print $4 }' "$metrics"; }
    biases "$(lambda user)" "$(lambda item)" >wanted.tsv
    agree biases wanted.tsv "$metrics"
    try rec-eval -v "$model"
    [[ ${stderr_lines[0]} == "rec-eval: biases: lambda $(printf %g "$(lambda user)") for users, $(printf %g "$(lambda item)") for items, by "*" ratings" ]]
}

@test "the lambdas do not depend on validation and test ratings" {
    ratings 600 >a.csv
    awk -F , -v OFS=, 'NR > 400 { $3 = 6 - $3 } 1' a.csv >b.csv
    for f in a b; do
        head -n 400 $f.csv >$f.1.csv
        tail -n +401 $f.csv >$f.2.csv
        rec-clean -q $f.1.csv $f.2.csv | rec-encode -q |
            rec-split -q --method source --test-source 2 --valid 0 | rec-graph -q |
            rec-train -q --epochs 1 -o $f.rec
        rec-eval -q $f.rec | grep '^train' >$f.tsv
    done
    cmp a.tsv b.tsv
    equal "$(wc -l <a.tsv)" 3
}

@test "--lambda-user and --lambda-item set its shrinkage, one or both" {
    rec-eval -q --lambda-user 2 --lambda-item 30 -o other.tsv "$model"
    biases 2 30 >wanted.tsv
    agree biases wanted.tsv other.tsv
    equal "$(grep -c ^train other.tsv)" 2
    rec-eval -q --lambda-user 2 --lambda-item auto -o other.tsv "$model"
    equal "$(awk -F '\t' '$3 == "lambda_user" { print $4 }' other.tsv)" 2.000000
    biases 2 "$(awk -F '\t' '$3 == "lambda_item" { print $4 }' other.tsv)" >wanted.tsv
    agree biases wanted.tsv other.tsv
    gives 2 '' "rec-eval: --lambda-user: 'x' is not a number" rec-eval --lambda-user x "$model"
    gives 2 '' "rec-eval: --lambda-item: '-1' is not in the range 0..1e+09" \
        rec-eval --lambda-item -1 "$model"
}

@test "predictions follow from the exported graph and weights" {
    # H1 = relu(A W1 + b1), H2 = relu(A H1 W2 + b2), rating = [H2_user ; H2_item] w + c
    for s in W1 b1 W2 b2 w c; do rows model.$s "$model" | sed "s/^/$s\t/"; done >weights
    rec-view -s graph --to mtx "$model" | tail -n +3 >edges
    known "$model" >known
    awk -v users="$(rows users "$model" | wc -l)" '
        FILENAME == "weights" { k = n[$1]++; for (j = 2; j <= NF; j++) p[$1, k, j - 2] = $j; if ($1 == "b1") d = NF - 1; next }
        FILENAME == "edges" { from[++e] = $1 - 1; to[e] = $2 - 1; deg[$1 - 1]++; next }
        FILENAME == "known" && !ready {
            N = n["W1"]
            for (i = 0; i < N; i++) norm[i] = 1 / sqrt(deg[i] + 1)
            for (i = 0; i < N; i++) for (j = 0; j < d; j++) x[i, j] = p["W1", i, j]
            spread()
            for (i = 0; i < N; i++) for (j = 0; j < d; j++) x[i, j] = relu(y[i, j] + p["b1", 0, j])
            spread()
            for (i = 0; i < N; i++) for (j = 0; j < d; j++) {
                s = p["b2", 0, j]
                for (k = 0; k < d; k++) s += y[i, k] * p["W2", k, j]
                h[i, j] = relu(s) }
            ready = 1 }
        { s = p["c", 0, 0]
          for (j = 0; j < d; j++) s += h[$1, j] * p["w", 0, j] + h[users + $2, j] * p["w", 1, j]
          printf "%.9g\n", s }
        function relu(v) { return v > 0 ? v : 0 }
        function spread() {
            for (i = 0; i < N; i++) for (j = 0; j < d; j++) y[i, j] = norm[i] ^ 2 * x[i, j]
            for (k = 1; k <= e; k++) for (j = 0; j < d; j++)
                y[from[k], j] += norm[from[k]] * norm[to[k]] * x[to[k], j] }
        ' weights edges known >wanted
    equal "$(wc -l <wanted)" 1500
    tail -n +2 "$predictions" | cut -f 4 | paste wanted - |
        awk '{ d = $1 - $2; if (!(d < 1e-5 && d > -1e-5)) { print NR, $0; exit 1 } }'
}

@test "JSON holds the same figures" {
    command -v python3 >/dev/null || skip 'no python3'
    gives 0 '' '' rec-eval -q --by all --format json -o metrics.json "$model"
    rec-eval -q --by all -o all.tsv "$model"
    python3 -c '
import json, sys
rows = json.load(open(sys.argv[1]))
print("split", "model", "metric", "value", "low", "high", "n", sep="\t")
for r in rows:
    assert list(r) == ["split", "model", "metric", "value", "low", "high", "n"]
    f = ("nan" if r[k] is None else "%.6f" % r[k] for k in ("value", "low", "high"))
    print(r["split"], r["model"], r["metric"], *f, r["n"], sep="\t")
' metrics.json | cmp - all.tsv
}

@test "JSON, line by line" {
    try rec-eval -q --format json "$model"
    equal "$status" 0
    equal "$stderr" ''
    equal "${lines[0]}" '['
    equal "${lines[4]}" "$(awk -F '\t' 'NR == 5 { printf "  {\"split\": \"%s\", \"model\": \"%s\", \"metric\": \"%s\", \"value\": %s, \"low\": %s, \"high\": %s, \"n\": %s},", $1, $2, $3, $4, $5, $6, $7 }' "$metrics")"
    equal "${lines[24]}" ']'
    equal "${#lines[@]}" 25
}

# small MODEL [SPLIT OPTION...]: a model of few ratings, trained for two epochs.
small() {
    ratings 300 | rec-clean | rec-encode | rec-split "${@:2}" | rec-graph |
        rec-train --epochs 2 -o "$1"
}

@test "without validation rows only the test rows are in it" {
    small m.rec --valid 0
    rec-eval -q -o metrics.tsv m.rec
    equal "$(cut -f 1 metrics.tsv | uniq -c | awk '{ print $1, $2 }')" "$(lines '1 split' '3 train' '10 test')"
}

@test "without test rows only the validation rows are in it" {
    small m.rec --test 0
    rec-eval -q -o metrics.tsv m.rec
    equal "$(cut -f 1 metrics.tsv | uniq -c | awk '{ print $1, $2 }')" "$(lines '1 split' '3 train' '10 valid')"
    gives 2 '' "rec-eval: --max: the report has no figure 'test.rmse'" \
        rec-eval -q --max test.rmse=9 m.rec
}

@test "without either there is nothing to score: exit 4" {
    ratings 300 | rec-clean | rec-encode | rec-split --test 0 --valid 0 | rec-graph |
        rec-train --epochs 2 -o m.rec
    for format in tsv json; do
        gives 4 '' 'rec-eval: all ratings are training ratings: nothing to score' \
            rec-eval --format $format -o out m.rec
    done
    equal "$(ls)" m.rec
}

@test "it says where the model does not beat a baseline, but not with -q" {
    # a model without training is worse than the mean
    ratings 300 | rec-clean | rec-encode | rec-split | rec-graph | rec-train --epochs 0 -o m.rec
    rec-eval -q -o metrics.tsv m.rec
    try rec-eval m.rec
    equal "$status" 0
    equal "$output" "$(cat metrics.tsv)"
    equal "$(sed -nE 's/ \([0-9.]+ to [0-9.]+\)$//p' <<<"$stderr")" \
        "$(for part in valid test; do for base in mean biases; do
        awk -F '\t' -v p=$part -v b=$base '$1 != p { next }
            $3 == "rmse" { v[$2] = $4 }
            $3 == "rmse_vs_" b { printf "rec-eval: %s: gcn (RMSE %.4f) does not beat %s (%.4f): worse by %.4f\n",
                p, v["gcn"], b, v[b], $4 }' metrics.tsv
        done; done)"
    # without intervals: by the figures alone
    try rec-eval --boot 0 m.rec
    equal "$(grep -c 'does not beat .*: worse by [0-9.]*$' <<<"$stderr")" 4
}

@test "it cannot tell them apart where the interval of the difference holds 0" {
    try rec-eval --boot-by row -v "$model"
    equal "$status" 0
    while IFS=$'\t' read -r part _ metric value low high _; do
        words=$(awk -v l="$low" -v h="$high" 'BEGIN {
            print (h < 0 ? "beats" : (l > 0 ? "does not beat" : "cannot be told apart from")) }')
        grep -qE "^rec-eval: $part: gcn .* $words ${metric#rmse_vs_} " <<<"$stderr"
    done < <(grep rmse_vs <<<"$output")
}

@test "--boot sets the replicates, 0 leaves intervals out, too few are refused" {
    rec-eval -q --boot 0 -o none.tsv "$model"
    cmp <(cut -f 1-4,7 none.tsv) <(cut -f 1-4,7 "$metrics")
    equal "$(tail -n +2 none.tsv | cut -f 5,6 | sort -u)" $'nan\tnan'
    rec-eval -q --boot 1000 "$model" | cmp - "$metrics"
    rec-eval -q --boot 40 -o few.tsv "$model"
    cmp <(cut -f 1-4,7 few.tsv) <(cut -f 1-4,7 "$metrics")
    gives 2 '' 'rec-eval: --boot: 39 replicates are too few for an interval of 95 %: 40 or more, or 0' \
        rec-eval --boot 39 "$model"
}

@test "--seed and --boot-by change the intervals and nothing else" {
    rec-eval -q -s 1 --boot-by user "$model" | cmp - "$metrics"
    for option in '-s 2' '--boot-by row'; do
        # shellcheck disable=SC2086
        rec-eval -q $option -o other.tsv "$model"
        cmp <(cut -f 1-4,7 other.tsv) <(cut -f 1-4,7 "$metrics")
        ! cmp -s other.tsv "$metrics"
    done
}

@test "--by adds slices that make up the part" {
    for by in user-activity=user item-popularity=item level=level cold=cold; do
        rec-eval -q --by ${by%=*} -o by.tsv "$model"
        cmp <(grep -v / by.tsv) "$metrics"
        awk -F '\t' -v by="/${by#*=}=" '$2 == "gcn" && $3 == "rmse" {
                if ($1 == "test") { n = $7; s = $4 ^ 2 * $7 }
                else if (index($1, "test" by) == 1) { m += $7; t += $4 ^ 2 * $7; k++ } }
            END { d = s - t; exit !(k > 0 && n == m && d < 1e-2 && d > -1e-2) }' by.tsv
        rec-eval -q --by ${by%=*} -T 1 "$model" | cmp - by.tsv
    done
    equal "$(grep -cE '^test/level=[1-5]'$'\tgcn\trmse\t' <(rec-eval -q --by level "$model"))" 5
    gives 2 '' "rec-eval: --by: 'x' is not one of none|user-activity|item-popularity|level|cold|all" \
        rec-eval --by x "$model"
}

@test "--by cold tells users and items without training ratings apart" {
    printf '%s\n' u1,i1,5 u1,i2,3 u2,i1,4 u2,i2,1 >train.csv
    printf '%s\n' u1,i3,5 u3,i1,3 u3,i3,1 u3,i4,2 >test.csv
    rec-clean -q --header no train.csv test.csv | rec-encode -q |
        rec-split -q --method source --test-source 2 --valid 0 | rec-graph -q |
        rec-train -q --epochs 1 -o m.rec
    equal "$(rec-eval -q --by cold m.rec | awk -F '\t' '$2 == "mean" && $3 == "rmse" { print $1, $7 }')" \
        "$(lines 'test 4' 'test/cold=user 1' 'test/cold=item 1' 'test/cold=both 2')"
    equal "$(rec-eval -q --by user-activity m.rec | awk -F '\t' '$2 == "mean" && $3 == "rmse" { print $1, $7 }')" \
        "$(lines 'test 4' 'test/user=0 3' 'test/user=2-5 1')"
}

@test "one test rating, and equal ratings, have figures and no certainty" {
    printf '%s\n' u1,i1,3 u1,i2,3 u2,i1,3 u2,i2,3 >train.csv
    echo u1,i3,3 >test.csv
    rec-clean -q --header no train.csv test.csv | rec-encode -q |
        rec-split -q --method source --test-source 2 --valid 0 | rec-graph -q |
        rec-train -q --epochs 1 -o m.rec
    rec-eval -q --by all -o m.tsv m.rec
    equal "$(grep $'^test\tmean\trmse' m.tsv)" $'test\tmean\trmse\t0.000000\tnan\tnan\t1'
    equal "$(grep lambda m.tsv | cut -f 4 | sort -u)" 5.000000
    while read -r by unit; do
        rec-eval --boot-by "$by" m.rec 2>&1 >/dev/null | sed -E 's/[0-9]\.[0-9]+/x/g' >said
        printf "rec-eval: test: gcn (RMSE x) beside %s (x): worse by x, of one $unit: no interval\n" mean biases |
            cmp - said
    done <<<$'user user\nrow rating'
    ratings 300 | awk -F , -v OFS=, '{ $3 = 3 } 1' | rec-clean -q | rec-encode -q |
        rec-split -q | rec-graph -q | rec-train -q --epochs 1 -o m.rec
    rec-eval -q -o m.tsv m.rec
    equal "$(grep $'^test\tbiases\trmse' m.tsv | cut -f 4-6)" $'0.000000\t0.000000\t0.000000'
}

@test "several models: each beside the baselines, and with the first" {
    rec-train --epochs 30 --hidden 4 -o b.rec "$BATS_FILE_TMPDIR/graph.rec"
    cp "$model" a.rec
    try rec-eval a.rec b.rec a.rec
    equal "$status" 0
    equal "$(grep -w a.rec <<<"$output" | grep -v rmse_vs_a | grep -v mae_vs_a | sed 's/a.rec/gcn/' | sort -u)" \
        "$(grep -w gcn "$metrics" | sort)"
    equal "$(awk -F '\t' '$1 == "test" && $2 == "b.rec" { print $3 }' <<<"$output")" \
        "$(lines rmse mae rmse_vs_mean mae_vs_mean rmse_vs_biases mae_vs_biases rmse_vs_a.rec mae_vs_a.rec)"
    grep -qE '^rec-eval: test: a.rec and a.rec: equal, RMSE [0-9.]+$' <<<"$stderr"
    grep -qE '^rec-eval: test: b.rec is (better|worse) than a.rec by [0-9.]+ RMSE \([0-9.]+ to [0-9.]+\)$' <<<"$stderr"
    gives 0 "$output" '' rec-eval -q a.rec b.rec a.rec
    gives 2 '' 'rec-eval: --predictions: only of one model' rec-eval --predictions p.tsv a.rec b.rec
    try bash -c 'rec-eval -q --format json a.rec - <b.rec'
    equal "$(grep -c '"model": "stdin"' <<<"$output")" 16
}

@test "models of other rows are not compared: exit 4" {
    small a.rec -s 1
    small b.rec -s 2
    refuses 4 'rec-eval: b.rec: its validation and test ratings are not those of the first file: *' \
        rec-eval a.rec b.rec
    gives 4 '' "rec-eval: $model: its validation and test ratings are not those of the first file: $(
        rows split "$model" | grep -vc '^0$') of them, not $(rows split a.rec | grep -vc '^0$')" \
        rec-eval a.rec "$model"
}

@test "--min and --max are gates: exit 1 with figure and bound, and the report all the same" {
    rmse=$(figure "$metrics" test gcn rmse)
    gives 0 '' '' rec-eval -q -o m.tsv --max test.rmse="$rmse"1 --max test.mean.rmse=100 \
        --min valid.rmse=0 "$model"
    gives 1 '' "rec-eval: test.gcn.rmse is $rmse, above --max test.rmse=0.5" \
        rec-eval -q -o m.tsv --max test.rmse=0.5 "$model"
    cmp m.tsv "$metrics"
    gives 1 "$(cat "$metrics")" "rec-eval: test.gcn.rmse is $rmse, below --min test.rmse=90; test.gcn.rmse is $rmse, above --max test.rmse=0.5" \
        rec-eval -q --max test.rmse=0.5 --min test.rmse=90 "$model"
    gives 2 '' "rec-eval: --max: 'test.rmse' is not METRIC=V, as test.rmse=0.9" \
        rec-eval --max test.rmse nowhere.rec
    gives 2 '' "rec-eval: --min: the report has no figure 'test.ndcg'" \
        rec-eval -q -o none --min test.ndcg=1 "$model"
    [ ! -e none ]
}

@test "1 and 4 threads give the same bytes" {
    for t in 1 4; do
        rec-eval -q -T $t --predictions p$t.tsv -o m$t.tsv "$model"
    done
    cmp m1.tsv m4.tsv
    cmp p1.tsv p4.tsv
    cmp p1.tsv "$predictions"
}

@test "--predictions where they cannot be written is exit 5, with nothing on stdout" {
    gives 5 '' 'rec-eval: nowhere/p.tsv: cannot create: No such file or directory' \
        rec-eval -q --predictions nowhere/p.tsv "$model"
    gives 5 '' 'rec-eval: /dev/full: cannot write: No space left on device' \
        rec-eval -q --predictions /dev/full "$model"
}

@test "--predictions never overwrites the input or the output" {
    cp "$model" m.rec
    refuses 2 'rec-eval: *m.rec*' rec-eval -q --predictions m.rec m.rec
    cmp m.rec "$model"
    refuses 2 'rec-eval: *out.tsv*' rec-eval -q --predictions out.tsv -o out.tsv m.rec
}

@test "--predictions - writes both to stdout, or is a usage error: no half of it" {
    try rec-eval -q --predictions - "$model"
    [ "$status" = 0 ] || { equal "$status" 2 && equal "$output" ''; }
}

@test "a model without training data in the stream is refused by the name of what lacks" {
    gives 4 '' "rec-eval: $BATS_FILE_TMPDIR/graph.rec: no section 'model': run it through rec-train first" \
        rec-eval "$BATS_FILE_TMPDIR/graph.rec"
}
