# rec-train --model spectral: no rating, a ranking.
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    ratings 3000 | rec-clean | rec-encode | rec-split -o split.rec
    rec-train -q -m spectral --hidden 20 -o m.rec split.rec
}

setup() {
    here
    split=$BATS_FILE_TMPDIR/split.rec
    model=$BATS_FILE_TMPDIR/m.rec
}

@test "one thread and four give the same model and the same lists" {
    rec-train -q -m spectral --hidden 20 -T 1 -o one.rec "$split"
    rec-train -q -m spectral --hidden 20 -T 4 -o four.rec "$split"
    cmp one.rec four.rec
    rec-recommend -q -T 1 -k 5 one.rec >one
    rec-recommend -q -T 4 -k 5 one.rec >four
    cmp one four
    [ "$(wc -l <one)" -gt 100 ]
}

@test "rec-eval ranks it, and leaves out what it cannot" {
    rec-eval -q --boot 0 "$model" >report
    awk -F '\t' '$2 == "spectral" && $3 == "ndcg@20" && $4 > 0 { n++ } END { exit n != 2 }' report
    run ! grep -q 'spectral	rmse' report
}

@test "rank and filter are recorded; without a rank it is tried out" {
    rec-synth -u 400 -i 150 -n 3000 | rec-clean -q | rec-encode | rec-split --valid 0 -o s.rec
    rec-train -v -m spectral --filter gfcf -o m.rec s.rec 2>said
    rank=$(rows model m.rec | awk -F '\t' '$1 == "width" { print $2 }')
    equal "$(rows model m.rec | awk -F '\t' '$1 == "filter" { print $2 }')" gfcf
    grep -q "spectral: a trial of rank $rank: NDCG@20 0" said
    rec-view --prov m.rec >prov
    grep -q -- "--model spectral --filter gfcf --hidden $rank --seed 1" prov
    rec-train -q -m spectral --filter gfcf --hidden "$rank" -o given.rec s.rec
    cmp m.rec given.rec
    rec-view --check m.rec
}

@test "somebody new gets the list of a user with the same ratings" {
    user=$(rec-recommend -q -k 1 "$model" | sed -n 2p | cut -f 1)
    rec-view -s ratings --to csv "$model" >ratings.csv
    rec-view -s split --to csv "$model" | paste -d , ratings.csv - |
        awk -F , -v user="$user" '$1 == user && $NF == "0" { print "new," $2 "," $3 }' >new.csv
    [ -s new.csv ]
    rec-recommend -q -k 200 --seen --user "$user" "$model" | cut -f 2- >known
    rec-recommend -q -k 200 --seen --new new.csv "$model" | cut -f 2- >new
    cmp known new
}

@test "what it has no use for, and what is not its own, is refused" {
    refuses 2 'rec-train: --epochs: not an option of --model spectral' rec-train -m spectral --epochs 3 "$split"
    refuses 2 'rec-train: --filter: not an option of --model gcn' rec-train --filter gfcf "$split"
    refuses 2 'rec-train: --hidden: *' rec-train -m spectral --hidden 2000 "$split"
    refuses 4 'rec-predict: *' rec-predict "$model" /dev/null
}
