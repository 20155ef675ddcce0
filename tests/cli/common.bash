# What the tests of the programs share; each file starts with `load common`.
#
# The programs are those of $REC_BIN (build/bin by default).  Every test starts in an
# empty folder of its own.
bats_require_minimum_version 1.5.0

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
REC_BIN=$(realpath "${REC_BIN:-$ROOT/build/bin}")
export PATH=$REC_BIN:$PATH LC_ALL=C
unset REC_THREADS

# here: into an empty folder (bats keeps files of its own in $BATS_TEST_TMPDIR).
here() {
    mkdir "$BATS_TEST_TMPDIR/here" && cd "$BATS_TEST_TMPDIR/here" || return
}

setup() {
    here
}

# data FILE: sets $data to a file of the public sets, or skips the test.
data() {
    data=$(realpath -m "${REC_TEST_DATA:-$ROOT/../shared/data}")/$1
    [ -r "$data" ] || skip "no $1 in $(dirname "$data")"
}

# gives STATUS STDOUT STDERR COMMAND...: runs the command and compares all three.
gives() {
    local wants_status=$1 wants_stdout=$2 wants_stderr=$3

    shift 3
    run --separate-stderr "$@"
    [ "$status" = "$wants_status" ] && [ "$output" = "$wants_stdout" ] &&
        [ "$stderr" = "$wants_stderr" ] && return
    printf 'command: %s\n' "$*"
    printf '%s: %s\n' 'status, wanted' "$wants_status" 'status' "$status" \
        'stdout, wanted' "$wants_stdout" 'stdout' "$output" \
        'stderr, wanted' "$wants_stderr" 'stderr' "$stderr"
    return 1
}

# refuses STATUS PATTERN COMMAND...: fails with nothing on stdout and one line on stderr,
# which fits the pattern.
refuses() {
    local wants_status=$1 pattern=$2

    shift 2
    run --separate-stderr "$@"
    # shellcheck disable=SC2053
    [ "$status" = "$wants_status" ] && [ -z "$output" ] &&
        [ ${#stderr_lines[@]} -eq 1 ] && [[ $stderr = $pattern ]] && return
    printf 'command: %s\n' "$*"
    printf '%s: %s\n' 'status, wanted' "$wants_status" 'status' "$status" \
        'stdout' "$output" 'stderr, wanted' "$pattern" 'stderr' "$stderr"
    return 1
}

# lines LINE...: one a line, without a newline at the end.
lines() {
    local IFS=$'\n'

    printf '%s' "$*"
}

# equal A B, with a word on both when they are not.
equal() {
    [ "$1" = "$2" ] || {
        printf 'got:    %s\nwanted: %s\n' "$1" "$2"
        return 1
    }
}

# ratings N: N rows of CSV; users and items come again, no row does.
ratings() {
    awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) { x = (i * 7919 + 13) % 104729
        printf "u%d,i%d,%d,%d\n", x % 97, (x * 31 + int(i / 5)) % 41, 1 + x % 5, 1300000000 + i } }'
}

# stages N: clean.rec ... model.rec in the present folder, from N rows; the training is
# short.  Further arguments go to rec-split.
stages() {
    local n=$1

    shift
    ratings "$n" >ratings.csv &&
        rec-clean -o clean.rec ratings.csv && rec-encode -o encode.rec clean.rec &&
        rec-split "$@" -o split.rec encode.rec && rec-graph -o graph.rec split.rec &&
        rec-train --epochs 3 --hidden 4 -o model.rec graph.rec
}

# rows SECTION FILE [OPTION...]: the rows of a section, without the header line.
rows() {
    local section=$1 file=$2

    shift 2
    rec-view -s "$section" "$@" "$file" | tail -n +2
}
