# rec-view: shows, checks and exports.
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    printf 'a,x,5,1\nb,y,3.5,2\na,y,4,3\nc,x,1,-4\n' >in.csv
    rec-clean -o clean.rec in.csv
    rec-encode -o encode.rec clean.rec
    rec-split --test 0 --valid 0 -o split.rec encode.rec
    rec-graph -o graph.rec split.rec
    rec-train --hidden 2 --epochs 2 -o model.rec graph.rec
}

setup() {
    here
    at=$BATS_FILE_TMPDIR
}

@test "a list of sections is what one gets without asking, and with -l" {
    try rec-view "$at/model.rec"
    equal "$status" 0
    equal "$stderr" ''
    equal "${lines[0]}" $'section\tkind\tby\trows\tframes\tbytes\tstored'
    equal "$(cut -f 1-5 <<<"$output" | tail -n +2)" "$(lines \
        $'users\tdict\trec-encode\t3\t1' $'items\tdict\trec-encode\t2\t1' \
        $'ratings\ttable\trec-encode\t4\t1' $'split\ttable\trec-split\t4\t1' \
        $'graph\tcsr\trec-graph\t8\t1' $'graph.nodes\ttable\trec-graph\t5\t1' \
        $'model\tparams\trec-train\t5\t1' $'model.W1\tmatrix\trec-train\t5\t1' \
        $'model.b1\tmatrix\trec-train\t1\t1' $'model.W2\tmatrix\trec-train\t2\t1' \
        $'model.b2\tmatrix\trec-train\t1\t1' $'model.w\tmatrix\trec-train\t2\t1' \
        $'model.c\tmatrix\trec-train\t1\t1' $'model.log\tlog\trec-train\t2\t1')"
    gives 0 "$output" '' rec-view -l "$at/model.rec"
    gives 0 "$output" '' rec-view - <"$at/model.rec"
}

@test "-H prints header lines and provenance" {
    try rec-view -H "$at/encode.rec"
    equal "$status" 0
    equal "$stderr" ''
    equal "$(sed 's/IN:[0-9a-f]\{16\}$/IN:digest/; s/VN:[0-9.]*/VN:version/' <<<"$output")" "$(lines \
        $'@SEC\tID:1\tNM:users\tKD:dict\tBY:rec-encode' $'@COL\tNM:id\tTY:str\tFI:none' \
        $'@SEC\tID:2\tNM:items\tKD:dict\tBY:rec-encode' $'@COL\tNM:id\tTY:str\tFI:none' \
        $'@SEC\tID:3\tNM:ratings\tKD:table\tBY:rec-encode' \
        $'@COL\tNM:user\tTY:u32\tFI:steps\tRF:users' $'@COL\tNM:item\tTY:u32\tFI:steps\tRF:items' \
        $'@COL\tNM:rating\tTY:f32\tFI:packed' $'@COL\tNM:time\tTY:i64\tFI:steps' \
        $'@PG\tID:rec-clean\tPN:rec-clean\tVN:version\tPA:--form auto --header auto --skip 0 --head 0 --dups exact --min-user 0 --min-item 0\tIN:digest' \
        $'@PG\tID:rec-encode\tPP:rec-clean\tPN:rec-encode\tVN:version\tPA:--order sorted\tIN:digest')"
}

@test "-s prints a section: ids, or with --codes their numbers" {
    gives 0 "$(lines $'user\titem\trating\ttime' $'a\tx\t5\t1' $'b\ty\t3.5\t2' $'a\ty\t4\t3' $'c\tx\t1\t-4')" '' \
        rec-view -s ratings "$at/encode.rec"
    gives 0 "$(lines $'user\titem\trating\ttime' $'0\t0\t5\t1' $'1\t1\t3.5\t2' $'0\t1\t4\t3' $'2\t0\t1\t-4')" '' \
        rec-view -s ratings --codes "$at/encode.rec"
    gives 0 "$(lines id a b c)" '' rec-view -s users "$at/encode.rec"
}

