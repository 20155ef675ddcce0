# What all programs do the same way.
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    stages 400
}

setup() {
    here
    at=$BATS_FILE_TMPDIR
}

all=()
for program in "$REC_BIN"/rec-*; do
    all+=("${program##*/rec-}")
done
# Those that read a rec stream, and those that write one.
readers=(encode split graph train eval view)
writers=(clean encode split graph train)

# input_of TOOL: a file that it takes, of those that setup_file made.
input_of() {
    case $1 in
    clean) echo "$at/ratings.csv" ;;
    encode) echo "$at/clean.rec" ;;
    split) echo "$at/encode.rec" ;;
    graph) echo "$at/split.rec" ;;
    train) echo "$at/graph.rec" ;;
    predict) echo "$at/model.rec $at/ratings.csv" ;;
    synth) ;;
    *) echo "$at/model.rec" ;;
    esac
}

# options_of TOOL: so that it is quick and silent.
options_of() {
    case $1 in
    train) echo --epochs 2 ;;
    eval) echo -q ;;
    synth) echo --ratings 500 --users 200 --items 50 ;;
    esac
}

# works TOOL: sets $works to a command that succeeds and writes to stdout.
works() {
    # shellcheck disable=SC2207
    works=("rec-$1" $(options_of "$1") $(input_of "$1"))
}

# ---- words ----

@test "-h and --help: on stdout, at most 40 lines, with the defaults and an example" {
    for t in "${all[@]}"; do
        try "rec-$t" -h
        equal "$status" 0
        equal "$stderr" ''
        [[ ${lines[0]} = "usage: rec-$t [options]"* ]]
        [ "${#lines[@]}" -le 40 ]
        [[ $output = *$'\nexample: '*"rec-$t"* ]]
        [[ $output = *'  -T, --threads N '*' (0)'* ]]
        equal "$(awk 'length > 100' <<<"$output")" ''
    done
    gives 0 "$(rec-view -h)" '' rec-view --help
}

@test "-V and --version: one line, the same version everywhere" {
    version=$(rec-view -V)
    [[ $version =~ ^'rec-view (rec) '[0-9]+\.[0-9]+\.[0-9]+$ ]]
    for t in "${all[@]}"; do
        gives 0 "rec-$t (rec) ${version##* }" '' "rec-$t" -V
    done
    gives 0 "$version" '' rec-view --version
}

@test "an unknown option is exit 2, with nothing on stdout" {
    for t in "${all[@]}"; do
        gives 2 '' "rec-$t: unknown or ambiguous option '--bogus'; -h lists them" "rec-$t" --bogus
    done
    for bad in -Z --bogus=1 --ver -qZ; do
        refuses 2 "rec-view: unknown or ambiguous option '*'; -h lists them" rec-view $bad
    done
    gives 2 '' "rec-view: option '--quiet=1' takes no argument" rec-view --quiet=1
}

@test "an option without its argument is exit 2" {
    for t in "${all[@]}"; do
        gives 2 '' "rec-$t: option '-o' needs an argument" "rec-$t" -o
    done
    for bad in --output -T --threads -M -z --progress; do
        gives 2 '' "rec-view: option '$bad' needs an argument" rec-view $bad
    done
}

@test "numbers are strict: out of range, with a tail, negative, empty" {
    for t in "${all[@]}"; do
        gives 2 '' "rec-$t: --threads: '1025' is not in the range 0..1024" "rec-$t" -T 1025
        gives 2 '' "rec-$t: --threads: '2x' is not a whole number" "rec-$t" -T 2x
    done
    gives 2 '' "rec-view: --compress: '10' is not in the range 0..9" rec-view -z 10
    for bad in -1 ' 2' 1.0 1e2 '' 0x2; do
        gives 2 '' "rec-view: --threads: '$bad' is not a whole number" rec-view "--threads=$bad"
    done
    for bad in 1X K 1KB -1 '' 99999999999T; do
        gives 2 '' "rec-view: --memory: '$bad' is not a size, such as 512M or 4G" \
            rec-view "--memory=$bad"
    done
    gives 2 '' "rec-view: --progress: 'sometimes' is not one of auto|always|never" \
        rec-view --progress sometimes
}

@test "a file more than is due is exit 2" {
    for t in "${readers[@]}"; do
        [ "$t" != eval ] || continue # compares any number of them
        gives 2 '' "rec-$t: takes one file: 'b.rec' is one too many" "rec-$t" a.rec b.rec
    done
}

@test "an option that is given twice: the last one counts" {
    for t in "${writers[@]}"; do
        works "$t"
        gives 0 '' '' "${works[@]}" -o first.rec -o second.rec
        [ ! -e first.rec ]
        [ -e second.rec ]
    done
}

