# The stages together: as one pipe, through files, and by make.
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    ratings 1500 >in.csv
    built b
    # nor do they install anything
    mkdir fake
    printf '#!/bin/sh\nprintf installed\n' >fake/dpkg-query
    chmod +x fake/dpkg-query
}

setup() {
    here
    at=$BATS_FILE_TMPDIR
}

# chain GOAL SETTING=VALUE...: make with the build folder b and short training, away from
# the settings of a make that may be running these tests.  What it ran is in $ran, one
# program a line.
chain() {
    try env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES -u B -u CFLAGS -u CI \
        PATH="$at/fake:$PATH" make -C "$ROOT" --no-print-directory -j2 B="$at/b" DATA="$at/in.csv" EPOCHS=3 "$@"
    [ "$status" = 0 ] || blame 0 '' '' make "$@"
    ran=$(sed -n 's:^[^ ]*/b/bin/\(rec-[a-z]*\) .*:\1:p' <<<"$output")
}

# ages: the time of each of the chain's files
ages() {
    stat -c '%y %n' "$at"/b/in/*.rec "$at"/b/in/metrics.tsv
}

@test "make run makes every stage, once, and prints the figures" {
    rm -rf "$at/b/in"
    chain run
    equal "$ran" "$(lines rec-clean rec-encode rec-split rec-graph rec-train rec-eval)"
    equal "$(ls "$at/b/in" | grep -v opts)" \
        "$(lines clean.rec encode.rec graph.rec metrics.tsv model.rec split.rec)"
    equal "$(tail -n 6 <<<"$output" | awk '{ print $1, $2, $3 }')" \
        "$(awk -F '\t' '$3 == "rmse" { printf "%s %s %.4f\n", $1, $2, $4 }' "$at/b/in/metrics.tsv")"
}

@test "make run again makes nothing" {
    chain run
    before=$(ages)
    chain run
    equal "$ran" ''
    equal "$(ages)" "$before"
}

@test "-o /dev/stdout goes on in a file, and does not replace it" {
    rec-synth -u 20 -i 10 -n 100 | rec-clean -o raw.rec
    rec-view -s raw raw.rec >rows
    (echo before && rec-view -s raw -o /dev/stdout raw.rec && echo after) >log
    cmp log <(echo before && cat rows && echo after)
}

@test "make HIDDEN=32 reruns training and evaluation and nothing before" {
    chain run
    before=$(ages)
    chain HIDDEN=32
    equal "$ran" "$(lines rec-train rec-eval)"
    equal "$(ages | grep -v 'model\|metrics')" "$(grep -v 'model\|metrics' <<<"$before")"
    equal "$(rows model "$at/b/in/model.rec" | grep width)" $'width\t32'
    chain HIDDEN=32
    equal "$ran" ''
}

@test "make demo is of rgnn, unless it is told another model" {
    said() { # make SETTING...: the goal that demo hands on
        env -u MAKEFLAGS -u MAKELEVEL -u MAKEOVERRIDES make -n -C "$ROOT" B="$at/none" demo "$@" | grep -- '--model rgnn' >/dev/null && echo rgnn || true
    }
    equal "$(said)" rgnn
    equal "$(said MODEL=gcn)" ''
}

@test "settings that make is told reach the other models too" {
    chain MODEL=mf HIDDEN=4 EPOCHS=2
    equal "$(rows model "$at/b/in/model.rec" | grep width)" $'width\t4'
    chain MODEL=mf HIDDEN=5 EPOCHS=2
    equal "$ran" "$(lines rec-train rec-eval)"
    equal "$(rows model "$at/b/in/model.rec" | grep width)" $'width\t5'
}

@test "each setting reruns its own stage and those behind it" {
    chain run
    chain run EVAL_OPTS=--lambda-user=9
    equal "$ran" rec-eval
    chain run
    equal "$ran" rec-eval
    chain run EPOCHS=4
    equal "$ran" "$(lines rec-train rec-eval)"
    chain run SEED=2
    equal "$ran" "$(lines rec-split rec-graph rec-train rec-eval)"
    chain run ENCODE_OPTS='--order first'
    equal "$ran" "$(lines rec-encode rec-split rec-graph rec-train rec-eval)"
    chain run CLEAN_OPTS='--head 1000'
    equal "$ran" "$(lines rec-clean rec-encode rec-split rec-graph rec-train rec-eval)"
}

@test "options with quotes for the shell are passed on" {
    chain run CLEAN_OPTS="--delim ','"
    equal "$(sed -n 1p <<<"$ran")" rec-clean
    chain run CLEAN_OPTS="--delim ','"
    equal "$ran" ''
}

@test "a new input, or a stage's file removed, reruns from there" {
    chain run
    rm "$at/b/in/graph.rec"
    chain run
    equal "$ran" "$(lines rec-graph rec-train rec-eval)"
    touch "$at/in.csv"
    chain run
    equal "$ran" "$(lines rec-clean rec-encode rec-split rec-graph rec-train rec-eval)"
}

@test "make stops at a stage that fails and leaves none of its files" {
    printf 'a,x,5,1\nb,y,bad,2\n' >broken.csv
    try env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES -u B -u CFLAGS -u CI \
        PATH="$at/fake:$PATH" make -C "$ROOT" B="$at/b" DATA="$PWD/broken.csv" run
    equal "$status" 2
    [[ $stderr = *"rec-clean: $PWD/broken.csv:2: rating: not a number: 'bad'"* ]]
    equal "$(ls "$at/b/broken" | grep -v opts)" ''
}

# ---- the same bytes ----

# piped OUT OPTIONS...: the chain up to rec-train as one pipe; OPTIONS go to all stages.
piped() {
    local out=$1

    shift
    rec-clean "$@" "$at/in.csv" | rec-encode "$@" | rec-split "$@" | rec-graph "$@" |
        rec-train "$@" --epochs 3 -o "$out"
}

# filed OUT OPTIONS...: the same through files.
filed() {
    local out=$1

    shift
    rec-clean "$@" -o c.rec "$at/in.csv"
    rec-encode "$@" -o e.rec c.rec
    rec-split "$@" -o s.rec e.rec
    rec-graph "$@" -o g.rec s.rec
    rec-train "$@" --epochs 3 -o "$out" g.rec
}

@test "one pipe and files give the same bytes" {
    piped pipe.rec
    filed files.rec
    cmp pipe.rec files.rec
    rec-eval -q --predictions p1 -o m1 pipe.rec
    rec-eval -q --predictions p2 -o m2 files.rec
    cmp m1 m2
    cmp p1 p2
    piped /dev/stdout | rec-eval -q | cmp - m1
}

@test "stdout into a file is the same as -o" {
    piped pipe.rec
    filed files.rec
    rec-train --epochs 3 g.rec >stdout.rec
    cmp pipe.rec stdout.rec
    cat g.rec | rec-train --epochs 3 | cat >cat.rec
    # a pipe is not packed; it says the same
    equal "$(rec-view -C <cat.rec)" "$(rec-view -C <pipe.rec)"
}

@test "make's model.rec and metrics.tsv are those of the pipe, byte for byte" {
    chain run
    rec-clean "$at/in.csv" | rec-encode | rec-split --seed 1 | rec-graph |
        rec-train --epochs 3 -o model.rec
    cmp model.rec "$at/b/in/model.rec"
    rec-eval -q -o metrics.tsv model.rec
    cmp metrics.tsv "$at/b/in/metrics.tsv"
}

@test "1, 2 and 4 threads in every stage give the same bytes" {
    piped 1.rec -T 1
    for t in 2 4; do
        piped t.rec -T $t
        cmp 1.rec t.rec
        filed t.rec -T $t
        cmp 1.rec t.rec
    done
}

@test "-z 0 and -z 9 say the same" {
    for z in 0 1 9; do
        filed $z.rec -z $z
        rec-view -C <$z.rec >$z.check
        rec-eval -q -o $z.tsv $z.rec
    done
    for z in 0 9; do
        cmp 1.check $z.check
        cmp 1.tsv $z.tsv
    done
}

@test "more rows than a frame holds: pipe, files and threads give the same bytes" {
    awk 'BEGIN { x = 7; for (i = 0; i < 150000; i++) { x = x * 16807 % 2147483647
        printf "u%d,i%d,%d,%d\n", x % 20011, x % 3001, 1 + x % 5, i } }' >in.csv
    rec-clean -T 1 in.csv | rec-encode -T 1 | rec-split -T 1 | rec-graph -T 1 |
        rec-train --epochs 3 -T 1 -o 1.rec
    rec-clean -T 4 -o c.rec in.csv
    rec-encode -T 4 -o e.rec c.rec
    rec-split -T 4 -o s.rec e.rec
    rec-graph -T 4 -o g.rec s.rec
    rec-train -T 4 --epochs 3 -o 4.rec g.rec
    cmp 1.rec 4.rec
    equal "$(rec-view -l 1.rec | awk -F '\t' '$1 == "ratings" { print $4, $5 }')" '150000 3'
}

# ---- a failure in the middle ----

# ends FILE: whether it ends in an END frame, byte for byte as FORMAT.md draws it:
# sync, type 7.
ends() {
    [ "$(wc -c <"$1")" -ge 48 ] &&
        [ "$(tail -c 48 "$1" | head -c 5 | od -An -tx1 | tr -d ' \n')" = d752460a07 ]
}

@test "a stage that fails in the middle: every later one fails, and no END appears" {
    rec-clean -o c.rec "$at/in.csv"
    ends c.rec
    for keep in 30 400 $(($(wc -c <c.rec) / 2)) $(($(wc -c <c.rec) - 1)); do
        try bash -c 'head -c "$1" c.rec | { rec-encode; echo $? >e; } | tee e.rec |
            { rec-split; echo $? >s; } | tee s.rec | { rec-graph; echo $? >g; } | tee g.rec |
            { rec-train; echo $? >t; } | tee t.rec | { rec-eval; echo $? >m; }' _ "$keep"
        equal "$output" ''
        equal "$(cat e s g t m | xargs)" '4 4 4 4 4'
        equal "${#stderr_lines[@]}" 5
        for f in e s g t; do
            run ends $f.rec
            equal "$status" 1
        done
    done
}

@test "a bad row in the first stage fails the whole pipe with nothing on stdout" {
    { cat "$at/in.csv"; printf 'a,x,bad,1\n'; } >bad.csv
    try bash -c 'set -o pipefail
        rec-clean bad.csv | rec-encode | rec-split | rec-graph | rec-train -o m.rec && rec-eval m.rec'
    equal "$status" 4
    equal "$output" ''
    [ ! -e m.rec ]
    equal "$(grep -c "^rec-clean: bad.csv:1501: rating: not a number: 'bad'$" <<<"$stderr")" 1
    for t in encode split graph train; do
        equal "$(grep -c "^rec-$t: stdin: " <<<"$stderr")" 1
    done
}

@test "a program killed in the middle of a pipe is noticed by the next" {
    rec-clean -o c.rec "$at/in.csv"
    rec-encode -o e.rec c.rec
    mkfifo pipe
    rec-split <pipe >s.rec 2>said 3>&- &
    half=$(($(wc -c <e.rec) / 2))
    head -c $half e.rec >pipe
    status=0
    wait $! || status=$?
    equal "$status" 4
    equal "$(cat said)" "rec-split: stdin: cut off at byte $half, before its END frame: the file was truncated, or the stage that wrote it failed"
    run ends s.rec
    equal "$status" 1
}

@test "the reader of a pipe goes away: no message, and status 141" {
    awk 'BEGIN { for (i = 0; i < 30000; i++) printf "user%d,item%d,%d,%d\n", i, i % 999, 1 + i % 5, i }' >in.csv
    gives 141 'user	item	rating	time' '' env --default-signal=PIPE bash -c 'set -o pipefail
        rec-clean in.csv | rec-encode | rec-view -s ratings | head -n 1'
}

@test "Amazon Electronics: one pipe, files, one thread and two give the same bytes" {
    data amazon-electronics/ratings_Electronics.head50698.csv
    for t in 1 2; do
        rec-clean -T $t --skip 1 --head 5000 "$data" | rec-encode -T $t | rec-split -T $t |
            rec-graph -T $t | rec-train -T $t --epochs 40 -o pipe$t.rec
        rec-clean -T $t --skip 1 --head 5000 -o c.rec "$data"
        rec-encode -T $t -o e.rec c.rec
        rec-split -T $t -o s.rec e.rec
        rec-graph -T $t -o g.rec s.rec
        rec-train -T $t --epochs 40 -o files$t.rec g.rec
    done
    for other in pipe2 files1 files2; do
        cmp pipe1.rec $other.rec
    done
}
