# rec-clean: implicit input: lists, rows without a rating, a threshold.
load common

# raw STDERR COMMAND...: rec-clean must succeed with that on stderr; rows are in $rows.
raw() {
    local said=$1

    shift
    gives 0 '' "$said" "$@" -o raw.rec
    rows=$(rows raw raw.rec)
}

# ---- lists ----

@test "a list gives a row of rating 1 for each item of its user, without a time" {
    printf 'ann tea milk\nbob milk\n' >in
    gives 0 '' '' rec-clean --form list in -o raw.rec
    gives 0 "$(lines $'user\titem\trating' $'ann\ttea\t1' $'ann\tmilk\t1' $'bob\tmilk\t1')" '' \
        rec-view -s raw raw.rec
}

@test "lists may end in CRLF or without a newline, in spaces, and have empty lines" {
    printf '\r\nann tea  milk \r\n\r\nbob milk' >in
    raw '' rec-clean --form list in
    equal "$rows" "$(lines $'ann\ttea\t1' $'ann\tmilk\t1' $'bob\tmilk\t1')"
}

@test "a user without items is a row without an item, and counted" {
    printf 'ann tea\nbob\ncat \ndan milk\n' >in
    raw 'rec-clean: 4 rows read = 2 kept + 2 with a missing value (user 0, item 2, rating 0, time 0)' \
        rec-clean --form list in
    equal "$rows" "$(lines $'ann\ttea\t1' $'dan\tmilk\t1')"
}

@test "a list that begins with its delimiter has no user: its rows lack a value" {
    printf 'ann tea\n milk bread\n' >in
    raw 'rec-clean: 3 rows read = 1 kept + 2 with a missing value (user 2, item 0, rating 0, time 0)' \
        rec-clean --form list in
    equal "$rows" $'ann\ttea\t1'
}

@test "an item twice in a user's lists is a repeated row" {
    printf 'ann tea tea\nbob tea\nann tea\n' >in
    raw 'rec-clean: 4 rows read = 2 kept + 2 repeated' rec-clean --form list in
    equal "$rows" "$(lines $'ann\ttea\t1' $'bob\ttea\t1')"
}

@test "lists are split at spaces, at tabs if lines are, or as --delim says; a quote is a byte" {
    printf 'ann tea "x\nbob milk\n' >in
    raw '' rec-clean --form list in
    equal "$rows" "$(lines $'ann\ttea\t1' $'ann\t"x\t1' $'bob\tmilk\t1')"
    printf 'ann\tgreen tea\nbob\tmilk\n' >in
    raw '' rec-clean --form list in
    equal "$rows" "$(lines $'ann\tgreen tea\t1' $'bob\tmilk\t1')"
    printf 'ann,green tea,,milk\nbob,milk\n' >in
    raw '' rec-clean --form list -d , in
    equal "$rows" "$(lines $'ann\tgreen tea\t1' $'ann\tmilk\t1' $'bob\tmilk\t1')"
    printf 'ann::a:b::c\n' >in
    raw '' rec-clean --form list -d :: in
    equal "$rows" "$(lines $'ann\ta:b\t1' $'ann\tc\t1')"
}

@test "--head counts the rows of lists, and --skip passes over lines" {
    printf '# who and what\nann tea milk\nbob milk\n' >in
    raw '' rec-clean --form list --skip 1 --head 1 in
    equal "$rows" $'ann\ttea\t1'
}

@test "rows dropped of lists are written with user and item" {
    printf 'ann tea tea\n%0300d milk\n' 7 >in
    raw "rec-clean: in:2: user: in a list, an id of more than 256 bytes: '$(printf '%053d' 0)...'
rec-clean: 3 rows read = 1 kept + 1 repeated + 1 rejected" \
        rec-clean --form list --reject r.tsv in
    equal "$(sed -n 2p r.tsv)" $'repeated\tin:1\tann tea'
    equal "$(sed -n 3p r.tsv | cut -f 2,3)" "$(printf 'in:2\t%0300d milk' 7)"
}

@test "--form list refuses a choice of columns and a header" {
    printf 'ann tea\n' >in
    for o in '-u 2' '-k 3' '-c a,b,c' '-t 4' '--header yes'; do
        # shellcheck disable=SC2086
        refuses 2 'rec-clean: in: lists have no columns to choose*' \
            rec-clean --form list $o in -o raw.rec
    done
}