@test "--column prints one column" {
    gives 0 "$(lines item x y y x)" '' rec-view -s ratings --column item "$at/encode.rec"
    gives 0 "$(lines rating 5 3.5 4 1)" '' rec-view -s ratings -c rating "$at/encode.rec"
}

@test "vectors are one column an element" {
    try rec-view -s model.W1 "$at/model.rec"
    equal "$status" 0
    equal "${lines[0]}" $'row.0\trow.1'
    equal "${#lines[@]}" 6
}

@test "whole numbers are printed as such" {
    printf 'a,x,%s,%s\n' 10 1 100 2 1000 3 20 4 0 5 -30 6 | rec-clean -o out.rec
    gives 0 "$(lines rating 10 100 1000 20 0 -30)" '' rec-view -s raw -c rating out.rec
}

@test "floats are printed so that they read back the same" {
    printf 'a,x,%s,1\n' 0.1 3.3333333333 16777215 1e-38 3.4e38 0.30000001 >in.csv
    rec-clean in.csv -o 1.rec
    rec-view -s raw --to csv 1.rec | rec-clean --header yes -o 2.rec
    cmp <(rec-view -s raw -c rating -t npy 1.rec) <(rec-view -s raw -c rating -t npy 2.rec)
}

@test "TSV: control bytes and backslashes in ids are escaped, so a row is a line" {
    printf '"a\tb\nc",x\\y,5,1\n' | rec-clean -o out.rec
    gives 0 "$(lines $'user\titem\trating\ttime' 'a\x09b\x0ac'$'\t''x\x5cy'$'\t5\t1')" '' \
        rec-view -s raw out.rec
}

@test "CSV: quoted where it must be, and only there; rec-clean reads it back" {
    printf '"a,b","say ""x""",5,1\n"c\nd",e f,4,2\n"g\rh","plain",3,3\n' >in.csv
    rec-clean in.csv -o out.rec
    rec-view -s raw --to csv out.rec >out.csv
    printf 'user,item,rating,time\n"a,b","say ""x""",5,1\n"c\nd",e f,4,2\n"g\rh",plain,3,3\n' | cmp - out.csv
    rec-clean --header yes out.csv -o again.rec
    cmp <(rec-view -s raw out.rec) <(rec-view -s raw again.rec)
}

# npy_header FILE: the text of its header.
npy_header() {
    head -c 128 "$1" | tail -c +11 | sed 's/ *$//'
}

@test "npy: magic, version, length, header, padded to 64 bytes" {
    rec-view -s ratings -c rating --to npy -o out.npy "$at/encode.rec"
    equal "$(head -c 10 out.npy | od -An -tx1 | tr -d ' \n')" 934e554d50590100"$(printf '%02x%02x' 118 0)"
    equal "$(npy_header out.npy)" "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }"
    equal "$(head -c 128 out.npy | tail -c 1 | od -An -tx1 | tr -d ' ')" 0a
    equal "$(wc -c <out.npy)" $((128 + 16))
    # 5, 3.5, 4, 1 as little-endian floats
    equal "$(tail -c 16 out.npy | od -An -tx1 | tr -d ' \n')" 0000a04000006040000080400000803f
}

@test "npy: every type of column, and a matrix by rows" {
    rec-view -s ratings -c user --to npy -o user.npy "$at/encode.rec"
    equal "$(npy_header user.npy)" "{'descr': '<u4', 'fortran_order': False, 'shape': (4,), }"
    equal "$(tail -c 16 user.npy | od -An -v -tx1 | tr -d ' \n')" 00000000010000000000000002000000
    rec-view -s ratings -c time --to npy -o time.npy "$at/encode.rec"
    equal "$(npy_header time.npy)" "{'descr': '<i8', 'fortran_order': False, 'shape': (4,), }"
    equal "$(tail -c 8 time.npy | od -An -tx1 | tr -d ' \n')" fcffffffffffffff
    rec-view -s split --to npy -o split.npy "$at/model.rec"
    equal "$(npy_header split.npy)" "{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }"
    rec-view -s model.log -c loss --to npy -o loss.npy "$at/model.rec"
    equal "$(npy_header loss.npy)" "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"
    rec-view -s model.W1 --to npy -o W1.npy "$at/model.rec"
    equal "$(npy_header W1.npy)" "{'descr': '<f4', 'fortran_order': False, 'shape': (5, 2), }"
    tail -c +129 W1.npy | od -An -v -t f4 -w8 | awk '{ printf "%.7g %.7g\n", $1, $2 }' |
        cmp - <(rows model.W1 "$at/model.rec" | awk '{ printf "%.7g %.7g\n", $1, $2 }')
}

