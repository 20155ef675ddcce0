# rec-train left alone: checkpoints, signals, early stopping, the options of steps.
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    ratings 1500 | rec-clean | rec-encode | rec-split | rec-graph -o graph.rec
    ratings 1510 | rec-clean | rec-encode | rec-split | rec-graph -o other.rec
    ratings 200 | rec-clean | rec-encode | rec-split --valid 0 | rec-graph -o novalid.rec
}

setup() {
    here
    graph=$BATS_FILE_TMPDIR/graph.rec
    # every kind of step, and the best kept
    all=(--hidden 8 --batch 400 --dropout 0.2 --clip-norm 1 --schedule cosine --keep best
        --metric valid_mae --weight-decay 1e-5 --every 3)
}

# pause N: up to 0.4 s, the N-th of a fixed list of moments.
pause() {
    sleep "$(awk -v n="$1" 'BEGIN { x = (n * 7919 + 13) % 1009; printf "%.3f", 0.4 * x / 1009 }')"
}

# interrupted SIGNAL SECONDS COMMAND...: runs it, sends the signal after so long, sets
# status and $said.  A background job of a shell ignores INT: env gives it back.
interrupted() {
    local signal=$1 after=$2 pid

    shift 2
    env --default-signal=INT,TERM,HUP "$@" >out 2>said 3>&- &
    pid=$!
    sleep "$after"
    kill -"$signal" $pid 2>/dev/null || true
    status=0
    wait $pid 2>/dev/null || status=$?
    said=$(<said)
    rm -f out said
}

# until_saved SIGNAL COMMAND...: the same, but as soon as there is a checkpoint ck.
until_saved() {
    local signal=$1 pid i

    shift
    rm -f ck
    env --default-signal=INT,TERM,HUP "$@" >out 2>said 3>&- &
    pid=$!
    for ((i = 0; i < 600; i++)); do
        [ -e ck ] && break
        sleep 0.02
    done
    kill -"$signal" $pid
    status=0
    wait $pid || status=$?
    said=$(<said)
    rm -f out said
}

# ---- killed, and gone on with ----

@test "killed with -9 at 20 moments, each time gone on with: the same bytes in the end" {
    rec-train "${all[@]}" --epochs 300 --log whole.tsv -o whole.rec "$graph"
    kills=0 rounds=0 resume=()
    for ((i = 0; i < 400 && kills < 20; i++)); do
        rounds=$((rounds + 1))
        env --default-signal "$REC_BIN/rec-train" "${all[@]}" --epochs 300 -T $((1 + i % 3)) \
            --checkpoint ck "${resume[@]}" --log log.tsv -o m.rec "$graph" 2>said 3>&- &
        pid=$!
        pause $i
        kill -9 $pid 2>/dev/null || true
        status=0
        wait $pid 2>/dev/null || status=$?
        case $status in
        137) kills=$((kills + 1)) ;;
        0)
            cmp m.rec whole.rec
            cmp <(cut -f 1,3,4 log.tsv) <(cut -f 1,3,4 whole.tsv)
            rm ck
            ;;
        *) cat said; return 1 ;;
        esac
        resume=()
        [ ! -e ck ] || resume=(--resume ck)
    done
    equal "$kills" 20
    rec-train "${all[@]}" --epochs 300 --checkpoint ck "${resume[@]}" -o m.rec "$graph"
    cmp m.rec whole.rec
}

@test "INT, TERM and HUP save a checkpoint, say how to go on and end with 128 + n" {
    rec-train --epochs 1500 --log whole.tsv -o whole.rec "$graph"
    for s in 'TERM 143' 'HUP 129' 'INT 130'; do
        # many epochs, so that it cannot have ended before the signal
        until_saved "${s% *}" rec-train --epochs 1000000 --checkpoint ck -o m.rec "$graph"
        equal "${s% *} $status" "$s"
        epoch=$(rows train ck | awk '$1 == "epochs" { print $2 }')
        equal "$said" \
            "rec-train: stopped after epoch $epoch; to go on, the same command with --resume ck"
        equal "$(ls)" "$(lines ck whole.rec whole.tsv)"
        if [ "$epoch" -lt 1500 ]; then
            gives 0 '' '' rec-train --epochs 1500 --resume ck --log log.tsv -o m.rec "$graph"
            cmp m.rec whole.rec
            cmp <(cut -f 1,3,4 log.tsv) <(cut -f 1,3,4 whole.tsv)
            cut -f 2 log.tsv | tail -n +2 | sort -gc
            rm m.rec log.tsv
        fi
    done
}

@test "without --checkpoint a signal ends it as before" {
    interrupted TERM 0.5 rec-train --epochs 1000000 -o m.rec "$graph"
    equal "$status $said" '143 '
    equal "$(ls)" ''
}

