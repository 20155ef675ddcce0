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

# report MODEL: rows of a report for `part rating prediction` on stdin, train left out.
report() {
    awk -v model="$1" '
        { e = $3 - $2; a = e < 0 ? -e : e; n[$1]++; s1[$1] += a; s2[$1] += e ^ 2; s4[$1] += e ^ 4 }
        function half(sum, squares, n) { return 1.96 * sqrt((squares / n - (sum / n) ^ 2) / n) }
        END { for (k = 1; k <= 2; k++) {
            p = k == 1 ? "valid" : "test"
            m = s2[p] / n[p]; w = half(s2[p], s4[p], n[p])
            printf "%s\t%s\trmse\t%.6f\t%.6f\t%.6f\t%d\n", p, model, sqrt(m), sqrt(m - w), sqrt(m + w), n[p]
            m = s1[p] / n[p]; w = half(s1[p], s2[p], n[p])
            printf "%s\t%s\tmae\t%.6f\t%.6f\t%.6f\t%d\n", p, model, m, m - w, m + w, n[p] } }'
}

# agree FILE FILE: equal reports, numbers within a millionth or so.
agree() {
    paste "$1" "$2" | awk -F '\t' '
        $1 != $8 || $2 != $9 || $3 != $10 || $7 != $14 { bad = 1 }
        { for (i = 4; i <= 6; i++) { d = $i - $(i + 7); if (!(d < 3e-6 && d > -3e-6)) bad = 1 } }
        bad { print; exit 1 }
        END { if (NR == 0) exit 1 }'
}

@test "TSV: a header, then validation and test, mean, biases and gcn, RMSE and MAE" {
    try rec-eval -q "$model"
    equal "$status" 0
    equal "$stderr" ''
    equal "${lines[0]}" $'split\tmodel\tmetric\tvalue\tlow\thigh\tn'
    equal "$(cut -f 1-3 <<<"$output" | tail -n +2)" "$(for p in valid test; do
        for m in mean biases gcn; do printf "$p\t$m\t%s\n" rmse mae; done; done)"
    equal "$(grep -cvE $'^[a-z]+\t[a-z]+\t[a-z]+(\t[0-9]+[.][0-9]{6}){3}\t[0-9]+$' <<<"$output")" 1
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
    agree wanted.tsv <(grep -w gcn "$metrics")
}

@test "the mean's figures are those of the mean of the training ratings" {
    known "$model" | awk '{ part[NR] = $4; r[NR] = $3; if ($4 == 0) { s += $3; n++ } }
        END { for (i = 1; i <= NR; i++) if (part[i] > 0)
            printf "%s %s %.17g\n", part[i] == 1 ? "valid" : "test", r[i], s / n }' |
        report mean >wanted.tsv
    agree wanted.tsv <(grep -w mean "$metrics")
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

@test "the bias model's figures are those of 15 sweeps with shrinkage 5" {
    biases 5 5 >wanted.tsv
    agree wanted.tsv <(grep -w biases "$metrics")
}

@test "--lambda-user and --lambda-item set its shrinkage" {
    rec-eval -q --lambda-user 2 --lambda-item 30 -o other.tsv "$model"
    biases 2 30 >wanted.tsv
    agree wanted.tsv <(grep -w biases other.tsv)
    cmp <(grep -vw biases other.tsv) <(grep -vw biases "$metrics")
    gives 2 '' "rec-eval: --lambda-user: 'x' is not a number" rec-eval --lambda-user x "$model"
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
    gives 0 '' '' rec-eval -q --format json -o metrics.json "$model"
    python3 -c '
import json, sys
rows = json.load(open(sys.argv[1]))
print("split", "model", "metric", "value", "low", "high", "n", sep="\t")
for r in rows:
    assert list(r) == ["split", "model", "metric", "value", "low", "high", "n"]
    print(r["split"], r["model"], r["metric"], *("%.6f" % r[k] for k in ("value", "low", "high")), r["n"], sep="\t")
' metrics.json | cmp - "$metrics"
}

@test "JSON, line by line" {
    try rec-eval -q --format json "$model"
    equal "$status" 0
    equal "$stderr" ''
    equal "${lines[0]}" '['
    equal "${lines[1]}" "$(awk -F '\t' 'NR == 2 { printf "  {\"split\": \"%s\", \"model\": \"%s\", \"metric\": \"%s\", \"value\": %s, \"low\": %s, \"high\": %s, \"n\": %s},", $1, $2, $3, $4, $5, $6, $7 }' "$metrics")"
    equal "${lines[13]}" ']'
    equal "${#lines[@]}" 14
}

@test "without validation rows only the test rows are in it" {
    ratings 300 | rec-clean | rec-encode | rec-split --valid 0 | rec-graph |
        rec-train --epochs 2 -o m.rec
    rec-eval -q -o metrics.tsv m.rec
    equal "$(cut -f 1 metrics.tsv | uniq -c | awk '{ print $1, $2 }')" "$(lines '1 split' '6 test')"
}

@test "without test rows only the validation rows are in it" {
    ratings 300 | rec-clean | rec-encode | rec-split --test 0 | rec-graph |
        rec-train --epochs 2 -o m.rec
    rec-eval -q -o metrics.tsv m.rec
    equal "$(cut -f 1 metrics.tsv | uniq -c | awk '{ print $1, $2 }')" "$(lines '1 split' '6 valid')"
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
    gives 0 "$(cat metrics.tsv)" "$(for part in valid test; do for base in mean biases; do
        printf 'rec-eval: %s: gcn (RMSE %.4f) does not beat %s (%.4f)\n' $part \
            "$(figure metrics.tsv $part gcn rmse)" $base "$(figure metrics.tsv $part $base rmse)"
    done; done)" rec-eval m.rec
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