@test "lists without any item are no ratings" {
    printf 'ann\nbob\n' >in
    run rec-clean --form list in -o raw.rec
    [[ $status = 3 && $output = *'in: no ratings: every row was dropped' ]]
}

# ---- what is taken for lists ----

# found WHAT TEXT: rec-clean -v says WHAT of a file of TEXT, whether it likes it or not.
found() {
    printf '%b' "$2" >in
    run rec-clean -v --max-errors 99 in -o raw.rec
    [[ $output == *"in: $1"* ]] || { echo "'$2': $output"; return 1; }
}

@test "lines of different length, each another user, all numbers or no ratings, are lists" {
    found lists '0 1 2 3 4 5\n1 7\n2 8 9\n'
    found lists '0 1 2 3 4 5\n1 7 2 978300760\n2 8 9\n'
    found lists 'ann tea milk bread jam\nbob tea\n'
    found lists '0 1 2 3 4 5\n1\n'
    found lists 'u0 1 2 3 4 5\nu1 6 7 8\n'
    found lists '0\t1\t2\t3\t4\n1\t7\n'
}

@test "rating files are not taken for lists, even if their lines differ" {
    found columns 'ann tea 4 978300760\nbob tea 3 978300761\n'
    found columns '1 2 4 978300760\n2 2 3\n3 4 5 978300761\n'        # at most four fields
    found columns '1 2 4 978300760 7 8\n1 3 3 978300761\n2 3 4 9\n'  # a user again
    found columns '1 2 4 978300760 Toy Story\n2 2 3 978300761 Heat\n'
    found columns '1 2 4 2014-07-23 9 9\n2 2 3 2014-07-23\n'         # a date
    found columns 'user item rating time title\n1 2 4 9 Toy Story\n2 3 4 9 Up\n'
    found columns '1,2,4,9,8,7\n2,3\n3,4,5\n'                        # not spaces
    found columns '1 2 3 4 "5 6"\n2 3\n'                             # quotes
    found columns '0 1 2 3 4 5\n'                                    # one line
}

@test "--form rows, and a choice of columns, mean rows whatever the text looks like" {
    printf '0 1 2 3 4 5\n1 7 3 4\n' >in
    raw '' rec-clean --form rows in
    equal "$rows" "$(lines $'0\t1\t2\t3' $'1\t7\t3\t4')"
    raw '' rec-clean -u 1 -t none in
    equal "$rows" "$(lines $'0\t1\t2' $'1\t7\t3')"
}

@test "files of both forms may be read together; -M and -T change nothing" {
    awk 'BEGIN { for (u = 0; u < 3000; u++) { printf "%d", u
        for (i = 0; i < u % 300; i++) printf " %d", (u * 7 + i * i) % 1000; print "" } }' >lists
    printf '7 8 1\n' >rows
    rec-clean -q -T 1 lists rows -o 1.rec
    rec-clean -q -T 4 lists rows -o 4.rec
    rec-clean -q -T 4 -M 32M lists rows -o m.rec
    cmp 1.rec 4.rec
    cmp 1.rec m.rec
    equal "$(rows raw 1.rec | cut -f 1,2,4)" "$(awk '{ for (i = 2; i <= NF; i++)
        if (!seen[$1, $i]++) print $1 "\t" $i "\t1" }' lists; printf '7\t8\t2')"
    gzip -c lists | rec-clean -q - rows -o z.rec
    equal "$(rows raw 1.rec)" "$(rows raw z.rec)"
}

@test "Gowalla is 810,128 + 217,242 rows in lists that are found" {
    [ -r "$REC_TEST_DATA/gowalla/test.txt" ] || skip 'no REC_TEST_DATA'
    rec-clean -v "$REC_TEST_DATA"/gowalla/{train,test}.txt -o raw.rec 2>said
    grep -q '1027370 rows read = 1027370 kept' said
    [ "$(grep -c 'lists of a user.s items, split at space' said)" = 2 ]
}

# ---- rows without a rating ----

