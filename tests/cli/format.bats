# The container (lib/io/FORMAT.md), seen from outside: what the programs write, an
# independent reader reads; what is damaged, none takes; what a stage does not make, it
# passes on.
load common

READER=$ROOT/tests/golden/recfile.py
export PYTHONDONTWRITEBYTECODE=1

setup_file() {
    # sweep.py flip|cut FILE TOOL: every damaged version of FILE must be refused, without
    # a trace.  Bytes 9 to 15 are left alone: the minor version, of which any is read, and
    # six that version 1.0 does not look at.
    cat > "$BATS_FILE_TMPDIR/sweep.py" <<'END'
import os, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor
how, path, tool = sys.argv[1:]
with open(path, "rb") as f:
    whole = f.read()
here = tempfile.mkdtemp(dir=os.path.dirname(path))
def try_one(i):
    bad, out = "%s/%d" % (here, i), "%s/%d.out" % (here, i)
    with open(bad, "wb") as f:
        f.write(whole[:i])
        if how == "flip":
            f.write(bytes([whole[i] ^ 1 << i % 8]) + whole[i + 1:])
    p = subprocess.run([tool, "-T1", "-o", out, bad], capture_output=True)
    os.unlink(bad)
    if (p.returncode == 4 and p.stdout == b"" and p.stderr.count(b"\n") == 1 and
            p.stderr.startswith(b"%s: %s: " % (tool.encode(), bad.encode()))):
        return ""
    return "byte %d: status %d: %r %r" % (i, p.returncode, p.stdout[:80], p.stderr)
at = [i for i in range(len(whole)) if how == "cut" or i != 9]
at = at[::int(os.environ.get("REC_SWEEP_STEP", 1))]
with ThreadPoolExecutor(2) as pool:
    wrong = [x for x in pool.map(try_one, at) if x]
wrong += ["left behind: " + name for name in os.listdir(here)]
print("\n".join(wrong[:5]) if wrong else "all refused")
END

    # insert.py IN OUT FLAGS: a frame of the unknown type 9 before each frame of IN.
    # remove.py IN OUT TYPE [new]: without its frames of this type; with a new digest, or
    # with the END that it had.
    cat > "$BATS_FILE_TMPDIR/insert.py" <<'END'
import sys, craft
new = craft.frame(9, b"from a later version", flags=int(sys.argv[3]))
old = list(craft.frames(sys.argv[1]))[:-1]
with open(sys.argv[2], "wb") as f:
    f.write(craft.file(*[x for y in old for x in (new, y)]))
END
    cat > "$BATS_FILE_TMPDIR/remove.py" <<'END'
import sys, craft
*rest, end = [f for f in craft.frames(sys.argv[1]) if f[4] != int(sys.argv[3])]
with open(sys.argv[2], "wb") as f:
    f.write(craft.file(*rest) if len(sys.argv) > 4 else craft.START + b"".join(rest) + end)
END
}

need_python() {
    command -v python3 >/dev/null || skip "python3 is not installed"
}

py() {
    local script=$1
    shift
    PYTHONPATH=$ROOT/tests/golden python3 "$BATS_FILE_TMPDIR/$script" "$@"
}

# table FILE SECTION: as the Python reader prints it; silent on stderr.
table() {
    run --separate-stderr python3 "$READER" "$@"
    [ "$status" -eq 0 ] && [ -z "$stderr" ] && printf '%s\n' "$output"
}

# 400 ratings: 50 users u000.., 40 items i000.., times beyond 32 bits on both sides of 0;
# $1 different ratings, multiples of 1/8.  With "codes", the numbers of users and items.
eighths() {
    local i r frac=("" .125 .25 .375 .5 .625 .75 .875)
    local form=${2:-'u%03d,i%03d,%s,%d\n'}

    for ((i = 0; i < 400; i++)); do
        r=$((i % $1))
        printf "$form" $((i * 7 % 50)) $((i * 13 % 40)) "$((r / 8))${frac[r % 8]}" \
            $((i * 123456789 - 9000000000))
    done
}

codes() {
    printf 'user\titem\trating\ttime\n'
    eighths "$1" '%d\t%d\t%s\t%d\n'
}

raw() {
    printf 'user\titem\trating\ttime\n'
    eighths "$1" 'u%03d\ti%03d\t%s\t%d\n'
}

two_ratings() {
    printf 'user,item,rating,time\nann,tea,5,10\nbob,tea,3,11\n'
}

encoded() {
    two_ratings | rec-clean -T1 | rec-encode -T1 -o encoded.rec
}

# ---- the independent reader ----

@test "what rec-clean stores or deflates, the Python reader gives back row for row" {
    need_python
    raw 5 >want
    for level in 0 6; do
        eighths 5 | rec-clean -z$level -o $level.rec
        table $level.rec raw | diff want -
    done
    [ "$(stat -c %s 6.rec)" -lt "$(($(stat -c %s 0.rec) / 2))" ]
}

@test "more than 256 different ratings come back too: packed falls back to shuffle" {
    need_python
    raw 400 >want
    for level in 0 6; do
        eighths 400 | rec-clean -z$level -o $level.rec
        table $level.rec raw | diff want -
    done
}