@test "-- ends the options" {
    cp "$at/ratings.csv" -- -x
    gives 0 '' '' rec-clean -o out.rec -- -x
    cmp out.rec "$at/clean.rec"
    cp "$at/model.rec" -- --help
    try rec-view -- --help
    equal "$status" 0
    equal "${lines[0]}" $'section\tkind\tby\trows\tframes\tbytes\tstored'
}

@test "options and files may be mixed; long options may be shortened" {
    gives 0 '' '' rec-split "$at/encode.rec" --se 1 -o out.rec
    cmp out.rec "$at/split.rec"
}

# ---- standard input and output ----

@test "no file, '-' and a file give the same bytes; so do stdout, -o - and -o FILE" {
    for t in "${readers[@]}" clean; do
        works "$t"
        in=$(input_of "$t")
        # a file that is written, and a pipe, may be packed differently
        "${works[@]}" -o file.out
        # shellcheck disable=SC2046
        rec-$t $(options_of $t) -o stdin.out <"$in"
        # shellcheck disable=SC2046
        rec-$t $(options_of $t) -o dash.out - <"$in"
        "${works[@]}" >stdout.out
        "${works[@]}" -o - >dashout.out
        for other in stdin dash stdout dashout; do
            cmp file.out $other.out
        done
    done
}

@test "empty standard input is exit 4, for rec-clean 3" {
    for t in "${readers[@]}"; do
        gives 4 '' "rec-$t: stdin: empty: the stage before wrote nothing, or failed" \
            "rec-$t" -o out.rec </dev/null
    done
    refuses 3 'rec-clean: stdin: *' rec-clean -o out.rec </dev/null
    equal "$(ls)" ''
}

@test "closed standard input is an error, with a message about stdin" {
    for t in "${readers[@]}" clean; do
        try bash -c '"$@" <&-' _ "rec-$t" -o out.rec
        [[ $status =~ ^[345]$ ]]
        equal "$output" ''
        [[ $stderr = "rec-$t: stdin: "* ]]
    done
    equal "$(ls)" ''
}

@test "closed standard output is exit 5" {
    for t in "${all[@]}"; do
        works "$t"
        for arguments in "${works[*]}" "rec-$t -h" "rec-$t -V"; do
            # shellcheck disable=SC2086
            gives 5 '' "rec-$t: stdout: cannot write: Bad file descriptor" \
                bash -c '"$@" >&-' _ $arguments
        done
    done
}

@test "with standard streams closed, messages never end up in the output file" {
    for t in "${writers[@]}"; do
        works "$t"
        "${works[@]}" -o wanted.rec
        for closed in '2>&-' '<&- 2>&-' '<&- >&- 2>&-' '>&-'; do
            gives 0 '' '' bash -c '"$@" '"$closed" _ "${works[@]}" -q -o out.rec
            cmp wanted.rec out.rec
            bash -c '"$@" '"$closed" _ "${works[@]}" -v --progress always -o out.rec 2>said
            cmp wanted.rec out.rec
        done
    done
}