@test "npy for what is no column of numbers is a usage error" {
    for s in users 'ratings' 'model'; do
        refuses 2 'rec-view: npy holds one column of numbers*' \
            rec-view -s "$s" --to npy "$at/model.rec" -o out.npy
    done
    [ ! -e out.npy ]
}

@test "mtx: the graph as coordinates, a matrix as a dense array by columns" {
    gives 0 "$(lines '%%MatrixMarket matrix coordinate real general' '5 5 8' \
        '1 4 5' '1 5 4' '2 5 3.5' '3 4 1' '4 1 5' '4 3 1' '5 1 4' '5 2 3.5')" '' \
        rec-view -s graph --to mtx "$at/graph.rec"
    try rec-view -s model.W1 --to mtx "$at/model.rec"
    equal "$status" 0
    equal "${lines[0]}" '%%MatrixMarket matrix array real general'
    equal "${lines[1]}" '5 2'
    equal "$(tail -n +3 <<<"$output")" \
        "$(rows model.W1 "$at/model.rec" | cut -f 1; rows model.W1 "$at/model.rec" | cut -f 2)"
}

@test "mtx for a table is a usage error" {
    gives 2 '' "rec-view: mtx holds a graph or a matrix, not 'ratings'" \
        rec-view -s ratings --to mtx "$at/graph.rec"
}

@test "a section or a column that is not there" {
    gives 4 '' "rec-view: $at/model.rec: no section 'raw'; -l lists them" \
        rec-view -s raw "$at/model.rec"
    gives 2 '' "rec-view: section 'ratings' has no column 'stars'" \
        rec-view -s ratings -c stars "$at/model.rec"
}

@test "--to, --column and --codes without -s are usage errors" {
    for options in '--to npy' '--to csv' '--column user' --codes; do
        # shellcheck disable=SC2086
        refuses 2 'rec-view: *' rec-view $options "$at/encode.rec"
    done
}

# ---- --check ----

@test "--check: one line for a good file" {
    try rec-view --check "$at/model.rec"
    equal "$status" 0
    equal "$stderr" ''
    [[ $output =~ ^"$at/model.rec: ok: 14 sections, 14 data frames, digest "[0-9a-f]{16}$ ]]
    try rec-view -C <"$at/clean.rec"
    equal "$status" 0
    [[ $output =~ ^'stdin: ok: 1 sections, 1 data frames, digest '[0-9a-f]{16}$ ]]
}

@test "--check goes before other questions, which it does not change, and not with rows" {
    rec-view --check "$at/model.rec" >want
    rec-view -l "$at/model.rec" >>want
    rec-view -H "$at/model.rec" >>want
    gives 0 "$(<want)" '' rec-view -H -l -C "$at/model.rec"
    grep -q '^model.W1	matrix' want
    refuses 2 'rec-view: --section and --check: one or the other' rec-view -C -s users "$at/model.rec"
}

@test "the digest does not depend on how the file is packed" {
    for z in 0 9; do
        ratings 3000 | rec-clean -z $z -o $z.rec
    done
    run cmp -s 0.rec 9.rec
    equal "$status" 1
    equal "$(rec-view -C 0.rec | sed 's/.*digest//')" "$(rec-view -C 9.rec | sed 's/.*digest//')"
}

