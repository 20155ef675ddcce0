# rec-encode: ids to numbers and back.
load common

# sorted_ids COLUMN FILE: what sort makes of a column of a CSV.
sorted_ids() {
    cut -d, -f"$1" "$2" | sort -u
}

@test "ids are numbered in byte order, as sort numbers them" {
    ratings 800 >in.csv
    rec-clean in.csv | rec-encode -o out.rec
    rows users out.rec | cmp - <(sorted_ids 1 in.csv)
    rows items out.rec | cmp - <(sorted_ids 2 in.csv)
}

@test "byte order: digits, capitals, small letters, bytes above 127; a prefix first" {
    printf '%s,x,5,1\n' b a B ab A 10 9 é $'\xe9' '~' ' a' 'a ' a0 aa >in.csv
    rec-clean in.csv | rec-encode -o out.rec
    rows users out.rec | cmp - <(sorted_ids 1 in.csv)
    equal "$(rows users out.rec | head -n 3)" "$(lines ' a' 10 9)"
}

@test "--order first numbers ids by first sight" {
    printf 'c,y,5,1\na,x,4,2\nc,x,3,3\nb,y,2,4\n' >in.csv
    rec-clean in.csv | rec-encode --order first -o out.rec
    gives 0 "$(lines id c a b)" '' rec-view -s users out.rec
    gives 0 "$(lines id y x)" '' rec-view -s items out.rec
    gives 0 "$(lines $'user\titem\trating\ttime' $'0\t0\t5\t1' $'1\t1\t4\t2' $'0\t1\t3\t3' $'2\t0\t2\t4')" '' \
        rec-view -s ratings --codes out.rec
}

@test "codes point into the dictionaries; rows keep their order" {
    printf 'c,y,5,1\na,x,4,2\nc,x,3,3\nb,y,2,4\n' >in.csv
    rec-clean in.csv | rec-encode -o out.rec
    gives 0 "$(lines $'user\titem\trating\ttime' $'2\t1\t5\t1' $'0\t0\t4\t2' $'2\t0\t3\t3' $'1\t1\t2\t4')" '' \
        rec-view -s ratings --codes out.rec
    gives 0 "$(lines $'user\titem\trating\ttime' $'c\ty\t5\t1' $'a\tx\t4\t2' $'c\tx\t3\t3' $'b\ty\t2\t4')" '' \
        rec-view -s ratings out.rec
}

@test "ids come back exactly as they were in the CSV, with either order" {
    ratings 500 >in.csv
    printf 'A Z,\xe9,5,1\n\xc3\xa9,B00-X,4,2\n007,7,3,3\n7,007,2,4\n' >>in.csv
    for order in sorted first; do
        rec-clean in.csv | rec-encode --order $order -o out.rec
        rows ratings out.rec --to csv | cmp - in.csv
    done
}

@test "a user and an item of the same id are two things" {
    printf 'x,x,5,1\ny,x,4,2\n' >in.csv
    rec-clean in.csv | rec-encode -o out.rec
    equal "$(rows users out.rec)" "$(lines x y)"
    equal "$(rows items out.rec)" x
}

@test "the dictionaries and the ratings take the place of raw" {
    printf 'a,x,5,1\n' | rec-clean | rec-encode -o out.rec
    equal "$(rec-view -l out.rec | cut -f 1-4)" "$(lines $'section\tkind\tby\trows' \
        $'users\tdict\trec-encode\t1' $'items\tdict\trec-encode\t1' $'ratings\ttable\trec-encode\t1')"
}

@test "without times, and with sources, these columns are as rec-clean made them" {
    printf 'a,x,5\n' >1.csv
    printf 'b,y,4\n' >2.csv
    rec-clean --time none 1.csv 2.csv | rec-encode -o out.rec
    gives 0 "$(lines $'user\titem\trating\tsource' $'a\tx\t5\t1' $'b\ty\t4\t2')" '' \
        rec-view -s ratings out.rec
}

@test "text that rec-clean kept goes along, over frames" {
    awk 'BEGIN { for (i = 0; i < 150000; i++) printf "u%d,i%d,%d,%d,%s,%d\n", i % 997, i % 7, i % 5, i, i % 3 ? "n " i : "", i % 2 }' >in.csv
    rec-clean --keep 6,5 in.csv | rec-encode -o out.rec
    equal "$(rec-view -s ratings out.rec | head -n 2)" \
        "$(lines $'user\titem\trating\ttime\tc6\tc5' $'u0\ti0\t0\t0\t0\t')"
    rows ratings out.rec --to csv | cmp - <(awk -F, -v OFS=, '{ print $1, $2, $3, $4, $6, $5 }' in.csv)
    printf 'a,x,5,1,\nb,x,5,1,\n' | rec-clean --keep 5 | rec-encode -o empty.rec
    equal "$(rows ratings empty.rec)" "$(lines $'a\tx\t5\t1\t' $'b\tx\t5\t1\t')"
    rec-split out.rec | rec-graph | rec-view -l >list
    grep -q '^graph' list
}

