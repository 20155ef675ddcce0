# rec-train: the graph convolutional network.
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    ratings 3000 | rec-clean | rec-encode | rec-split | rec-graph -o graph.rec
    ratings 200 | rec-clean | rec-encode | rec-split --valid 0 | rec-graph -o novalid.rec
}

setup() {
    here
    graph=$BATS_FILE_TMPDIR/graph.rec
    novalid=$BATS_FILE_TMPDIR/novalid.rec
}

# within LIMIT FILE SECTION: all numbers of the section are in -LIMIT..LIMIT, and they
# come near both ends if there are many.
within() {
    rows "$3" "$2" | awk -v limit="$1" '
        { for (i = 1; i <= NF; i++) { n++; if ($i < lo) lo = $i; if ($i > hi) hi = $i } }
        END { ok = n > 0 && lo >= -limit && hi <= limit
              if (n >= 100) ok = ok && lo < -0.9 * limit && hi > 0.9 * limit
              if (!ok) { print n, "numbers in", lo, hi, "limit", limit; exit 1 } }'
}

# shape FILE SECTION: rows and columns.
shape() {
    rows "$2" "$1" | awk '{ if (NR > 1 && NF != nf) bad = 1; nf = NF } END { print NR, nf, bad }'
}

# mse PART PREDICTIONS: mean squared error of one part.
mse() {
    awk -F '\t' -v part="$1" '$2 == part { n++; s += ($4 - $3) ^ 2 } END { printf "%.9g\n", s / n }' "$2"
}

# near A B LIMIT: relative difference
near() {
    awk -v a="$1" -v b="$2" -v limit="$3" 'BEGIN { d = (a - b) / b; if (d < 0) d = -d
        if (!(d <= limit)) { print a, "is not near", b; exit 1 } }'
}

# ---- initial weights ----

@test "--epochs 0 writes initial weights: Glorot, +-1/sqrt(2D), zero biases" {
    nodes=$(rows graph.nodes "$graph" | wc -l)
    for d in 16 3; do
        gives 0 '' '' rec-train --epochs 0 --hidden $d -o m.rec "$graph"
        within "$(awk -v n="$nodes" -v d=$d 'BEGIN { printf "%.9f", sqrt(6 / (n + d)) }')" m.rec model.W1
        within "$(awk -v d=$d 'BEGIN { printf "%.9f", sqrt(6 / (d + d)) }')" m.rec model.W2
        within "$(awk -v d=$d 'BEGIN { printf "%.9f", 1 / sqrt(2 * d) }')" m.rec model.w
        within "$(awk -v d=$d 'BEGIN { printf "%.9f", 1 / sqrt(2 * d) }')" m.rec model.c
        for b in b1 b2; do
            equal "$(rows model.$b m.rec | tr '\t' '\n' | sort -u)" 0
            equal "$(shape m.rec model.$b)" "1 $d "
        done
        equal "$(rows model.log m.rec)" ''
    done
}

@test "no two rows of W1 are equal, and W2 is not W1 over again" {
    rec-train --epochs 0 -o m.rec "$graph"
    nodes=$(rows graph.nodes "$graph" | wc -l)
    equal "$(rows model.W1 m.rec | sort | uniq -d)" ''
    # as shares of the limits
    paste <(rows model.W1 m.rec | head -n 1 | tr '\t' '\n') \
        <(rows model.W2 m.rec | head -n 1 | tr '\t' '\n') |
        awk -v n="$nodes" '{ d = $1 * sqrt((n + 16) / 6) - $2 * sqrt(32 / 6)
              if (d < 1e-4 && d > -1e-4) same++ } END { exit same > 2 }'
}