@test "gone on with three times and on other threads: the same bytes" {
    rec-train "${all[@]}" --epochs 40 -o whole.rec "$graph"
    for t in 1 2 4; do
        rec-train --epochs 40 -T $t "${all[@]}" --checkpoint ck -o m.rec "$graph"
        cmp m.rec whole.rec
    done
    rec-train --epochs 30 --hidden 8 -o whole.rec "$graph"
    for e in 7 8 19 30; do
        rec-train --epochs $e --hidden 8 -T $((e % 4 + 1)) --checkpoint ck${e} \
            ${before:+--resume "$before"} -o m.rec "$graph"
        before=ck$e
    done
    cmp m.rec whole.rec
}

@test "a checkpoint of a finished training gives its result again" {
    rec-train "${all[@]}" --epochs 12 --checkpoint ck -o a.rec "$graph"
    cp ck before
    gives 0 '' '' rec-train "${all[@]}" --epochs 12 --resume ck -o b.rec "$graph"
    cmp a.rec b.rec
    cmp ck before
    # the same after early stopping
    rec-train --hidden 8 --lr 0.1 --patience 3 --epochs 500 --checkpoint ck -o a.rec "$graph"
    rec-train --hidden 8 --lr 0.1 --patience 3 --epochs 500 --resume ck -o b.rec "$graph"
    cmp a.rec b.rec
}

@test "--epochs may be raised, but not under a schedule" {
    rec-train --epochs 9 --checkpoint ck -o m.rec "$graph"
    rec-train --epochs 20 --resume ck -o m.rec "$graph"
    rec-train --epochs 20 -o whole.rec "$graph"
    cmp m.rec whole.rec
    gives 2 '' 'rec-train: ck is at epoch 20, beyond --epochs 19' \
        rec-train --epochs 19 --resume ck -o m.rec "$graph"
    rec-train --epochs 9 --schedule cosine --checkpoint ck -o m.rec "$graph"
    refuses 2 'rec-train: ck was made with --epochs 9, not with --epochs 20: *' \
        rec-train --epochs 20 --schedule cosine --resume ck -o m.rec "$graph"
}

# ---- what is refused ----

@test "another graph, other options, no checkpoint, a missing or cut one are refused" {
    rec-train --epochs 5 --checkpoint ck -o m.rec "$graph"
    cp ck before
    echo before >log.tsv
    gives 4 '' 'rec-train: ck: it is of a training on another input: give that one' \
        rec-train --epochs 5 --resume ck -o n.rec "$BATS_FILE_TMPDIR/other.rec"
    for o in '--hidden 8' '--layers 3' '--lr 0.02' '--dropout 0.1' '--batch 9' \
        '--clip-norm 2' '--keep best' '--metric loss' '--patience 7' '--seed 2' '--schedule cosine'; do
        # shellcheck disable=SC2086
        refuses 2 "rec-train: ck was made with ${o% *} *, not with $o: give the options *" \
            rec-train --epochs 5 $o --resume ck --log log.tsv -o n.rec "$graph"
    done
    equal "$(<log.tsv)" before
    gives 4 '' 'rec-train: m.rec: it is no checkpoint of a training' \
        rec-train --epochs 5 --resume m.rec -o n.rec "$graph"
    gives 5 '' 'rec-train: nowhere: cannot open: No such file or directory' \
        rec-train --epochs 5 --resume nowhere -o n.rec "$graph"
    cmp ck before
    size=$(wc -c <ck)
    for n in 0 10 100 $((size / 2)) $((size - 1)); do
        head -c "$n" before >ck
        refuses 4 'rec-train: ck: *' rec-train --epochs 5 --resume ck -o n.rec "$graph"
    done
    [ ! -e n.rec ]
}

@test "--checkpoint and --resume are never the input, the output or the log" {
    cp "$graph" g.rec
    for o in checkpoint resume; do
        refuses 2 "rec-train: --*: g.rec is the input" \
            rec-train --$o g.rec --epochs 2 -o m.rec g.rec
        refuses 2 "rec-train: --*: m.rec is the output" \
            rec-train --$o m.rec --epochs 2 -o m.rec g.rec
    done
    refuses 2 'rec-train: --log: ck is the checkpoint' \
        rec-train --checkpoint ck --log ck --epochs 2 -o m.rec g.rec
    cmp g.rec "$graph"
}

@test "a checkpoint that cannot be written is exit 5, at once; an old one stays" {
    refuses 5 'rec-train: nowhere/ck: cannot create: No such file or directory' \
        rec-train --epochs 1000000 --checkpoint nowhere/ck -o m.rec "$graph"
    refuses 5 'rec-train: /dev/full: cannot write: No space left on device' \
        rec-train --epochs 9 --every 2 --checkpoint /dev/full -o m.rec "$graph"
    rec-train --epochs 5 --checkpoint ck -o m.rec "$graph"
    cp ck before
    run bash -c 'ulimit -f 8; exec "$@"' _ rec-train --epochs 9 --resume ck "$graph"
    equal "$status" 5
    [[ $output = *'ck: cannot write: File too large'* ]]
    cmp ck before
    equal "$(ls)" "$(lines before ck m.rec)"
}