@test "256 different ratings are one byte a row, 257 are four" {
    eighths 256 | rec-clean -z0 -o 256.rec
    eighths 257 | rec-clean -z0 -o 257.rec
    [ $(($(stat -c %s 257.rec) - $(stat -c %s 256.rec))) -eq $((400 * 4 - (256 * 4 + 400))) ]
}

@test "the codes of rec-encode come back" {
    need_python
    for levels in 5 400; do
        codes $levels >want
        for level in 0 6; do
            eighths $levels | rec-clean | rec-encode -z$level -o $level.rec
            table $level.rec ratings | diff want -
        done
    done
    table 6.rec users | diff <(echo id; seq -f 'u%03g' 0 49) -
    table 6.rec items | diff <(echo id; seq -f 'i%03g' 0 39) -
}

@test "ids of any bytes come back: commas, quotes, line breaks, UTF-8, 70 kB in all" {
    need_python
    long=$(printf '%035000d' 7)
    printf '"a,b",tea "x",1,1\n"say ""hi""",Käse,2,2\n"two\nlines",back\\slash,3,3\n' >in.csv
    printf '%s,%s,4,4\n' "$long" "${long}8" >>in.csv
    printf 'user\titem\trating\ttime\na,b\ttea "x"\t1\t1\nsay "hi"\tKäse\t2\t2\n' >want
    printf 'two\\x0alines\tback\\x5cslash\t3\t3\n%s\t%s\t4\t4\n' "$long" "${long}8" >>want
    rec-clean in.csv >a.rec
    table a.rec raw | diff want -
}

@test "every section of a trained model can be read and has the rows it should" {
    need_python
    two_ratings | rec-clean | rec-encode | rec-split --test 0 --valid 0 | rec-graph |
        rec-train -e 2 -d 3 -l 2 >m.rec
    table m.rec >list
    equal "$(head -n 3 list)" "$(lines $'section\tkind\tby\trows' $'users\tdict\trec-encode\t2' \
        $'items\tdict\trec-encode\t1')"
    grep -qx $'graph\tcsr\trec-graph\t4' list
    grep -qx $'graph.nodes\ttable\trec-graph\t3' list
    grep -qx $'model.W1\tmatrix\trec-train\t3' list
    equal "$(table m.rec model | head -n 5)" "$(lines $'key\tvalue' $'model\tgcn' $'width\t3' $'layers\t2' \
        $'path\tplain')"
    equal "$(table m.rec model.W1 | head -n 1)" $'row.0\trow.1\trow.2'
    equal "$(table m.rec model.W1 | wc -l)" 4
}

# ---- damage ----

# Small, as a process for each byte is slow: rec-split's without provenance.
small() {
    printf 'a,x,1\nb,x,3\n' | rec-clean --time none -o raw.rec
    rec-encode raw.rec -o with.rec
    py remove.py with.rec encoded.rec 1 new
    rec-split -q encoded.rec >/dev/null
}

@test "a flipped bit in any byte of a file is refused by rec-encode" {
    need_python
    small
    gives 0 'all refused' '' py sweep.py flip "$PWD/raw.rec" rec-encode
}

@test "a flipped bit in any byte of a file is refused by rec-split" {
    need_python
    small
    gives 0 'all refused' '' py sweep.py flip "$PWD/encoded.rec" rec-split
}

@test "a file cut at any byte is refused by rec-encode" {
    need_python
    small
    gives 0 'all refused' '' py sweep.py cut "$PWD/raw.rec" rec-encode
}

@test "a file cut at any byte is refused by rec-split" {
    need_python
    small
    gives 0 'all refused' '' py sweep.py cut "$PWD/encoded.rec" rec-split
}

@test "a file without one of its frames is refused: the digest does not fit" {
    need_python
    encoded
    py remove.py encoded.rec less.rec 1
    refuses 4 'rec-split: less.rec: *digest*' rec-split less.rec -o out.rec
    [ ! -e out.rec ]
    refuses 4 'recfile.py: less.rec: *digest*' python3 "$READER" less.rec
}

@test "bytes after END are refused" {
    encoded
    cat encoded.rec encoded.rec > two.rec
    refuses 4 'rec-split: two.rec: *after the END frame' rec-split two.rec -o out.rec
    [ ! -e out.rec ]
}

@test "damage travels down a pipe: every later stage fails with 4" {
    two_ratings | rec-clean -o raw.rec
    head -c 400 raw.rec >cut.rec
    run --separate-stderr bash -c \
        'rec-encode cut.rec | rec-split | rec-graph > out.rec; echo "${PIPESTATUS[@]}"'
    [ "$output" = "4 4 4" ]
    [ "${#stderr_lines[@]}" -eq 3 ]
    refuses 4 'rec-graph: out.rec: *' rec-graph out.rec
}

# ---- versions ----