@test "--check and every other question refuse a damaged file: exit 4, nothing on stdout" {
    size=$(wc -c <"$at/model.rec")
    cp "$at/model.rec" bad.rec
    printf '\377' | dd of=bad.rec bs=1 seek=$((size / 2)) conv=notrunc status=none
    run cmp -s bad.rec "$at/model.rec"
    equal "$status" 1
    head -c $((size - 1)) "$at/model.rec" >cut.rec
    { cat "$at/model.rec"; printf x; } >long.rec
    for f in bad cut long; do
        for question in --check -l -H --prov '-s users'; do
            # shellcheck disable=SC2086
            refuses 4 "rec-view: $f.rec: *" rec-view $question $f.rec
        done
    done
}

# ---- --parts ----

# parts_by_awk: reads user, item, time and part of each row; prints what --parts should.
parts_by_awk() {
    awk -F '\t' 'BEGIN { split("train valid test", name, " ") }
        { p = $4; rows[p]++
          if (!(p in first) || $3 < first[p]) first[p] = $3
          if (!(p in last) || $3 > last[p]) last[p] = $3
          if (!((p, $1) in user)) { user[p, $1]; users[p] = users[p] $1 "\t"; n[p]++ }
          if (!((p, $2) in item)) { item[p, $2]; items[p] = items[p] $2 "\t"; m[p]++ } }
        END {
          print "part\trows\tusers\twarm_users\tcold_users\titems\twarm_items\tcold_items\tfirst_time\tlast_time"
          for (p = 0; p < 3; p++) {
            w = v = 0
            k = split(users[p], a, "\t"); for (i = 1; i < k; i++) w += (0, a[i]) in user
            k = split(items[p], a, "\t"); for (i = 1; i < k; i++) v += (0, a[i]) in item
            printf "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n", name[p + 1], rows[p], n[p], w,
              n[p] - w, m[p], v, m[p] - v, p in first ? first[p] : "-", p in last ? last[p] : "-"
          } }'
}

@test "--parts: sizes of the parts, what they share with training, and their times" {
    printf '%s\n' a,x,5,1 b,y,4,2 a,y,3,3 c,x,2,4 c,z,1,5 a,w,1,6 | rec-clean | rec-encode |
        rec-split --method time --test 0.34 --valid 0.25 -o out.rec
    gives 0 "$(lines $'part\trows\tusers\twarm_users\tcold_users\titems\twarm_items\tcold_items\tfirst_time\tlast_time' \
        $'train\t3\t2\t2\t0\t2\t2\t0\t1\t3' $'valid\t1\t1\t0\t1\t1\t1\t0\t4\t4' \
        $'test\t2\t2\t1\t1\t2\t0\t2\t5\t6')" '' rec-view --parts out.rec
    rec-split --test 0 --valid 0 -o all.rec out.rec
    equal "$(rec-view --parts all.rec | tail -n 2)" \
        "$(lines $'valid\t0\t0\t0\t0\t0\t0\t0\t-\t-' $'test\t0\t0\t0\t0\t0\t0\t0\t-\t-')"
}

@test "--parts without times has no columns for them" {
    printf '%s\n' a,x,5 b,x,4 | rec-clean --time none | rec-encode |
        rec-split --method last -o out.rec
    gives 0 "$(lines $'part\trows\tusers\twarm_users\tcold_users\titems\twarm_items\tcold_items' \
        $'train\t2\t2\t2\t0\t1\t1\t0' $'valid\t0\t0\t0\t0\t0\t0\t0' $'test\t0\t0\t0\t0\t0\t0\t0')" '' \
        rec-view --parts out.rec
}

# parts_agree FILE: splits it in several ways and compares --parts with awk's count.
parts_agree() {
    for method in random user time last; do
        rec-split --method $method -o out.rec "$1"
        cmp <(rec-view --parts out.rec) \
            <(paste <(rows ratings out.rec | cut -f 1,2,4) <(rows split out.rec) | parts_by_awk)
    done
}

@test "--parts agrees with a count by awk" {
    ratings 3000 | rec-clean | rec-encode -o encode.rec
    parts_agree encode.rec
}

@test "--parts agrees with a count by awk: MovieLens 100k" {
    data ml-100k/u.data
    tr '\t' , <"$data" | rec-clean --header no | rec-encode -o encode.rec
    parts_agree encode.rec
}

