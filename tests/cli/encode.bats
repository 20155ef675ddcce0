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
        for m in 24M 32M 44M; do
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