@test "two columns are user and item, every rating 1, no time" {
    printf 'ann,tea\nbob,milk\n' >in
    raw '' rec-clean in
    equal "$rows" "$(lines $'ann\ttea\t1' $'bob\tmilk\t1')"
    printf 'user_id,item_id\nann,tea\n' >in
    raw '' rec-clean -t none in
    equal "$rows" $'ann\ttea\t1'
    rec-clean -v in -o raw.rec 2>said
    grep -q 'with header, no rating column: every rating is 1, no time column' said
}

@test "where the first row has two columns all must have" {
    printf 'ann,tea\nbob,milk,4,9\n' >in
    refuses 3 'rec-clean: in:2: 4 columns where 2 are due, as in the first row (--rating 3 reads ratings, --form list takes rows of any length)' \
        rec-clean in -o raw.rec
    printf 'ann,tea\nbob\n' >in
    refuses 3 'rec-clean: in:2: 1 column where at least 2 are due' rec-clean in -o raw.rec
    printf 'item,user\ntea,ann\n' >in
    refuses 3 "rec-clean: in:1: column 2 is called 'user'*" rec-clean in -o raw.rec
}

@test "--rating none leaves ratings out, and times too with --time none" {
    printf 'ann,tea,4,9\nbob,milk,,8\n' >in
    raw '' rec-clean -r none in
    equal "$rows" "$(lines $'ann\ttea\t1\t9' $'bob\tmilk\t1\t8')"
    raw '' rec-clean -r none -t none in
    equal "$rows" "$(lines $'ann\ttea\t1' $'bob\tmilk\t1')"
    printf 'when,who,what\n3,ann,tea\n' >in
    raw '' rec-clean -r none -t when -u who -i what in
    equal "$rows" $'ann\ttea\t1\t3'
}

@test "common names of users and items are a header" {
    for header in User-ID,ISBN userId,movieId reviewerID,asin username,game uid,iid; do
        printf '%s\nann,tea\n' $header >in
        raw '' rec-clean in
        equal "$rows" $'ann\ttea\t1'
    done
}

@test "users and items called user1, item1 are no header" {
    printf 'user1,item1\nuser2,item2\n' >in
    raw '' rec-clean in
    equal "$rows" "$(lines $'user1\titem1\t1' $'user2\titem2\t1')"
    printf 'u,i\nid,x\n' >in
    raw '' rec-clean in
    equal "$rows" "$(lines $'u\ti\t1' $'id\tx\t1')"
}

# ---- a threshold ----

@test "--threshold drops and counts what is below, and what is left is rated 1" {
    printf 'a,x,4,1\na,y,3.5,2\nb,x,3,3\nb,y,5,4\n' >in
    raw 'rec-clean: 4 rows read = 3 kept + 1 out of range' \
        rec-clean --threshold 3.5 --reject r.tsv in
    equal "$rows" "$(lines $'a\tx\t1\t1' $'a\ty\t1\t2' $'b\ty\t1\t4')"
    equal "$(tail -n 1 r.tsv)" $'out of range\tin:3\tb,x,3,3'
}

@test "a pair above the threshold twice repeats, under -M too" {
    printf 'a,x,4\na,x,5\nb,x,4\n' >in
    raw 'rec-clean: 3 rows read = 2 kept + 1 repeated' rec-clean --threshold 3 in
    equal "$rows" "$(lines $'a\tx\t1' $'b\tx\t1')"
    rec-clean -q --threshold 3 -M 32M in -o m.rec
    cmp raw.rec m.rec
}

@test "--threshold comes before repeats are looked for, and --range holds too" {
    printf 'a,x,4\na,x,5\na,x,2\nb,x,9\n' >in
    raw 'rec-clean: 4 rows read = 1 kept + 1 repeated + 2 out of range' \
        rec-clean --threshold 3 --range :5 in
    equal "$rows" $'a\tx\t1'
}

@test "a threshold as ratings are stored: 0.1 is not below 0.1; nothing left is an error" {
    printf 'a,x,0.1\n' >in
    raw '' rec-clean --threshold 0.1 in
    run rec-clean --threshold 1 in -o none.rec
    [[ $status = 3 && $output = *'every row was dropped' ]]
    [ ! -e none.rec ]
    refuses 2 '*--threshold*' rec-clean --threshold high in -o none.rec
}