@test "--parts with other questions; without a split; with a form" {
    try rec-view --parts -s split -l "$at/split.rec"
    equal "$status" 0
    equal "$(grep -n '^section\|^part' <<<"$output")" \
        "$(lines $'1:section\tkind\tby\trows\tframes\tbytes\tstored' \
            "6:$(rec-view --parts "$at/split.rec" | head -n 1)" 10:part)"
    try rec-view --parts --check "$at/model.rec"
    equal "$status" 0
    equal "$(tail -n +2 <<<"$output")" "$(rec-view --parts "$at/split.rec")"
    gives 4 '' "rec-view: $at/encode.rec: no section 'split': run it through rec-split first" \
        rec-view --parts "$at/encode.rec"
    gives 2 '' 'rec-view: --to goes with --section alone' \
        rec-view --parts -s split --to csv "$at/split.rec"
    gives 2 '' 'rec-view: --to, --column, --codes, --part and --rows go with --section' \
        rec-view --parts --codes "$at/split.rec"
    gives 5 '' 'rec-view: /dev/full: cannot write: No space left on device' \
        rec-view --parts -o /dev/full "$at/split.rec"
}

# ---- --prov ----

@test "--prov gives a script that makes the same file from the same input" {
    ratings 600 >in.csv
    sed 's/^/"/; s/,/ \& '\''x'\''",/' in.csv | tr , '|' >odd.txt
    rec-clean in.csv | rec-encode | rec-split | rec-graph | rec-train --epochs 3 -o 1.rec
    rec-clean --delim '|' --head 500 --skip 2 --dups keep odd.txt | rec-encode --order first |
        rec-split --test 0.123456789 --valid 0 --seed 18446744073709551615 | rec-graph |
        rec-train --hidden 3 --layers 3 --epochs 3 --lr 0.0123 --weight-decay 1e-5 --seed 9 -o 2.rec
    gives 0 '' '' rec-view --prov 1.rec -o 1.sh
    gives 0 '' '' rec-view --prov 2.rec -o 2.sh
    sh 1.sh in.csv >again.rec
    cmp 1.rec again.rec
    sh 2.sh odd.txt >again.rec
    cmp 2.rec again.rec
}

@test "--prov works for names that a shell would read, several files and standard input" {
    printf "us'er|i tem|\$(r)|*\na|b|5|1\n" >'odd name.csv'
    rec-clean --delim '|' -u "us'er" -i 2 -r '$(r)' -t '*' --header yes -o 1.rec 'odd name.csv'
    rec-view --prov 1.rec >1.sh
    sh 1.sh 'odd name.csv' >again.rec
    cmp 1.rec again.rec
    ratings 20 >1.csv
    ratings 30 >2.csv
    rec-clean 1.csv 2.csv | rec-encode | rec-split --method source -o 2.rec
    rec-view --prov 2.rec >2.sh
    sh 2.sh 1.csv 2.csv >again.rec
    cmp 2.rec again.rec
    rec-clean -o 3.rec 1.csv
    rec-view --prov 3.rec >3.sh
    sh 3.sh <1.csv >again.rec
    cmp 3.rec again.rec
}

@test "--prov, word for word" {
    try rec-view --prov "$at/graph.rec"
    equal "$status" 0
    equal "$stderr" ''
    equal "$(sed 's/rec [0-9][0-9.]*$/rec VERSION/' <<<"$output")" "$(lines '#!/bin/sh' '# made by rec VERSION' \
        'rec-clean --form auto --header auto --skip 0 --head 0 --dups exact --min-user 0 --min-item 0 -- "$@" |' \
        'rec-encode --order sorted |' \
        'rec-split --method random --test 0 --valid 0 --test-source 2 --last 1 --folds 5 --fold 1 --seed 1 |' 'rec-graph')"
}

@test "two runs of one stage are two lines with names of their own" {
    rec-split --seed 3 "$at/model.rec" | rec-graph -o out.rec
    equal "$(rec-view -H out.rec | grep '^@PG' | cut -f 2 | sort | uniq -d)" ''
    equal "$(rec-view -H out.rec | grep -c '^@PG')" 7
}