@test "--hidden and --layers set the shapes" {
    nodes=$(rows graph.nodes "$graph" | wc -l)
    for d in 1 3 64; do
        for l in 1 3; do
            rec-train --hidden $d --layers $l --epochs 2 -o m.rec "$graph"
            equal "$(rec-view -s model m.rec | head -n 4)" \
                "$(lines $'key\tvalue' $'model\tgcn' $'width\t'$d $'layers\t'$l)"
            equal "$(shape m.rec model.W1)" "$nodes $d "
            [ $l = 1 ] || equal "$(shape m.rec model.W3)" "$d $d "
            equal "$(shape m.rec model.w)" "2 $d "
            equal "$(shape m.rec model.c)" '1 1 '
            equal "$(rec-view -l m.rec | grep -c $'^model[.]W')" $l
            gives 0 '' '' rec-eval -q -o metrics.tsv m.rec
        done
    done
}

# path_of OPTION...: what the model says that computed it.
path_of() {
    rec-train --epochs 1 "$@" "$graph" | rec-view -s model - | grep -E $'^(path|kernels)\t' |
        sed 's/\t/ /' | paste -sd, -
}

@test "the model says what computed it, where that can make bits differ" {
    [[ $(path_of) =~ ^path\ fused,kernels\ (avx512|avx2|base)$ ]]
    [[ $(path_of --batch 10) =~ ^path\ plain,kernels\ [A-Za-z0-9_]+$ ]]
    [[ $(path_of --hidden 17) =~ ^path\ plain,kernels\ [A-Za-z0-9_]+$ ]]
    equal "$(path_of --layers 1)" 'path plain'
    # not by threads, nor by how often it was stopped
    rec-train --epochs 4 -T 1 -o one.rec "$graph"
    rec-train --epochs 2 --checkpoint ck -o half.rec "$graph"
    rec-train --epochs 4 --resume ck -T 3 -o two.rec "$graph"
    cmp one.rec two.rec
}

@test "the deepest model, and a wide one, train and evaluate" {
    ratings 100 | rec-clean | rec-encode | rec-split | rec-graph -o g.rec
    gives 0 '' '' rec-train --layers 8 --hidden 2 --epochs 2 -o m.rec g.rec
    gives 0 '' '' rec-eval -q -o metrics.tsv m.rec
    gives 0 '' '' rec-train --layers 2 --hidden 256 --epochs 1 -o m.rec g.rec
    gives 0 '' '' rec-eval -q -o metrics.tsv m.rec
}

@test "sizes out of range are usage errors" {
    for bad in 'hidden 0 1..4096' 'hidden 4097 1..4096' 'layers 0 1..8' 'layers 9 1..8'; do
        read -r option value range <<<"$bad"
        gives 2 '' "rec-train: --$option: '$value' is not in the range $range" \
            rec-train --$option $value "$graph"
    done
    for bad in 'hidden 16.0' 'layers two' 'epochs -1' 'epochs 1e3' 'seed -1'; do
        read -r option value <<<"$bad"
        gives 2 '' "rec-train: --$option: '$value' is not a whole number" \
            rec-train --$option=$value "$graph"
    done
    for value in 0 -1 1e4; do
        refuses 2 "rec-train: --lr: '$value' is not in the range *" rec-train --lr=$value "$graph"
    done
    gives 2 '' "rec-train: --lr: 'nan' is not a number" rec-train --lr nan "$graph"
    refuses 2 "rec-train: --model: 'svd' is not one of *" rec-train --model svd "$graph"
}

# ---- the same bytes ----

@test "the same seed gives the same bytes, another seed others" {
    rec-train --epochs 20 --seed 3 -o a.rec "$graph"
    rec-train --epochs 20 --seed 3 -o b.rec "$graph"
    rec-train --epochs 20 --seed 4 -o c.rec "$graph"
    cmp a.rec b.rec
    for section in model.W1 model.W2 model.w model.c model.log; do
        run cmp -s <(rows $section a.rec) <(rows $section c.rec)
        equal "$status" 1
    done
}

