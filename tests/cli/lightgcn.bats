# rec-train --model lightgcn: vectors spread over the graph, trained to rank.
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    ratings 3000 | rec-clean | rec-encode | rec-split -o split.rec
}

setup() {
    here
    split=$BATS_FILE_TMPDIR/split.rec
    few=(-q -m lightgcn --hidden 8 --epochs 3 --batch 500)
}

@test "both losses: the same from one thread and four, stopped or not" {
    for loss in softmax bpr; do
        rec-train "${few[@]}" --loss $loss -T 1 -o one.rec "$split"
        rec-train "${few[@]}" --loss $loss -T 4 --checkpoint ck -o four.rec "$split"
        cmp one.rec four.rec
        rec-train "${few[@]}" --loss $loss --resume ck -o again.rec "$split"
        cmp one.rec again.rec
        rm ck
        equal "$(rows model one.rec | awk -F '\t' '$1 == "loss" { print $2 }')" $loss
        rec-view --check one.rec
    done
}

@test "it is ranked by rec-eval and asked by rec-recommend" {
    rec-train "${few[@]}" -o m.rec "$split"
    rec-eval -q --boot 0 m.rec >report
    awk -F '\t' '$2 == "lightgcn" && $3 == "ndcg@20" && $4 >= 0 { n++ } END { exit n != 2 }' report
    run ! grep -q 'lightgcn	rmse' report
    [ "$(rec-recommend -q -k 3 m.rec | wc -l)" -gt 100 ]
}

@test "what it cannot be judged by is refused" {
    refuses 2 'rec-train: --keep best: this model does not rate: it goes with --metric loss' \
        rec-train "${few[@]}" --keep best "$split"
    rec-train "${few[@]}" --keep best --metric loss -o m.rec "$split"
    refuses 2 'rec-train: --loss: not an option of --model gcn' rec-train --loss bpr "$split"
    refuses 2 'rec-train: --dropout: not an option of --model lightgcn' rec-train "${few[@]}" --dropout 0.1 "$split"
    refuses 2 'rec-train: --penalty: not an option of --loss softmax' rec-train "${few[@]}" --penalty 1 "$split"
    refuses 5 'rec-train: memory limit: training needs *' rec-train "${few[@]}" --hidden 512 -M 8M "$split"
}
