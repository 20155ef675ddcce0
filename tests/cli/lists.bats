# rec-clean on what has no ratings: lists, two columns, and ratings made likes.
load common

setup() {
    here
}

# kept: the rows of a stream on stdin, user,item,rating
kept() {
    rec-view -s raw --to csv - | tail -n +2
}

# plain: what lists on stdin say, by awk
plain() {
    awk '{ for (i = 2; i <= NF; i++) print $1 "," $i ",1" }'
}

@test "lists are found by looking, and are what awk makes of them" {
    printf '%s\n' 'u1 a b c' 'u2 b' 'u3 a c d e f' 'u4 g h' >lists
    rec-clean -v lists 2>said | kept >got
    plain <lists >want
    cmp got want
    grep -q "lists: lists of a user's items, split at space" said
    tr ' ' '\t' <lists | rec-clean -q | kept | cmp - want
    sed 's/$/\r/' lists | rec-clean -q | kept | cmp - want
    gzip <lists | rec-clean -q | kept | cmp - want
}

@test "lists of any length on any number of threads, pieces cut anywhere" {
    awk 'BEGIN { srand(3); for (u = 0; u < 20000; u++) { printf "u%d", u; n = int(rand() * 60) + 1
        for (i = 0; i < n; i++) printf " %d", i * 7919 % 50021 + u % 3; print "" }
        printf "long"; for (i = 0; i < 100000; i++) printf " %d", i; print "" }' >lists
    plain <lists >want
    rec-clean -q -T 1 lists -o one.rec
    rec-clean -q -T 4 lists -o four.rec
    cmp one.rec four.rec
    rec-view -s raw --to csv one.rec | tail -n +2 | cmp - want
}

@test "a user without items is counted, repeated spaces and items are passed over" {
    printf '%s\n' 'u1 a b c d' 'u2' 'u3 a  b ' '' 'u4 a a' >lists
    rec-clean lists 2>said | kept >got
    equal "$(<got)" "$(lines u1,a,1 u1,b,1 u1,c,1 u1,d,1 u3,a,1 u3,b,1 u4,a,1)"
    grep -q '9 rows read = 7 kept + 1 with a missing value (user 0, item 1, rating 0, time 0) + 1 repeated' said
}

@test "lists of the same length look like rows, unless --form says what they are" {
    printf '%s\n' 'u1 1 2 3' 'u2 4 5 6' >same
    equal "$(rec-clean -q same | kept)" "$(lines u1,1,2,3 u2,4,5,6)"
    equal "$(rec-clean -q --form list same | kept)" "$(plain <same)"
    printf '%s\n' 'u1 a b c d e' 'u2 b' >lists
    refuses 3 'rec-clean: lists:*' rec-clean -q --form rows lists
}

@test "ratings split at spaces are not taken for lists" {
    for file in '1 2 3 4' '1 2 3.5 4 extra words'; do
        for _ in 1 2 3; do echo "$file"; done | rec-clean -q --dups keep | kept >got
        equal "$(wc -l <got)" 3
    done
}

@test "two columns: every row is worth 1, and a header is known by its names" {
    printf '%s\n' u1,a u2,b >two
    equal "$(rec-clean -q two | kept)" "$(lines u1,a,1 u2,b,1)"
    printf '%s\n' user_id,item_id u1,a u2,b >headed
    equal "$(rec-clean -q headed | kept)" "$(lines u1,a,1 u2,b,1)"
    printf '%s\n' u1,a u2,b,3 >more
    refuses 3 'rec-clean: more:2: 3 columns where 2 are due*' rec-clean -q more
    printf '%s\n' u1,a,5,100 u2,b,3,200 >rated
    equal "$(rec-clean -q --rating none --time none rated | kept)" "$(lines u1,a,1 u2,b,1)"
    equal "$(rec-clean -q --rating none rated | kept)" "$(lines u1,a,1,100 u2,b,1,200)"
}

@test "--threshold drops what is below and makes the rest 1" {
    printf '%s\n' u1,a,7,1 u1,b,6.9,2 u2,a,10,3 u2,c,0,4 >rated
    rec-clean --threshold 7 rated 2>said | kept >got
    equal "$(<got)" "$(lines u1,a,1,1 u2,a,1,3)"
    grep -q '2 out of range' said
    equal "$(rec-clean -q --threshold 5 --range 6:8 rated | kept)" "$(lines u1,a,1,1 u1,b,1,2)"
    refuses 2 "rec-clean: --threshold: 'x' is not a number" rec-clean --threshold x rated
    rec-clean -q --threshold 7 rated | rec-view --prov - | grep -q -- '--threshold 7'
}

@test "a bad list: a NUL byte, a line beyond 1 MiB" {
    printf 'u1 a b c d\nu2 a\0b\nu3 a\n' >nul
    refuses 3 'rec-clean: nul:2: a NUL byte: this is not text' rec-clean -q nul
    { printf '%s\n' 'u1 a b c d' 'u3 a'; printf 'u2'; yes ' item' | head -n 300000 | tr -d '\n'; echo; } >wide
    refuses 3 'rec-clean: wide:3: a line of more than 1 MiB' rec-clean -q wide
}

@test "Gowalla: both files, every pair" {
    data gowalla
    rec-clean -q "$data/train.txt" "$data/test.txt" -o g.rec
    equal "$(rec-view g.rec | awk -F '\t' '$1 == "raw" { print $4 }')" 1027370
    rec-view -s raw --to csv g.rec | tail -n +2 | cut -d , -f 1-3 >got
    cat "$data/train.txt" "$data/test.txt" | plain | cmp - got
}
