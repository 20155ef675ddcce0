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

# try COMMAND...: sets status, output and stderr, and the arrays lines and stderr_lines.
# bats's own `run --separate-stderr` does the same and takes four times as long.
try() {
    status=0
    output=$("$@" 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
    stderr=$(<"$BATS_TEST_TMPDIR/stderr")
    mapfile -t lines <<<"$output"
    mapfile -t stderr_lines <<<"$stderr"
}

# blame STATUS STDOUT STDERR COMMAND...: prints what was wanted beside what came; fails.
blame() {
    printf 'command: %s\n' "${*:4}"
    printf '%s: %s\n' 'status, wanted' "$1" 'status' "$status" 'stdout, wanted' "$2" \
        'stdout' "$output" 'stderr, wanted' "$3" 'stderr' "$stderr"
    return 1
}

# gives STATUS STDOUT STDERR COMMAND...: runs the command and compares all three.
gives() {
    try "${@:4}"
    [[ $status = "$1" && $output = "$2" && $stderr = "$3" ]] || blame "$@"
}

# refuses STATUS PATTERN COMMAND...: fails with nothing on stdout and one line on stderr,
# which fits the pattern.
refuses() {
    try "${@:3}"
    # shellcheck disable=SC2053
    [[ $status = "$1" && -z $output && ${#stderr_lines[@]} -eq 1 && $stderr = $2 ]] ||
        blame "$1" '' "${@:2}"
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

# built FOLDER: the programs under test where make puts its own, younger than any source:
# make takes them as they are, and compiles nothing.
built() {
    local part
    mkdir -p "$1/bin"
    cp -p "$REC_BIN"/rec-* "$1/bin"
    for part in obj librec.a; do
        [ ! -e "$REC_BIN/../$part" ] || cp -Rp "$REC_BIN/../$part" "$1"
    done
    [ ! -d "$1/obj" ] || find "$1/obj" -name '*.d' -delete
    for part in obj librec.a bin; do
        [ ! -e "$1/$part" ] || find "$1/$part" -exec touch {} +
    done
}