@test "1, 2 and 4 threads give the same bytes, by -T and by REC_THREADS" {
    rec-train --epochs 20 -T 1 -o 1.rec "$graph"
    rec-train --epochs 20 -o all.rec "$graph"
    cmp 1.rec all.rec
    for t in 2 4; do
        rec-train --epochs 20 -T $t -o t.rec "$graph"
        cmp 1.rec t.rec
        REC_THREADS=$t rec-train --epochs 20 -o t.rec "$graph"
        cmp 1.rec t.rec
    done
}

@test "1 and 4 threads give the same bytes at width 64, three layers" {
    rec-train --epochs 5 --hidden 64 --layers 3 -T 1 -o 1.rec "$graph"
    rec-train --epochs 5 --hidden 64 --layers 3 -T 4 -o 4.rec "$graph"
    cmp 1.rec 4.rec
}

# ---- the log ----

@test "--log has a header and one row an epoch; its figures are those of model.log" {
    gives 0 '' '' rec-train --epochs 12 --log log.tsv -o m.rec "$graph"
    equal "$(head -n 1 log.tsv)" $'epoch\tseconds\tloss\tvalid_rmse'
    equal "$(tail -n +2 log.tsv | cut -f 1 | xargs)" '1 2 3 4 5 6 7 8 9 10 11 12'
    equal "$(rec-view -s model.log m.rec | head -n 1)" $'epoch\tloss\tvalid_rmse'
    cmp <(tail -n +2 log.tsv | cut -f 1,3,4) \
        <(rows model.log m.rec | awk '{ printf "%d\t%.9g\t%.9g\n", $1, $2, $3 }')
    # seconds since training began: never back
    tail -n +2 log.tsv | cut -f 2 | sort -n -c
}

@test "without validation rows there is no column valid_rmse" {
    gives 0 '' '' rec-train --epochs 2 --log log.tsv -o m.rec "$novalid"
    equal "$(head -n 1 log.tsv)" $'epoch\tseconds\tloss'
    equal "$(awk -F '\t' '{ print NF }' log.tsv | xargs)" '3 3 3'
    equal "$(rec-view -s model.log m.rec | head -n 1)" $'epoch\tloss'
}

@test "--log changes nothing in the result" {
    rec-train --epochs 5 -o a.rec "$graph"
    rec-train --epochs 5 --log log.tsv -o b.rec "$graph"
    cmp a.rec b.rec
}

@test "--log where it cannot be written is exit 5 with the reason, and no output" {
    gives 5 '' 'rec-train: nowhere/log.tsv: cannot open: No such file or directory' \
        rec-train --epochs 2 --log nowhere/log.tsv -o m.rec "$graph"
    gives 5 '' 'rec-train: /dev/full: cannot write: No space left on device' \
        rec-train --epochs 2 --log /dev/full -o m.rec "$graph"
    equal "$(ls)" ''
}

@test "--log never overwrites the input or the output" {
    cp "$graph" g.rec
    refuses 2 'rec-train: *g.rec*' rec-train --epochs 2 --log g.rec -o m.rec g.rec
    cmp g.rec "$graph"
    refuses 2 'rec-train: *m.rec*' rec-train --epochs 2 --log m.rec -o m.rec g.rec
}

@test "an epoch's loss is the mean squared error of the weights that it starts from" {
    rec-train --epochs 6 -o m.rec "$graph"
    for k in 0 5; do
        rec-train --epochs $k "$graph" | rec-eval -q --predictions p.tsv -o metrics.tsv
        near "$(mse train p.tsv)" "$(rows model.log m.rec | sed -n $((k + 1))p | cut -f 2)" 1e-5
        near "$(mse valid p.tsv)" \
            "$(rows model.log m.rec | sed -n $((k + 1))p | awk '{ print $3 ^ 2 }')" 1e-5
    done
}

# ---- training ----