@test "more rows than one frame holds" {
    awk 'BEGIN { for (i = 0; i < 70000; i++) printf "u%d,i%d,%d,%d\n", i % 66001, i % 7, i % 5, i }' >in.csv
    rec-clean in.csv | rec-encode -o out.rec
    equal "$(rec-view -l out.rec | awk -F '\t' '{ print $1, $4 }')" \
        "$(lines 'section rows' 'users 66001' 'items 7' 'ratings 70000')"
    rows ratings out.rec --to csv | cmp - in.csv
    rows users out.rec | cmp - <(sorted_ids 1 in.csv)
}

@test "-v says how many" {
    printf 'c,y,5,1\na,x,4,2\nc,x,3,3\n' | rec-clean -o raw.rec
    try rec-encode -v raw.rec -o out.rec
    equal "$status" 0
    equal "$output" ''
    equal "${stderr_lines[0]}" 'rec-encode: 3 ratings, 2 users, 2 items'
}

# spills M OPTION...: encodes clean.rec within M, through temporary files that leave
# nothing behind, and within the bound; to out.rec.
spills() {
    local m=$1

    shift
    mkdir -p tmp
    TMPDIR=$PWD/tmp rec-encode -v -M "$m" "$@" -o out.rec clean.rec 2>said
    grep -q 'MiB went through temporary files' said
    awk -v m="${m%M}" '/peak memory/ { peak = $4 } END { exit !(peak > 1 && peak <= m) }' said
    equal "$(ls -A tmp)" ''
}

@test "within -M, through temporary files: the same bytes" {
    rec-synth --users 120000 --items 9000 --ratings 250000 --shuffle | rec-clean -o clean.rec
    for order in sorted first; do
        rec-encode --order $order -o whole.rec clean.rec
        for m in 16M 24M 32M; do
            spills $m --order $order -T1
            cmp whole.rec out.rec
            spills $m --order $order -T4
            cmp whole.rec out.rec
        done
    done
}

@test "within -M, into a pipe and without packing" {
    ratings 200000 | sed 's/^u/&ser/' | rec-clean -o clean.rec
    rec-encode clean.rec | cmp - <(TMPDIR=. rec-encode -M 20M clean.rec)
    rec-encode -z0 -o whole.rec clean.rec
    spills 20M -z0
    cmp whole.rec out.rec
}

@test "within -M, ids so long that a frame holds fewer rows" {
    awk 'BEGIN { x = sprintf("%290s", ""); gsub(/ /, "x", x)
        for (i = 0; i < 75000; i++) printf "%s%d,i%d,5,%d\n", x, i * 7919 % 70001, i % 13, i }' |
        rec-clean -o clean.rec
    rec-encode -o whole.rec clean.rec
    equal "$(rec-view -l whole.rec | awk '$1 == "users" { print $4, $5 }')" '70001 2'
    spills 100M
    cmp whole.rec out.rec
}

@test "a TMPDIR that does not exist is told, and nothing is written" {
    rec-synth --users 60000 --items 900 --ratings 150000 | rec-clean -o clean.rec
    TMPDIR=$PWD/gone refuses 5 \
        "rec-encode: $PWD/gone: cannot make a temporary file,*set TMPDIR*: No such file or directory" \
        rec-encode -M 22M -o out.rec clean.rec
    [ ! -e out.rec ]
}

@test "an -M that is too small even so is told, with what is needed" {
    rec-synth --users 60000 --items 900 --ratings 150000 | rec-clean -o clean.rec
    refuses 5 'rec-encode: memory limit: encoding needs * bytes at least, of 12582912 allowed; raise -M' \
        rec-encode -M 12M -o out.rec clean.rec
}

@test "an order that does not exist is a usage error" {
    gives 2 '' "rec-encode: --order: 'sort' is not one of sorted|first" rec-encode --order sort
}

@test "the ids of Amazon Electronics come back as they were" {
    data amazon-electronics/ratings_Electronics.head50698.csv
    rec-clean "$data" | rec-encode -o out.rec
    # the file has its ratings as 5.0
    rows ratings out.rec --to csv | cmp - <(sed 's/\.0,/,/' "$data")
}

# vocab: v.rec from users a b c, items x y; n.rec with one unknown of each.
vocab() {
    printf 'b,y,4,2\na,x,5,1\nc,x,3,3\n' | rec-clean | rec-encode -o v.rec &&
        printf 'c,x,1,1\nq,x,2,2\nb,z,3,3\nr,z,3,9\nb,y,4,4\n' | rec-clean -o n.rec
}

