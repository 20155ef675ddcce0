# rec-train --model mf, and rec-eval of it.
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    ratings 3000 | rec-clean | rec-encode | rec-split -o split.rec
}

setup() {
    here
    split=$BATS_FILE_TMPDIR/split.rec
    few=(--model mf --hidden 8 --epochs 6)
}

# rmse PART FILE
rmse() {
    rec-eval -q "$2" | awk -v part="$1" '$1 == part && $2 == "mf" && $3 == "rmse" { print $4 }'
}

@test "mf needs no graph, and one thread and four give the same bytes, stopped or not" {
    gives 0 '' '' rec-train "${few[@]}" --keep best -T 1 -o one.rec "$split"
    gives 0 '' '' rec-train "${few[@]}" --keep best -T 4 --checkpoint ck --every 4 -o four.rec "$split"
    cmp one.rec four.rec
    gives 0 '' '' rec-train "${few[@]}" --keep best --resume ck -o again.rec "$split"
    cmp one.rec again.rec
    rec-view --check one.rec
    rec-view --check ck
    gives 0 '' '' rec-train "${few[@]}" --keep best --seed 2 -o other.rec "$split"
    run ! cmp -s one.rec other.rec
}

@test "a training that is stopped in the middle goes on to the same bytes" {
    rec-train --model mf --hidden 8 --schedule none --epochs 9 -o whole.rec "$split"
    rec-train --model mf --hidden 8 --schedule none --epochs 4 --checkpoint ck -o part.rec "$split"
    rec-train --model mf --hidden 8 --schedule none --epochs 9 --resume ck -T 2 -o again.rec "$split"
    cmp whole.rec again.rec
}

@test "its settings and its provenance say what was used" {
    rec-train --model mf --epochs 1 -o m.rec "$split"
    rows model m.rec >settings
    for line in $'model\tmf' $'width\t64' $'penalty\t0.05' $'init\t0.05' $'low\t1' $'high\t5'; do
        grep -qxF "$line" settings
    done
    rec-view --prov m.rec >prov
    grep -q -- '--model mf --hidden 64 --epochs 1 --lr 0.03 --schedule cosine --penalty 0.05 --init 0.05 ' prov
    run ! grep -qE -- 'rec-train .*--(layers|batch|clip-norm|weight-decay|dropout|folds|basis|seeds)' prov
    equal "$(rows model.P m.rec | wc -l) $(rows model.Q m.rec | wc -l)" '97 41'
}

@test "rec-eval scores it as training did, within the scale" {
    rec-train "${few[@]}" --epochs 7 --schedule none --log log -o m.rec "$split"
    rec-train "${few[@]}" --epochs 6 --schedule none -o m.rec "$split"
    awk -v a="$(rmse valid m.rec)" -v b="$(tail -n 1 log | cut -f 4)" \
        'BEGIN { d = a - b; exit !(d < 2e-6 && d > -2e-6) }'
    rec-eval -q --predictions p.tsv m.rec >/dev/null
    awk -F '\t' 'NR > 1 && !($4 >= 1 && $4 <= 5) { exit 1 }' p.tsv
}

@test "its predictions are the sum of its tensors" {
    rec-train "${few[@]}" -o m.rec "$split"
    rows model.P m.rec | nl >p
    rows model.Q m.rec | nl >q
    rows model.b_u m.rec | nl >b_u
    rows model.b_i m.rec | nl >b_i
    rows users m.rec | nl >u_ids
    rows items m.rec | nl >i_ids
    rows ratings m.rec | nl -v 0 >pairs
    rec-eval -q --predictions p.tsv m.rec >/dev/null
    awk -v mu="$(rows model m.rec | awk '$1 == "mean" { print $2 }')" '
        FILENAME == "u_ids" { u[$2] = $1; next }
        FILENAME == "i_ids" { i[$2] = $1; next }
        FILENAME == "b_u" || FILENAME == "b_i" { b[FILENAME, $1] = $2; next }
        FILENAME == "pairs" { user[$1] = u[$2]; item[$1] = i[$3]; next }
        FILENAME != "p.tsv" { for (k = 2; k <= NF; k++) x[FILENAME, $1, k] = $k; d = NF; next }
        FNR > 1 { s = mu + b["b_u", user[$1]] + b["b_i", item[$1]]
          for (k = 2; k <= d; k++) s += x["p", user[$1], k] * x["q", item[$1], k]
          s = s < 1 ? 1 : s > 5 ? 5 : s
          if (s - $4 < 1e-5 && s - $4 > -1e-5) n++ }
        END { print n; exit n != 3000 }' u_ids i_ids pairs b_u b_i p q p.tsv
}

@test "options that are not its own are refused" {
    for o in '--layers 2' '--batch 5' '--dropout 0.1' '--clip-norm 1' '--weight-decay 1' \
        '--folds 3' '--basis cl' '--seeds 2' '--no-time'; do
        # shellcheck disable=SC2086
        refuses 2 "rec-train: ${o% *}: not an option of --model mf" rec-train --model mf $o "$split"
    done
    refuses 2 'rec-train: --hidden: at most 1024 with --model mf' rec-train --model mf --hidden 2000 "$split"
}

@test "penalties of any size are trained with; the largest leave the mean" {
    rec-train "${few[@]}" --penalty 1000 --lambda-user 1e9 --lambda-item 1e9 -o m.rec "$split"
    rec-eval -q m.rec | awk '$1 == "test" && $3 == "rmse" { x[$2] = $4 }
        END { d = x["mf"] - x["mean"]; exit !(d < 0.05 && d > -0.05) }'
}

@test "a learning rate that is too high is exit 6, a damaged model 4" {
    refuses 6 'rec-train: epoch *: the loss is not a number, first in the weights *: lower --lr' \
        rec-train --model mf --lr 100 -o m.rec "$split"
    rec-train "${few[@]}" -o m.rec "$split"
    head -c $(($(wc -c <m.rec) - 40)) m.rec >cut.rec
    refuses 4 'rec-eval: *' rec-eval cut.rec
    [ "$(ls)" = "$(lines cut.rec m.rec)" ]
}

@test "on ML-100K u1 it is as good as such a model is" {
    data ml-100k/u1.base
    rec-clean "$data" "${data%base}test" | rec-encode |
        rec-split --method source --test-source 2 --valid 0 | rec-train --model mf -o m.rec
    awk -v x="$(rmse test m.rec)" 'BEGIN { print x; exit !(x < 0.921) }'
}