@test "a terminal is no input, and gets no binary data unless -f" {
    command -v script >/dev/null || skip 'no script (bsdutils)'
    # tty COMMAND...: on a terminal; the exit status is the command's
    tty() {
        run script -qec "$*" /dev/null
        output=${output//$'\r'/}
    }
    for t in "${readers[@]}" clean; do
        tty "rec-$t"
        equal "$status" 2
        equal "$output" "rec-$t: standard input is a terminal; -h for help"
    done
    for t in "${writers[@]}"; do
        works "$t"
        tty "${works[@]}"
        equal "$status" 2
        equal "$output" "rec-$t: binary data for a terminal: use a pipe, -o FILE, or -f"
    done
    tty "rec-view -s model.W1 --to npy '$at/model.rec'"
    equal "$status" 2
    tty "rec-encode -f '$at/clean.rec' | wc -c; rec-encode -f '$at/clean.rec' >/dev/tty"
    equal "$status" 0
    tty "rec-view -s model '$at/model.rec'"
    equal "$status" 0
}

# ---- inputs that are not what is due ----

@test "text fed to a stage is exit 4 and says rec-clean" {
    for t in "${readers[@]}"; do
        gives 4 '' "rec-$t: $at/ratings.csv: not a rec file (rating files go to rec-clean first)" \
            "rec-$t" "$at/ratings.csv" -o out.rec
        gives 4 '' "rec-$t: stdin: not a rec file (rating files go to rec-clean first)" \
            "rec-$t" -o out.rec <"$at/ratings.csv"
    done
    equal "$(ls)" ''
}

@test "another stage's output: names the section that is missing and who makes it" {
    while read -r t file section maker; do
        gives 4 '' "rec-$t: $at/$file.rec: no section '$section': run it through rec-$maker first" \
            "rec-$t" "$at/$file.rec" -o out.rec
    done <<'END'
encode encode raw clean
encode split raw clean
encode graph raw clean
encode model raw clean
split clean ratings encode
graph clean ratings encode
graph encode split split
train clean graph graph
train encode graph graph
train split graph graph
eval clean ratings encode
eval encode split split
eval split model train
eval graph model train
END
    equal "$(ls)" ''
}

@test "a missing file and a folder are exit 5" {
    for t in "${readers[@]}" clean; do
        gives 5 '' "rec-$t: nope: cannot open: No such file or directory" "rec-$t" nope -o out
        gives 5 '' "rec-$t: .: is a directory" "rec-$t" . -o out
    done
    equal "$(ls)" ''
}

@test "a file cut anywhere is exit 4 and leaves no output" {
    for t in "${readers[@]}"; do
        works "$t"
        in=$(input_of "$t")
        size=$(wc -c <"$in")
        for keep in 1 16 40 $((size / 2)) $((size - 48)) $((size - 1)); do
            head -c $keep "$in" >cut.rec
            refuses 4 "rec-$t: cut.rec: *" "${works[@]/$in/cut.rec}" -o out.rec
            [ ! -e out.rec ] || { echo "cut at $keep: an output file"; return 1; }
        done
        equal "$(ls)" cut.rec
    done
}

@test "one flipped bit is exit 4 and leaves no output" {
    for t in "${readers[@]}"; do
        works "$t"
        in=$(input_of "$t")
        size=$(wc -c <"$in")
        for at_byte in 0 24 $((size / 2)) $((size - 40)); do
            byte=$(od -An -j $at_byte -N 1 -tu1 "$in")
            cp "$in" bad.rec
            # shellcheck disable=SC2059
            printf "\\x$(printf %02x $((byte ^ 16)))" |
                dd of=bad.rec bs=1 seek=$at_byte conv=notrunc status=none
            refuses 4 "rec-$t: *bad.rec: *" "${works[@]/$in/bad.rec}" -o out.rec
            [ ! -e out.rec ]
        done
    done
}

@test "when it fails, an output file of before is left as it was" {
    for t in "${readers[@]}"; do
        echo before >out.rec
        head -c 100 "$(input_of "$t")" >cut.rec
        refuses 4 "rec-$t: cut.rec: *" "rec-$t" cut.rec -o out.rec
        equal "$(cat out.rec)" before
    done
    printf 'a,x,bad,1\n' >in.csv
    refuses 3 'rec-clean: in.csv:1: *' rec-clean --header no in.csv -o out.rec
    equal "$(cat out.rec)" before
}

# ---- the output file ----

@test "-o the input itself is exit 2, by whatever name, and the input is intact" {
    for t in "${readers[@]}" clean; do
        in=$(input_of "$t")
        cp "$in" in
        ln -sf in symbolic
        ln -f in hard
        for name in "$PWD/in" symbolic hard; do
            gives 2 '' "rec-$t: in is the input: write another file" "rec-$t" in -o "$name"
        done
        cmp in "$in"
    done
    cp "$at/ratings.csv" 1.csv
    refuses 2 'rec-clean: 1.csv *' rec-clean "$at/ratings.csv" 1.csv -o 1.csv
    cmp "$at/ratings.csv" 1.csv
}

@test "-o the input itself is exit 2 also when it comes from standard input" {
    for t in "${readers[@]}" clean; do
        in=$(input_of "$t")
        cp "$in" in
        refuses 2 "rec-$t: *" "rec-$t" -o in <in
        cmp in "$in"
    done
}

@test "a full disk is exit 5: by -o, on stdout, and for -h and -V" {
    for t in "${all[@]}"; do
        works "$t"
        gives 5 '' "rec-$t: /dev/full: cannot write: No space left on device" "${works[@]}" -o /dev/full
        for arguments in "${works[*]}" "rec-$t -h" "rec-$t -V"; do
            # shellcheck disable=SC2086
            gives 5 '' "rec-$t: stdout: cannot write: No space left on device" \
                bash -c '"$@" >/dev/full' _ $arguments
        done
    done
    [ -c /dev/full ]
}

@test "-o where no file can be is exit 5" {
    mkdir folder
    for t in "${all[@]}"; do
        works "$t"
        gives 5 '' "rec-$t: nowhere/out: cannot create: No such file or directory" \
            "${works[@]}" -o nowhere/out
        refuses 5 "rec-$t: *folder: *s a directory" "${works[@]}" -o folder
        try "${works[@]}" -o ''
        [[ $status =~ ^[25]$ ]]
        equal "$output" ''
    done
    equal "$(ls -A . folder)" "$(lines .: folder '' folder:)"
}

@test "an output file takes its permissions from umask" {
    for t in "${all[@]}"; do
        works "$t"
        (umask 027 && "${works[@]}" -o out)
        equal "$(stat -c %a out)" 640
        rm out
    done
}

@test "a closed pipe ends every program by SIGPIPE, quietly" {
    mkfifo pipe
    for t in "${all[@]}"; do
        works "$t"
        # A pipe that nobody reads any more, in one shell, so that no moment matters.
        gives 141 '' '' bash -c 'exec 7<>pipe 8>pipe 7>&-; "$@" >&8' _ \
            env --default-signal=PIPE "${works[@]}"
    done
}

# interrupt SIGNAL COMMAND...: runs it with -o out on a pipe that gives the first half of
# an input and then nothing more, until its temporary file is there; then the signal.
interrupt() {
    local signal=$1 i pid

    shift
    mkfifo pipe
    exec 7<>pipe
    [ -z "$in" ] || head -c $(($(wc -c <"$in") / 2)) "$in" >&7
    env --default-signal="$signal" "$@" -o out <pipe 3>&- 7>&- >said 2>&1 &
    pid=$!
    for ((i = 0; i < 600; i++)); do
        compgen -G 'out.tmp-*' >/dev/null && break
        sleep 0.05
    done
    kill -"$signal" $pid
    status=0
    wait $pid || status=$?
    exec 7>&-
    rm pipe
}

@test "INT, TERM and HUP while reading a slow pipe: no file is left, status 128 + n" {
    for t in "${writers[@]}"; do
        in=$(input_of "$t")
        for s in 'TERM 143' 'HUP 129' 'INT 130'; do
            interrupt "${s% *}" "rec-$t"
            equal "$t ${s% *} $status" "$t $s"
            equal "$(cat said)" ''
            equal "$(ls -A)" said
        done
    done
}

@test "TERM while rec-synth writes: no file is left, status 143" {
    [ -x "$REC_BIN/rec-synth" ] || skip 'no rec-synth'
    in=
    interrupt TERM rec-synth --ratings 1000000000 --users 10000000 --items 1000000
    equal "$status" 143
    equal "$(ls -A)" said
}

@test "a signal that was ignored stays ignored" {
    mkfifo pipe
    exec 7<>pipe
    head -c 500 "$at/ratings.csv" >&7
    (trap '' HUP && exec rec-clean -o out.rec <pipe 3>&- 7>&-) &
    pid=$!
    for ((i = 0; i < 600; i++)); do
        compgen -G 'out.rec.tmp-*' >/dev/null && break
        sleep 0.05
    done
    kill -HUP $pid
    tail -c +501 "$at/ratings.csv" >pipe
    exec 7>&-
    wait $pid
    cmp out.rec "$at/clean.rec"
}

# ---- limits ----

@test "-M too small is exit 5 and names -M" {
    for t in "${readers[@]}" clean; do
        works "$t"
        refuses 5 "rec-$t: *raise -M" "${works[@]}" -M 1K -o out
        refuses 5 "rec-$t: *raise -M" "${works[@]}" -M 1K
    done
    equal "$(ls)" ''
}

@test "-M large enough changes nothing" {
    for t in "${all[@]}"; do
        works "$t"
        "${works[@]}" -o without
        gives 0 '' '' "${works[@]}" -M 1G -o with
        cmp without with
    done
}

@test "-T and REC_THREADS never change a byte" {
    for t in "${all[@]}"; do
        works "$t"
        "${works[@]}" -T 1 -o 1.out
        "${works[@]}" -T 4 -o n.out
        cmp 1.out n.out
        REC_THREADS=2 "${works[@]}" -o n.out
        cmp 1.out n.out
    done
}

@test "REC_THREADS that is no number of threads is exit 2" {
    for t in "${all[@]}"; do
        works "$t"
        for bad in two -1 1025 2x; do
            export REC_THREADS=$bad
            refuses 2 "rec-$t: REC_THREADS*'$bad'*" "${works[@]}" -o out
        done
    done
}

@test "-z sets how a file is packed, not what it says" {
    for t in "${writers[@]}"; do
        works "$t"
        for z in 0 1 9; do
            "${works[@]}" -z $z -o $z.rec
        done
        # what was packed before is relayed as it is
        [[ $t != clean && $t != encode ]] || [ "$(wc -c <9.rec)" -lt "$(wc -c <0.rec)" ]
        for z in 0 9; do
            cmp <(rec-view -C <1.rec) <(rec-view -C <$z.rec)
        done
    done
}

@test "a limit on file size is exit 5, and nothing is left" {
    ratings 5000 >in.csv
    run bash -c 'ulimit -f 8; exec rec-clean -z0 -o out.rec in.csv 2>&1'
    equal "$status" 5
    equal "$output" 'rec-clean: out.rec: cannot write: File too large'
    equal "$(ls)" in.csv
}
