# rec-train --model rgnn, and rec-eval of it.
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    ratings 3000 | rec-clean | rec-encode | rec-split -o split.rec
}

setup() {
    here
    split=$BATS_FILE_TMPDIR/split.rec
    few=(--model rgnn --hidden 16 --epochs 6)
}

# setting KEY FILE: what section model says of it
setting() {
    rows model "$2" | awk -F '\t' -v key="$1" '$1 == key { print $2 }'
}

# rmse PART MODEL FILE
rmse() {
    rec-eval -q "$3" | awk -v part="$1" -v model="$2" '$1 == part && $2 == model && $3 == "rmse" { print $4 }'
}

@test "rgnn needs no graph, and one thread and four give the same bytes" {
    for basis in level cl; do
        gives 0 '' '' rec-train "${few[@]}" --basis $basis -T 1 -o one.rec "$split"
        gives 0 '' '' rec-train "${few[@]}" --basis $basis -T 4 -o four.rec "$split"
        cmp one.rec four.rec
        equal "$(setting basis one.rec)" $basis
    done
}

@test "its settings say what was chosen, and provenance what was given" {
    rec-train --model rgnn --epochs 1 -o m.rec "$split"
    equal "$(setting model m.rec) $(setting width m.rec) $(setting folds m.rec)" 'rgnn 64 10'
    equal "$(setting dropout m.rec) $(setting penalty m.rec) $(setting init m.rec)" '0.5 0.06 0.01'
    [ -n "$(setting lambda_user m.rec)" ]
    rec-view --prov m.rec >prov
    grep -q -- '--model rgnn --hidden 64 --epochs 1 --lr 0.002 --schedule cosine' prov
    run ! grep -qE -- '--(layers|batch|clip-norm|weight-decay)' prov
    rec-view --check m.rec
}

@test "rec-eval scores it as training did, row by row as well" {
    rec-train "${few[@]}" --keep best --log log -o m.rec "$split"
    awk 'NR > 1 && (best == "" || $4 < best) { best = $4 } END { print best }' log >best
    awk -v a="$(rmse valid rgnn m.rec)" -v b="$(<best)" 'BEGIN { exit !(a <= b + 1e-6) }'
    rec-eval -q --predictions p.tsv m.rec >report
    awk -F '\t' '$2 == "test" { n++; s += ($4 - $3) ^ 2 } END { printf "%.6f\n", sqrt(s / n) }' p.tsv >by_rows
    equal "$(<by_rows)" "$(awk '$1 == "test" && $2 == "rgnn" && $3 == "rmse" { print $4 }' report)"
    equal "$(wc -l <p.tsv)" $(($(rows split "$split" | wc -l) + 1))
}

@test "what was stopped goes on to the same bytes" {
    rec-train "${few[@]}" -o whole.rec "$split"
    rec-train "${few[@]}" --checkpoint ck --every 2 -o whole2.rec "$split"
    cmp whole.rec whole2.rec
    rec-train "${few[@]}" --resume ck -o again.rec "$split"
    cmp whole.rec again.rec
}

@test "--no-time, and ratings without times, give a model without kernels" {
    rec-train "${few[@]}" --no-time -o m.rec "$split"
    equal "$(setting tau_user m.rec)" ''
    equal "$(rows model.alpha m.rec | wc -w)" 4
    [ -n "$(rmse test rgnn m.rec)" ]
}

@test "options of the other model are refused" {
    refuses 2 'rec-train: --layers: not an option of --model rgnn' rec-train --model rgnn --layers 2 "$split"
    refuses 2 'rec-train: --penalty: not an option of --model gcn' rec-train --penalty 1 "$split"
    refuses 2 'rec-train: --folds: *' rec-train --model rgnn --folds 1 "$split"
    refuses 2 'rec-train: --hidden: *' rec-train --model rgnn --hidden 2000 "$split"
}

@test "a damaged model is refused" {
    rec-train "${few[@]}" -o m.rec "$split"
    head -c $(($(wc -c <m.rec) - 40)) m.rec >cut.rec
    refuses 4 'rec-eval: *' rec-eval cut.rec
}

@test "on ML-100K u1 it is as good as the recipe says" {
    data ml-100k/u1.base
    rec-clean "$data" "${data%base}test" | rec-encode |
        rec-split --method source --test-source 2 --valid 0 -o u1.rec
    rec-train --model rgnn --no-time -o m.rec u1.rec
    awk -v x="$(rmse test rgnn m.rec)" 'BEGIN { print x; exit !(x < 0.902) }'
    rec-train --model rgnn -o m.rec u1.rec
    awk -v x="$(rmse test rgnn m.rec)" 'BEGIN { print x; exit !(x < 0.886) }'
}

@test "several seeds are averaged in one file, and stopped and gone on with" {
    rec-train "${few[@]}" --seeds 3 --log log -T 1 -o three.rec "$split"
    rec-train "${few[@]}" --seeds 3 -T 4 -o four.rec "$split"
    cmp three.rec four.rec
    equal "$(setting seeds three.rec)" 3
    rec-train "${few[@]}" --seeds 3 --checkpoint ck -o whole.rec "$split"
    rec-train "${few[@]}" --seeds 3 --resume ck -o again.rec "$split"
    cmp whole.rec again.rec
    cmp whole.rec three.rec
    for seed in 1 2 3; do
        rec-train "${few[@]}" --seed $seed --keep last -o $seed.rec "$split"
        rec-eval -q --predictions $seed.tsv $seed.rec >/dev/null
    done
    rec-eval -q --predictions all.tsv three.rec >report
    # the members take the first's shrinkage: close to their mean, not the same
    paste 1.tsv 2.tsv 3.tsv all.tsv | awk 'NR > 1 { d = ($4 + $8 + $12) / 3 - $16
        if (d < 0) d = -d; if (d > most) most = d } END { exit !(most < 0.05) }'
    awk -v all="$(rmse valid rgnn three.rec)" -v one="$(rmse valid rgnn 1.rec)" \
        'BEGIN { exit !(all < one) }'
    gives 2 '' 'rec-train: --seeds: not an option of --model gcn' rec-train --seeds 2 "$split"
}