@test "weight decay changes the result, and much of it makes weights small" {
    rec-train --epochs 20 -o none.rec "$graph"
    rec-train --epochs 20 --weight-decay 0 -o zero.rec "$graph"
    rec-train --epochs 20 --weight-decay 0.01 -o some.rec "$graph"
    rec-train --epochs 20 --weight-decay 1000 -o much.rec "$graph"
    norm() { rows model.W1 "$1" | awk '{ for (i = 1; i <= NF; i++) s += $i ^ 2 } END { print s }'; }
    cmp none.rec zero.rec
    run cmp -s <(rows model.W1 none.rec) <(rows model.W1 some.rec)
    equal "$status" 1
    awk -v a="$(norm much.rec)" -v b="$(norm none.rec)" 'BEGIN { exit !(a < 0.5 * b) }'
}

@test "--lr sets the first step: Adam moves a weight by at most the rate" {
    rec-train --epochs 0 -o 0.rec "$graph"
    rec-train --epochs 1 --lr 0.125 -o 1.rec "$graph"
    paste <(rows model.w 0.rec | tr '\t' '\n') <(rows model.w 1.rec | tr '\t' '\n') |
        awk '{ d = $2 - $1; if (d < 0) d = -d; if (d > 0.12501) bad++; if (d > 0.12) moved++ }
             END { exit !(!bad && 2 * moved > NR) }'
}

@test "--keep best keeps the weights with the lowest validation RMSE" {
    # few ratings a user, all noise: it must overfit
    awk 'BEGIN { x = 7; for (i = 0; i < 600; i++) {
        x = x * 16807 % 2147483647; u = x % 300; x = x * 16807 % 2147483647; v = x % 60
        x = x * 16807 % 2147483647; printf "u%d,i%d,%d,%d\n", u, v, 1 + x % 5, i } }' |
        rec-clean | rec-encode | rec-split | rec-graph -o g.rec
    rec-train --epochs 100 --lr 0.05 --keep last --log log.tsv -o last.rec g.rec
    rec-train --epochs 100 --lr 0.05 --keep best -o best.rec g.rec
    rec-eval -q -o last.tsv last.rec
    rec-eval -q -o best.tsv best.rec
    rmse() { awk -F '\t' '$1 == "valid" && $2 == "gcn" && $3 == "rmse" { print $4 }' "$1"; }
    lowest=$({ tail -n +2 log.tsv | cut -f 4; rmse last.tsv; } | sort -g | head -n 1)
    near "$(rmse best.tsv)" "$lowest" 2e-6
    awk -v a="$(rmse last.tsv)" -v b="$lowest" 'BEGIN { exit !(a > b + 0.01) }'
}

@test "--keep best without validation rows is exit 2" {
    gives 2 '' 'rec-train: --keep best: there are no validation ratings' \
        rec-train --keep best -o m.rec "$novalid"
    [ ! -e m.rec ]
}

@test "a loss that is no number is exit 6, names epoch and tensor and leaves no output" {
    shopt -s extglob
    refuses 6 'rec-train: epoch +([0-9]): the loss is not a number, first in the gradient of *: lower --lr' \
        rec-train --lr 1000 --layers 8 --epochs 200 -o m.rec "$graph"
    equal "$(ls)" ''
}

@test "ratings so large that a float's square overflows are no silent NaN" {
    printf 'a,x,1e38,1\nb,x,3e38,2\na,y,-3e38,3\n' | rec-clean | rec-encode |
        rec-split --test 0 --valid 0 | rec-graph -o g.rec
    try rec-train -o m.rec g.rec
    equal "$output" ''
    if [ "$status" = 0 ]; then
        equal "$(rows model.W1 m.rec | grep -ci 'nan\|inf')" 0
    else
        equal "$status" 6
        [ ! -e m.rec ]
    fi
}

@test "one rating is enough to train on" {
    printf 'a,x,5,1\n' | rec-clean | rec-encode | rec-split --test 0 --valid 0 | rec-graph -o g.rec
    gives 0 '' '' rec-train --epochs 300 -o m.rec g.rec
    rows model.log m.rec | awk '{ if (NR == 1) first = $2; last = $2 } END { exit !(last < 0.01 * first) }'
}

