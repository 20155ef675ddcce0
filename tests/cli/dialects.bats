# rec-clean finds out how a text splits rows and columns.  The counts on public sets are
# those of Python's csv module.
load common

# counts WANTED OPTIONS... FILE: rows read and kept, as the summary says them.
counts() {
    local wanted=$1

    shift
    rec-clean -v -o out.rec "$@" 2>words
    equal "$(sed -n 's/.*: \([0-9]*\) rows read = \([0-9]*\) kept.*/\1 \2/p' words)" "$wanted"
}

# found WHAT: what -v said of the last file.
found() {
    equal "$(sed -n 's/.*: columns end at/columns end at/p' words)" "$1"
}

@test "comma, tab, semicolon, bar, space and :: are found by looking, and give the same rows" {
    printf '%s\n' a,x,5,1 b,y,4,2 'c,z,3,3' >comma
    tr , '\t' <comma >tab
    tr , ';' <comma >semicolon
    tr , ' ' <comma >space
    tr , "|" <comma >bar
    sed 's/,/::/g' comma >colons
    rec-clean comma | rec-view -s raw >wanted
    for file in tab semicolon bar space colons; do
        rec-clean -v $file 2>words | rec-view -s raw | cmp - wanted
    done
    found 'columns end at ::, lines at LF, without header'
    rec-clean -v - <tab 2>words | rec-view -s raw | cmp - wanted
    found 'columns end at tab, lines at LF, without header'
}

@test "LF, CRLF and CR end lines" {
    printf 'a,x,5,1\nb,y,4,2\n' >lf
    sed 's/$/\r/' lf >crlf
    tr '\n' '\r' <lf >cr
    for file in crlf cr; do
        rec-clean $file | rec-view -s raw >got
        rec-clean lf | rec-view -s raw | cmp - got
    done
    rec-clean -v cr 2>words >/dev/null
    found 'columns end at ,, lines at CR, without header'
}

@test "delimiters in quotes do not count, and --delim overrides what is found" {
    printf '"a;1;2;3",x,5,1\n"b;1;2;3",y,4,2\n' >in
    rec-clean -v in 2>words >/dev/null
    found 'columns end at ,, lines at LF, without header'
    printf 'a,b;x,y;5;1\n' >in
    equal "$(rec-clean -d ';' in | rec-view -s raw | tail -n 1)" $'a,b\tx,y\t5\t1'
    equal "$(printf 'a:b::x::5::1\n' | rec-clean -d :: | rec-view -s raw | tail -n 1)" \
        $'a:b\tx\t5\t1'
    refuses 2 "rec-clean: --delim: ';;' is not one character, '::' or 'tab'" \
        rec-clean -d ';;' in
}

@test "a line that is split otherwise than the file is told from one that is short" {
    printf '%s\n' a,x,5,1 b,y,4,2 b,z,4,2 'c;z;3;3' 'd;z;3;3' >in
    refuses 3 "rec-clean: in:4: this line is split by ';', the file by ','" rec-clean in -o out.rec
    printf '%s\n' 'a;x;5' 'b;y;4' '"c"::"z"::3' >in
    refuses 3 "rec-clean: in:3: this line is split by '::', the file by ';'" rec-clean in -o out.rec
    printf '%s\n' a,x,5,1 b,y,4,2 $'c\tz\t3\t3' >in
    refuses 3 "rec-clean: in:3: this line is split by 'tab', the file by ','" rec-clean in -o out.rec
    printf '%s\n' a,x,5,1 b,y,4,2 '# this is a remark' >in
    refuses 3 'rec-clean: in:3: 1 column where at least 4 are due*' rec-clean in -o out.rec
    [ ! -e out.rec ]
}

@test "a batch border changes nothing: long files, one thread and four, quotes or not" {
    rec-synth --ratings 300000 --users 130000 --items 9000 >plain.csv
    [ "$(wc -c <plain.csv)" -gt 10000000 ]
    sed 's/^\([^,]*\),\([^,]*\)/"\1","\2"/' plain.csv >quoted.csv
    rec-clean -T1 plain.csv | rec-view -s raw >wanted
    awk -F, 'BEGIN { OFS = "\t"; print "user", "item", "rating", "time" }
        { print $1, $2, $3 + 0, $4 }' plain.csv | cmp - wanted
    rec-clean -T4 plain.csv | rec-view -s raw | cmp - wanted
    rec-clean -T4 quoted.csv | rec-view -s raw | cmp - wanted
    { sed -n 1,200000p plain.csv; echo 'a,b,x,1'; } >bad.csv
    refuses 3 "rec-clean: bad.csv:200001: rating: not a number: 'x'" rec-clean -T2 bad.csv
}

@test "repeated rows are found across batches and threads" {
    rec-synth --ratings 250000 --users 100000 --items 9000 >once.csv
    cat once.csv once.csv >twice.csv
    counts "500000 $(sort -u once.csv | wc -l)" -T4 twice.csv
    rec-clean once.csv | rec-view -s raw >wanted
    rec-view -s raw out.rec | cmp - wanted
}

@test "MovieLens: tabs" {
    data ml-100k/u.data
    counts '100000 100000' "$data"
    found 'columns end at tab, lines at LF, without header'
}

@test "MovieTweetings: ::" {
    data movietweetings/ratings.dat
    counts '100000 100000' "$data"
    found 'columns end at ::, lines at LF, without header'
}

@test "Douban: no times" {
    data douban/train.csv
    counts '123202 123202' "$data"
}

@test "a header" {
    data messy/amazon-electronics.header.csv
    counts '50698 50698' "$data"
    found 'columns end at ,, lines at LF, with header'
}

@test "a header with a comma at its end, CRLF" {
    data messy/beauty-header-trailing-comma-30000.csv
    counts '29999 29999' "$data"
}

@test "a byte order mark" {
    data messy/electronics-bom-100.csv
    counts '100 100' "$data"
    equal "$(rows raw out.rec | head -n 1)" $'AKM1MP6P0OYPR\t132793040\t5\t1365811200'
}

@test "quoted fields between semicolons, CRLF, no header, no times" {
    data messy/bx-original-dialect-fragment.csv
    counts '39268 39268' "$data"
    equal "$(rows raw out.rec | head -n 1)" $'43842\t0739432540\t0'
}

@test "semicolons and a byte that is not UTF-8" {
    data messy/bx-semicolon-99998.csv
    counts '99998 99988' "$data"
    found 'columns end at ;, lines at LF, with header, no time column'
}

@test "quoted commas in nine columns, chosen by name" {
    data messy/musical-reviews-quoted-commas.csv
    counts '499 499' -u reviewerID -i asin -r overall -t unixReviewTime "$data"
    equal "$(rows raw out.rec | head -n 1)" $'A2IBPI20UZIR0U\t1384719342\t5\t1393545600'
}