@test "--vocab numbers ids as a file does, with its dictionaries, and drops the unknown" {
    vocab
    gives 0 '' 'rec-encode: 3 of 5 rows dropped: 2 with an unknown user, 2 with an unknown item' \
        rec-encode --vocab v.rec n.rec -o out.rec
    gives 0 "$(lines $'user\titem\trating\ttime' $'2\t0\t1\t1' $'1\t1\t4\t4')" '' \
        rec-view -s ratings --codes out.rec
    rows users out.rec | cmp - <(rows users v.rec)
    rows items out.rec | cmp - <(rows items v.rec)
    gives 0 '' '' rec-encode -q --vocab v.rec --unknown drop n.rec -o again.rec
    cmp out.rec again.rec
}

@test "--vocab keeps the order of a file that has one of its own" {
    printf 'c,y,5,1\na,x,4,2\nb,y,3,3\n' | rec-clean -o in.rec
    rec-encode --order first in.rec -o v.rec
    rec-encode --vocab v.rec in.rec -o out.rec
    for s in users items ratings; do
        rows $s out.rec --codes | cmp - <(rows $s v.rec --codes)
    done
}

@test "--vocab: a model does as well, through a pipe, on any number of threads" {
    stages 400
    rec-encode --vocab model.rec clean.rec -o out.rec
    rows ratings out.rec --codes | cmp - <(rows ratings encode.rec --codes)
    ratings 90000 >more.csv
    sed -i 's/^u1,/new,/; s/,i7,/,other,/' more.csv
    rec-clean more.csv -o more.rec
    for n in 1 4; do
        rec-encode -q -T $n --vocab model.rec more.rec -o $n.rec
    done
    cmp 1.rec 4.rec
    rec-clean more.csv | rec-encode -q --vocab model.rec | cmp - <(rec-encode -q --vocab model.rec more.rec)
    rows ratings 1.rec --to csv | cmp - <(grep -v -e '^new,' -e ',other,' more.csv)
    rec-view --check 1.rec
}

@test "--unknown error names the first unknown id" {
    vocab
    refuses 3 "rec-encode: section 'raw', row 1: unknown user: 'q'" \
        rec-encode --vocab v.rec --unknown error n.rec
    printf 'a,x,1,1\nb,z,1,1\n' | rec-clean -o n.rec
    refuses 3 "rec-encode: section 'raw', row 1: unknown item: 'z'" \
        rec-encode --vocab v.rec --unknown error n.rec -o out.rec
    [ ! -e out.rec ]
    printf 'a,x,1,1\nb,x,1,1\n' | rec-clean | rec-encode --vocab v.rec --unknown error -o out.rec
    equal "$(rows ratings out.rec --codes)" "$(lines $'0\t0\t1\t1' $'1\t0\t1\t1')"
}

@test "--unknown add numbers new ids behind the known ones" {
    vocab
    gives 0 '' '' rec-encode --vocab v.rec --unknown add n.rec -o out.rec
    equal "$(rows users out.rec)" "$(lines a b c q r)"
    equal "$(rows items out.rec)" "$(lines x y z)"
    equal "$(rows ratings out.rec --codes | cut -f 1,2)" "$(lines $'2\t0' $'3\t0' $'1\t2' $'4\t2' $'1\t1')"
}

@test "--vocab: no row left is bad input" {
    vocab
    printf 'q,x,1,1\na,z,1,1\n' | rec-clean -o n.rec
    refuses 3 'rec-encode: v.rec: no row has a user and an item that are known' \
        rec-encode --vocab v.rec n.rec
}

@test "--vocab: options and digest are in the output" {
    vocab
    rec-encode -q --vocab v.rec n.rec -o out.rec
    rec-view --prov out.rec | grep -q -e '--vocab v.rec --unknown drop'
    digest=$(rec-view --check v.rec | sed 's/.* digest //')
    rec-view -H out.rec | grep -q "NM:ratings.*VO:$digest"
    rec-encode n.rec -o plain.rec
    [ -z "$(rec-view --prov plain.rec | grep unknown)" ]
}

@test "--vocab: a file without dictionaries, cut, or not there" {
    vocab
    cp n.rec raw.rec
    refuses 4 "rec-encode: raw.rec: no section 'users': run it through rec-encode first" \
        rec-encode --vocab raw.rec n.rec
    refuses 5 'rec-encode: none.rec: *' rec-encode --vocab none.rec n.rec
    head -c 200 v.rec >cut.rec
    refuses 4 'rec-encode: cut.rec: *' rec-encode --vocab cut.rec n.rec
}

@test "--vocab: usage errors" {
    vocab
    refuses 2 'rec-encode: --unknown goes with --vocab' rec-encode --unknown error n.rec
    refuses 2 'rec-encode: --vocab: standard input is for the data; name a file' rec-encode --vocab - n.rec
    refuses 2 'rec-encode: --vocab: v.rec is the output' rec-encode --vocab v.rec n.rec -o v.rec
    refuses 2 'rec-encode: --vocab: n.rec is the input' rec-encode --vocab n.rec n.rec
}