@test "training a model again takes the place of the first" {
    rec-train --epochs 3 -o a.rec "$graph"
    rec-train --epochs 5 --hidden 3 -o b.rec "$graph"
    rec-train --epochs 5 --hidden 3 -o c.rec a.rec
    for section in model model.W1 model.log; do
        cmp <(rec-view -s $section b.rec) <(rec-view -s $section c.rec)
    done
    cmp <(rec-view -l b.rec | cut -f 1) <(rec-view -l c.rec | cut -f 1)
}

# ---- words ----

@test "silent, unless -v or --progress always; the progress line ends at the last epoch" {
    gives 0 '' '' rec-train --epochs 3 -o m.rec "$graph"
    gives 0 '' '' rec-train --epochs 3 --progress auto -o m.rec "$graph"
    gives 0 '' '' rec-train --epochs 3 --progress never -o m.rec "$graph"
    try rec-train --epochs 3 --progress always -o m.rec "$graph"
    equal "$status" 0
    equal "$output" ''
    [[ ${stderr##*$'\r'} =~ ^'rec-train: epoch 3/3  loss '[0-9.]+'  '[0-9.e+]+'/s  100%  0.0 s left ' ]]
    try rec-train --epochs 3 -v -o m.rec "$graph"
    equal "$status" 0
    equal "$output" ''
    [[ ${stderr_lines[0]} =~ ^'rec-train: '[0-9.]+' s for 3 epochs; kept: the weights after 3'$ ]]
}

@test "on the notebook's rows the loss starts near 17 and falls" {
    data amazon-electronics/ratings_Electronics.head50698.csv
    rec-clean --skip 1 --head 5000 "$data" | rec-encode | rec-split | rec-graph |
        rec-train --epochs 80 -o m.rec
    rows model.log m.rec | awk '{ loss[NR] = $2 } END {
        ok = NR == 80 && loss[1] > 14 && loss[1] < 20 && loss[10] < loss[1] &&
             loss[20] < loss[10] && loss[40] < loss[20] && loss[80] < loss[40] && loss[80] < 2
        if (!ok) { print loss[1], loss[10], loss[20], loss[40], loss[80]; exit 1 } }'
}

@test "with too little address space for OpenBLAS nothing hangs: exit 5, or it has enough" {
    stages 200
    [[ $(nm -D "$REC_BIN/rec-train") != *asan* ]] || skip "AddressSanitizer needs its terabytes"
    rec-eval -q model.rec >free.tsv
    for command in 'rec-eval -q model.rec' 'rec-train --epochs 2 --dropout 0.2 graph.rec' \
        'rec-train --model lightgcn --epochs 2 split.rec' 'rec-train --model spectral split.rec'; do
        run --separate-stderr bash -c "ulimit -v 400000; timeout 60 $command -T4"
        equal "$status" 5
        [[ $stderr = *': out of memory: OpenBLAS wants 132 MiB of address space for each of 4 threads (-T)'* ]]
        run --separate-stderr bash -c "ulimit -v 400000; timeout 60 $command -T1 -o out"
        equal "$status" 0
    done
    equal "$(OPENBLAS_NUM_THREADS=8 bash -c 'ulimit -v 400000; timeout 60 rec-eval -q -T1 model.rec')" "$(<free.tsv)"
}

@test "training on one thread ends in 300 MB of address space" {
    stages 200
    [[ $(nm -D "$REC_BIN/rec-train") != *asan* ]] || skip "AddressSanitizer needs its terabytes"
    run bash -c 'ulimit -v 300000; timeout 60 rec-train -T1 --epochs 2 -o limited.rec graph.rec'
    equal "$status" 0
    rec-train --epochs 2 graph.rec -o free.rec
    cmp free.rec limited.rec
}