@test "when a number is lost the last good checkpoint stays, and the message says so" {
    refuses 6 'rec-train: epoch *: the loss is not a number, first in the * of *: lower --lr; ck holds the state after epoch *' \
        rec-train --lr 1000 --layers 8 --every 1 --checkpoint ck -o n.rec "$graph"
    rec-view --check ck
    [ ! -e n.rec ]
}

# ---- early stopping ----

@test "--patience stops when validation has not improved, and keeps the best" {
    rec-train -v --lr 0.05 --patience 5 --log log.tsv -o m.rec "$graph" 2>said
    best=$(tail -n +2 log.tsv | sort -t $'\t' -k 4,4g -k 1,1n | head -n 1 | cut -f 1)
    last=$(tail -n 1 log.tsv | cut -f 1)
    equal "$last" $((best + 5))
    [ "$last" -lt 200 ]
    [[ $(<said) = *"for $((last - 1)) epochs; kept: the weights after $((best - 1))"* ]]
    rec-train --lr 0.05 --epochs $((best - 1)) -o same.rec "$graph"
    for s in W1 W2 w c; do
        cmp <(rows model.$s m.rec) <(rows model.$s same.rec)
    done
}

@test "--metric sets what is best, and the column of the log" {
    for m in valid_rmse valid_mae loss; do
        rec-train -v --lr 0.05 --epochs 60 --keep best --metric $m --log log.tsv -o m.rec \
            "$graph" 2>said
        case $m in
        loss) column=3 name=valid_rmse ;;
        *) column=4 name=$m ;;
        esac
        equal "$(head -n 1 log.tsv)" $'epoch\tseconds\tloss\t'$name
        kept=$(sed -n 's/.*kept: the weights after //p' said)
        best=$(tail -n +2 log.tsv | sort -t $'\t' -k $column,${column}g -k 1,1n | head -n 1 |
            cut -f 1)
        [ "$kept" = $((best - 1)) ] || [ "$kept" = 60 ]
    done
    rec-eval -q -o metrics.tsv m.rec
}

@test "without validation ratings best is by the loss, or refused" {
    novalid=$BATS_FILE_TMPDIR/novalid.rec
    gives 2 '' 'rec-train: --patience: there are no validation ratings' \
        rec-train --patience 3 -o m.rec "$novalid"
    gives 0 '' '' rec-train --patience 3 --metric loss --epochs 5 -o m.rec "$novalid"
}

# ---- steps ----

@test "1, 2 and 4 threads give the same bytes with every option of the steps" {
    rec-train "${all[@]}" --epochs 15 -T 1 -o 1.rec "$graph"
    for t in 2 4; do
        rec-train "${all[@]}" --epochs 15 -T $t -o t.rec "$graph"
        cmp 1.rec t.rec
    done
    for o in '--batch 400' '--dropout 0.2' '--clip-norm 0.1' '--schedule cosine'; do
        # shellcheck disable=SC2086
        rec-train --epochs 15 $o -o a.rec "$graph"
        rec-train --epochs 15 -o b.rec "$graph"
        run cmp -s <(rows model.W1 a.rec) <(rows model.W1 b.rec)
        equal "$status" 1
    done
}

@test "a batch of all ratings or more is the full batch" {
    rec-train --epochs 9 -o a.rec "$graph"
    for n in $(($(rows graph "$graph" | wc -l) / 2)) 1000000; do
        rec-train --epochs 9 --batch "$n" -o b.rec "$graph"
        for s in W1 W2 w c log; do
            cmp <(rows model.$s a.rec) <(rows model.$s b.rec)
        done
    done
}

@test "batches learn faster an epoch than the full batch" {
    rec-train --epochs 20 -o a.rec "$graph"
    rec-train --epochs 20 --batch 100 -o b.rec "$graph"
    loss() { rows model.log "$1" | tail -n 1 | cut -f 2; }
    awk -v a="$(loss a.rec)" -v b="$(loss b.rec)" 'BEGIN { exit !(b < a) }'
}

# ---- memory ----

@test "what will not fit into -M is refused before training, with need, limit and advice" {
    refuses 5 'rec-train: memory limit: training needs * MiB beside the * MiB in use, and -M allows 8.0 MiB: a smaller --hidden needs less' \
        rec-train -M 8M --hidden 4096 --log log.tsv -o m.rec "$graph"
    gives 0 '' '' rec-train -M 8M --hidden 4 --epochs 3 -o m.rec "$graph"
}

@test "-v tells the peak of memory" {
    try rec-train -v --epochs 3 -o m.rec "$graph"
    [[ $stderr =~ 'rec-train: peak memory '[0-9.]+' MiB' ]]
}