@test "a later minor version is read, another major version is not" {
    encoded
    rec-split encoded.rec -o want.rec
    cp encoded.rec minor.rec
    printf '\x09' | dd of=minor.rec bs=1 seek=9 conv=notrunc status=none
    rec-split minor.rec -o got.rec
    cmp want.rec got.rec
    printf '\x02' | dd of=minor.rec bs=1 seek=8 conv=notrunc status=none
    refuses 4 'rec-split: minor.rec: format version 2.9*' rec-split minor.rec -o out.rec
    [ ! -e out.rec ]
}

@test "an unknown frame that is not critical is passed on, byte for byte" {
    need_python
    encoded
    py insert.py encoded.rec new.rec 0
    rec-split new.rec -o split.rec
    n=$(($(stat -c %s new.rec) - 48))
    cmp -n $n new.rec split.rec
    table split.rec ratings | diff <(table encoded.rec ratings) -
}

@test "an unknown critical frame is refused" {
    need_python
    encoded
    py insert.py encoded.rec new.rec 1
    refuses 4 'rec-split: new.rec: *type 9,*' rec-split new.rec -o out.rec
    [ ! -e out.rec ]
    refuses 4 'recfile.py: new.rec: *critical*' python3 "$READER" new.rec
}

# ---- relay ----

@test "a stage copies every frame it does not make: only END moves" {
    for level in 0 6; do
        eighths 5 | rec-clean | rec-encode -z$level -o a.rec
        rec-split -z$level a.rec -o b.rec
        rec-split -z$level < a.rec | cat >c.rec
        rec-split -z$level < a.rec >d.rec
        cmp -n $(($(stat -c %s a.rec) - 48)) a.rec b.rec
        cmp -n $(($(stat -c %s a.rec) - 48)) a.rec c.rec
        cmp b.rec d.rec
    done
}

@test "a deflated file stays deflated on its way through pipes" {
    eighths 5 | rec-clean | rec-encode -z6 -o a.rec
    rec-split a.rec | cat | rec-split | cat >b.rec
    n=$(($(stat -c %s a.rec) - 48))
    cmp -n $n a.rec b.rec
}

@test "a stage run again replaces its section and all that came of it" {
    need_python
    two_ratings | rec-clean | rec-encode | rec-split --test 0 --valid 0 | rec-graph >g.rec
    rec-split --test 0 --valid 0 --seed 2 g.rec -o s.rec
    equal "$(table s.rec | cut -f1)" "$(lines section users items ratings split)"
    equal "$(grep -aoE '@PG.ID:[^[:cntrl:]]*' s.rec | tail -n 1)" $'@PG\tID:rec-split.1'
}

# ---- the same bytes ----

@test "one pipe and a file at every stage end in the same bytes" {
    for level in 0 1 6; do
        eighths 400 >in.csv
        rec-clean in.csv | rec-encode | rec-split | rec-graph -z$level -o pipe.rec
        rec-clean -z$level in.csv -o raw.rec
        rec-encode -z$level raw.rec -o encoded.rec
        rec-split -z$level encoded.rec >split.rec
        rec-graph -z$level < split.rec > files.rec
        cmp pipe.rec files.rec
    done
}

@test "one thread and four write the same bytes, over several frames" {
    awk 'BEGIN { for (i = 0; i < 150000; i++)
        printf "u%d,i%d,%d,%d\n", i * 7919 % 5003, i * 31 % 1009, i % 5 + 1, i }' >in.csv
    for t in 1 4; do
        rec-clean -T$t in.csv -o raw$t.rec
        rec-encode -T$t raw$t.rec -o encoded$t.rec
        rec-split -T$t -z6 encoded$t.rec -o split$t.rec
    done
    cmp raw1.rec raw4.rec
    cmp encoded1.rec encoded4.rec
    cmp split1.rec split4.rec
}

@test "provenance names no path, no time and no thread count" {
    mkdir here there
    two_ratings >here/first.csv
    cp here/first.csv there/second.csv
    (cd here && rec-clean -T1 first.csv | rec-encode -T1 | rec-split -T1 -o a.rec)
    touch -d 2001-02-03 there/second.csv
    rec-clean -T3 -q "$PWD/there/second.csv" -o there/raw.rec
    REC_THREADS=2 rec-encode there/raw.rec | rec-split -T4 -M 1G >there/b.rec
    cmp here/a.rec there/b.rec

    run grep -ao '@PG.*' here/a.rec
    [ "${#lines[@]}" -eq 3 ]
    [[ "${lines[0]}" =~ ^@PG$'\t'ID:rec-clean$'\t'PN:rec-clean$'\t'VN:[0-9.]+$'\t'PA:[^$'\t']*$'\t'IN:[0-9a-f]{16}$ ]]
    [[ "${lines[1]}" == $'@PG\tID:rec-encode\tPP:rec-clean\tPN:rec-encode\tVN:'* ]]
    [[ "${lines[2]}" == $'@PG\tID:rec-split\tPP:rec-encode\tPN:rec-split\tVN:'*$'\tPA:'*'--seed 1'*$'\tIN:'* ]]
    [[ "$output" != *first* && "$output" != */* && "$output" != *thread* ]]
}
