# rec-clean: rating files in, section `raw` out.
load common

# raw STDERR COMMAND...: rec-clean must succeed with that on stderr; rows are in $rows.
raw() {
    local said=$1

    shift
    gives 0 '' "$said" "$@" -o raw.rec
    rows=$(rows raw raw.rec)
}

HEAD=$'user\titem\trating\ttime'

@test "columns are user, item, rating, time, rows in the order of the input" {
    printf 'b,y,4.5,20\na,x,3,10\nb,x,1,-5\n' >in.csv
    gives 0 '' '' rec-clean in.csv -o raw.rec
    gives 0 "$(lines "$HEAD" $'b\ty\t4.5\t20' $'a\tx\t3\t10' $'b\tx\t1\t-5')" '' \
        rec-view -s raw raw.rec
}

# ---- header ----

@test "a first row whose rating and time are words is taken for a header" {
    printf 'user,item,rating,time\na,x,5,1\n' >in.csv
    raw '' rec-clean in.csv
    equal "$rows" $'a\tx\t5\t1'
}

@test "a first row with numbers is data" {
    printf '1,2,3,4\n5,6,7,8\n' >in.csv
    raw '' rec-clean in.csv
    equal "$rows" "$(lines $'1\t2\t3\t4' $'5\t6\t7\t8')"
}

@test "a first row without rating and time is data with missing values, not a header" {
    printf 'a,x,,\nb,y,4,2\n' >in.csv
    raw 'rec-clean: 2 rows read = 1 kept + 1 with a missing value (user 0, item 0, rating 1, time 0)' \
        rec-clean in.csv
    equal "$rows" $'b\ty\t4\t2'
}

@test "--header yes passes over the first row whatever it is" {
    printf '1,2,3,4\n5,6,7,8\n' >in.csv
    raw '' rec-clean --header yes in.csv
    equal "$rows" $'5\t6\t7\t8'
}

@test "--header no takes the first row for data: a header is then an error on line 1" {
    printf 'user,item,rating,time\na,x,5,1\n' >in.csv
    gives 3 '' "rec-clean: in.csv:1: rating: not a number: 'rating'; is column 3 the rating? choose it with --rating" \
        rec-clean --header no in.csv -o raw.rec
    [ ! -e raw.rec ]
}

@test "every file may have a header of its own, in its own order" {
    printf 'user,item,rating,time\na,x,5,1\n' >1.csv
    printf 'time,rating,item,user\n2,4,y,b\n' >2.csv
    raw '' rec-clean -u user -i item -r rating -t time 1.csv 2.csv
    equal "$rows" "$(lines $'a\tx\t5\t1\t1' $'b\ty\t4\t2\t2')"
}

# ---- columns ----

@test "columns are chosen by name" {
    printf 'when,stars,what,who,note\n1,5,x,a,n\n2,4,y,b,n\n' >in.csv
    raw '' rec-clean --user who --item what --rating stars --time when in.csv
    equal "$rows" "$(lines $'a\tx\t5\t1' $'b\ty\t4\t2')"
}

@test "columns are chosen by number, from 1" {
    printf '1,5,x,a,n\n2,4,y,b,n\n' >in.csv
    raw '' rec-clean -u 4 -i 3 -r 2 -t 1 in.csv
    equal "$rows" "$(lines $'a\tx\t5\t1' $'b\ty\t4\t2')"
}

@test "--columns names the columns of a file without header, in any order" {
    printf '1,5,x,a\n2,4,y,b\n' >in.csv
    raw '' rec-clean --columns time,rating,item,user in.csv
    equal "$rows" "$(lines $'a\tx\t5\t1' $'b\ty\t4\t2')"
}

@test "--columns with names of one's own, chosen by name" {
    printf 'z,1,5,x,a\nz,2,4,y,b\n' >in.csv
    raw '' rec-clean --columns _,when,stars,what,who -u who -i what -r stars -t when in.csv
    equal "$rows" "$(lines $'a\tx\t5\t1' $'b\ty\t4\t2')"
}

@test "a name that the header does not have is an error with its line" {
    printf 'user,item,rating,time\na,x,5,1\n' >in.csv
    gives 3 '' "rec-clean: in.csv:1: the header has no column 'who'" \
        rec-clean -u who in.csv
}

@test "a name that --columns does not have is a usage error" {
    printf '1,5,x,a\n' >in.csv
    gives 2 '' "rec-clean: --columns a,b,c has no 'user' (--user, --item, --rating and --time name them)" \
        rec-clean --columns a,b,c in.csv
}

@test "column 0 and column 257 are usage errors" {
    printf 'a,x,5,1\n' >in.csv
    for n in 0 257; do
        gives 2 '' 'rec-clean: --user: columns are numbered from 1 to 256' \
            rec-clean -u $n in.csv
    done
}

@test "a first row of three columns says that there is no time; so must the others" {
    printf 'a,x,5\nb,y,4\n' >in.csv
    gives 0 '' '' rec-clean in.csv -o raw.rec
    gives 0 "$(lines $'user\titem\trating' $'a\tx\t5' $'b\ty\t4')" '' rec-view -s raw raw.rec
    try rec-clean -v in.csv -o raw.rec
    equal "${stderr_lines[0]}" 'rec-clean: in.csv: columns end at ,, lines at LF, without header, no time column'
    for header in user,item,rating 'User,Item,Stars' 'user,item,rating,'; do
        printf '%s\na,x,5\nb,y,4\n' "$header" >header.csv
        gives 0 '' '' rec-clean header.csv -o raw.rec
        gives 0 "$(lines $'user\titem\trating' $'a\tx\t5' $'b\ty\t4')" '' rec-view -s raw raw.rec
    done
    printf 'b,y,4,7\n' >>in.csv
    gives 3 '' 'rec-clean: in.csv:3: 4 columns where 3 are due, as the first row has no time (--time none ignores times)' \
        rec-clean in.csv -o none.rec
    [ ! -e none.rec ]
    gives 0 '' 'rec-clean: 3 rows read = 2 kept + 1 repeated' rec-clean --time none in.csv -o raw.rec
}

@test "a first row that lacks its rating and time does not take the times of the others" {
    printf 'a,x,bad,\nb,y,4,2\n' >in.csv
    gives 3 '' 'rec-clean: in.csv:2: 4 columns where 3 are due, as the first row has no time (--time none ignores times)' \
        rec-clean in.csv -o raw.rec
    [ ! -e raw.rec ]
}

@test "a header of four columns over rows of three is an error that names --time none" {
    printf 'user,item,rating,time\na,x,5\n' >in.csv
    gives 3 '' 'rec-clean: in.csv:2: 3 columns where at least 4 are due (user,item,rating,time; without times: --time none)' \
        rec-clean in.csv -o raw.rec
    [ ! -e raw.rec ]
}

@test "once a column is chosen, three columns are too few" {
    printf 'a,x,5\n' >in.csv
    gives 3 '' 'rec-clean: in.csv:1: 3 columns where at least 4 are due (user,item,rating,time; without times: --time none)' \
        rec-clean -u 1 in.csv
}

@test "several files agree on whether there is a time" {
    printf 'a,x,5\n' >three.csv
    printf 'b,y,4,2\n' >four.csv
    : >empty.csv
    gives 3 '' 'rec-clean: four.csv has a time column, other than three.csv: --time none leaves times out' \
        rec-clean empty.csv three.csv four.csv -o raw.rec
    gives 3 '' 'rec-clean: three.csv has no time column, other than four.csv: --time none leaves times out' \
        rec-clean four.csv three.csv -o raw.rec
    [ ! -e raw.rec ]
    raw '' rec-clean --time none three.csv four.csv
    equal "$rows" "$(lines $'a\tx\t5\t1' $'b\ty\t4\t2')"
    raw '' rec-clean three.csv empty.csv three.csv
    equal "$rows" "$(lines $'a\tx\t5\t1' $'a\tx\t5\t3')"
}

@test "a header that names a field elsewhere is not read by position" {
    printf 'item,user,rating,time\nx,a,5,1\n' >in.csv
    gives 3 '' "rec-clean: in.csv:1: column 2 is called 'user', and column 1 would be read for it: choose with --user" \
        rec-clean in.csv -o raw.rec
    printf 'item,Rating,time\nx,5,1\n' >in.csv
    gives 3 '' "rec-clean: in.csv:1: column 1 is called 'item', and column 2 would be read for it: choose with --item" \
        rec-clean in.csv -o raw.rec
    [ ! -e raw.rec ]
}

@test "a rating column that is text is an error that names --rating" {
    printf 'user,item,title,rating,time\na,x,Tea,5,1\nb,y,Milk,4,2\n' >in.csv
    gives 3 '' "rec-clean: in.csv:1: column 4 is called 'rating', and column 3 would be read for it: choose with --rating" \
        rec-clean in.csv -o raw.rec
    sed -i 's/rating,time/stars,when/' in.csv
    gives 3 '' "rec-clean: in.csv:2: rating: not a number: 'Tea'; is column 3 the rating? choose it with --rating" \
        rec-clean in.csv -o raw.rec
    [ ! -e raw.rec ]
}

@test "a row that is too short is an error on its line" {
    printf 'a,x,5,1\n\nb,y\n' >in.csv
    gives 3 '' 'rec-clean: in.csv:3: 2 columns where at least 4 are due (user,item,rating,time; without times: --time none)' \
        rec-clean in.csv -o raw.rec
}

@test "further columns are ignored, and so is a comma at the end of the line" {
    printf 'a,x,5,1,more,\nb,y,4,2,\n' >in.csv
    raw '' rec-clean in.csv
    equal "$rows" "$(lines $'a\tx\t5\t1' $'b\ty\t4\t2')"
}

@test "--delim takes a character or the word tab" {
    printf 'a|x|5|1\n' >bar.csv
    printf 'a\tx\t5\t1\n' >tab.tsv
    raw '' rec-clean --delim '|' bar.csv
    equal "$rows" $'a\tx\t5\t1'
    raw '' rec-clean --delim tab tab.tsv
    equal "$rows" $'a\tx\t5\t1'
    for bad in '' ',;' '"'; do
        gives 2 '' "rec-clean: --delim: '$bad' is not one character, '::' or 'tab'" \
            rec-clean --delim "$bad" bar.csv
    done
}

# ---- kept columns ----

@test "--keep carries columns along as they are, by name or number" {
    printf 'user,item,rating,time,note,where\na,x,5,1,"so, so",\nb,y,4,2,,NA\n' >in.csv
    gives 0 '' '' rec-clean --keep where,5 in.csv -o raw.rec
    gives 0 "$(lines "$HEAD"$'\twhere\tnote' $'a\tx\t5\t1\t\tso, so' $'b\ty\t4\t2\tNA\t')" '' \
        rec-view -s raw raw.rec
    printf 'a,x,5,1,n\n' >in.csv
    gives 0 '' '' rec-clean --keep 5,3 in.csv in.csv -o raw.rec
    gives 0 "$(lines "$HEAD"$'\tc5\tc3\tsource' $'a\tx\t5\t1\tn\t5\t1' $'a\tx\t5\t1\tn\t5\t2')" '' \
        rec-view -s raw raw.rec
    gives 0 '' '' rec-clean --keep note -c user,item,rating,time,note in.csv -o raw.rec
    equal "$(rec-view -s raw raw.rec | head -n 1)" "$HEAD"$'\tnote'
    gives 0 '' '' rec-clean --keep 5 -t none -c user,item,rating,time,note in.csv -o raw.rec
    gives 0 "$(lines $'user\titem\trating\tnote' $'a\tx\t5\tn')" '' rec-view -s raw raw.rec
}

@test "--keep: rows that differ in a kept column are not repeats" {
    printf 'a,x,5,1,n,m\na,x,5,1,nm,\na,x,5,1,,nm\na,x,5,1,n,m\n' >in.csv
    raw 'rec-clean: 4 rows read = 3 kept + 1 repeated' rec-clean --keep 5,6 in.csv
    equal "$rows" "$(lines $'a\tx\t5\t1\tn\tm' $'a\tx\t5\t1\tnm\t' $'a\tx\t5\t1\t\tnm')"
}

@test "--keep: a name that cannot be a column of raw, or is one, is refused" {
    printf 'user,item,rating,time,My Note,source,user\na,x,5,1,n,s,u\n' >in.csv
    gives 2 '' "rec-clean: --keep: 'My Note' cannot name a column (1 to 64 of A-Z, a-z, 0-9, '.', '_', '-'): name it with --columns and --header yes" \
        rec-clean -u 1 --keep 5 in.csv -o raw.rec
    gives 2 '' "rec-clean: --keep: there is a column 'source' already" \
        rec-clean -u 1 --keep source in.csv -o raw.rec
    gives 2 '' "rec-clean: --keep: there is a column 'user' already" rec-clean -u 1 --keep 7 in.csv -o raw.rec
    gives 3 '' "rec-clean: in.csv:1: the header has no column 'nope'" \
        rec-clean -u 1 --keep nope in.csv -o raw.rec
    gives 2 '' "rec-clean: --keep: '8,,6' is not a list of columns" rec-clean -u 1 --keep 8,,6 in.csv
    gives 2 '' 'rec-clean: --keep: columns are numbered from 1 to 256' rec-clean -u 1 --keep 257 in.csv
    gives 3 '' 'rec-clean: in.csv:2: 7 columns where at least 8 are due' \
        rec-clean -u 1 --keep 8 in.csv
    raw '' rec-clean --header yes --columns user,item,rating,time,note,s,u --keep note,u in.csv
    equal "$rows" $'a\tx\t5\t1\tn\tu'
    gives 2 '' "rec-clean: --keep: 'note' is named twice" \
        rec-clean --header yes --columns user,item,rating,time,note --keep note,5 in.csv
    gives 2 '' 'rec-clean: --keep: more than 16 columns' \
        rec-clean -u 1 --header no --keep "$(seq -s , 5 21)" in.csv
}

@test "--keep: several files have the same columns; 64 KiB a row are the most" {
    printf 'user,item,rating,time,a,b\na,x,5,1,n,m\n' >1.csv
    printf 'user,item,rating,time,b,a\na,x,5,1,m2,n2\n' >2.csv
    raw '' rec-clean --keep a,b 1.csv 2.csv
    equal "$rows" "$(lines $'a\tx\t5\t1\tn\tm\t1' $'a\tx\t5\t1\tn2\tm2\t2')"
    gives 3 '' "rec-clean: 2.csv: --keep: column 1 is called 'b' here, 'a' in 1.csv" \
        rec-clean --keep 5,6 1.csv 2.csv -o none.rec
    [ ! -e none.rec ]
    printf 'a,x,5,1,%065536d\n' 0 >in.csv
    raw '' rec-clean --keep 5 in.csv
    printf 'a,x,5,1,%065536d,y\n' 0 >in.csv
    gives 3 '' 'rec-clean: in.csv:1: kept columns of more than 64 KiB' rec-clean --keep 5,6 in.csv
}

# ---- where it reads from ----

@test "standard input, '-', a file and gzip of any of them give the same bytes" {
    ratings 300 >in.csv
    gzip -c in.csv >in.csv.gz
    rec-clean in.csv -o file.rec
    rec-clean -o stdin.rec <in.csv
    rec-clean -o dash.rec - <in.csv
    rec-clean -o gz.rec in.csv.gz
    rec-clean -o gzstdin.rec <in.csv.gz
    for other in stdin dash gz gzstdin; do
        cmp file.rec $other.rec
    done
}

@test "gzip of several members is read to its end" {
    printf 'a,x,5,1\n' | gzip >in.gz
    printf 'b,y,4,2\n' | gzip >>in.gz
    raw '' rec-clean in.gz
    equal "$rows" "$(lines $'a\tx\t5\t1' $'b\ty\t4\t2')"
}

@test "a gzip file cut in half is an error and leaves no output" {
    ratings 1000 | gzip >in.gz
    head -c $(($(wc -c <in.gz) / 2)) in.gz >cut.gz
    gives 3 '' 'rec-clean: cut.gz: the gzip data is cut off; fetch the file again' \
        rec-clean cut.gz -o raw.rec
    equal "$(ls)" "$(lines cut.gz in.gz)"
}

@test "several files: the column source says which file a row is from" {
    printf 'a,x,5,1\n' >1.csv
    printf 'b,y,4,2\na,x,5,1\n' >2.csv
    gives 0 '' '' rec-clean 1.csv - -o raw.rec <2.csv
    gives 0 "$(lines "$HEAD"$'\tsource' $'a\tx\t5\t1\t1' $'b\ty\t4\t2\t2' $'a\tx\t5\t1\t2')" '' \
        rec-view -s raw raw.rec
}

@test "standard input named twice is a usage error" {
    refuses 2 'rec-clean: *' rec-clean - - -o raw.rec <<<'a,x,5,1'
    [ ! -e raw.rec ]
}

@test "a file that is missing, or a folder, is exit 5; nothing is left behind" {
    printf 'a,x,5,1\n' >in.csv
    mkdir folder
    gives 5 '' 'rec-clean: nope.csv: cannot open: No such file or directory' \
        rec-clean nope.csv -o raw.rec
    gives 5 '' 'rec-clean: nope.csv: cannot open: No such file or directory' \
        rec-clean in.csv nope.csv -o raw.rec
    gives 5 '' 'rec-clean: folder: is a directory' rec-clean folder -o raw.rec
    equal "$(ls)" "$(lines folder in.csv)"
}

@test "a rec file is not taken for text" {
    printf 'a,x,5,1\n' | rec-clean -o raw.rec
    refuses 3 'rec-clean: raw.rec: *a rec file*' rec-clean raw.rec -o again.rec
}

@test "an empty file, a header alone and empty lines are exit 3" {
    : >empty.csv
    printf 'user,item,rating,time\n' >header.csv
    printf '\n\r\n\n' >lines.csv
    for f in empty header lines; do
        gives 3 '' "rec-clean: $f.csv: no ratings: no data rows" rec-clean $f.csv -o raw.rec
    done
    [ ! -e raw.rec ]
}

@test "empty standard input is exit 3 and is called stdin" {
    gives 3 '' 'rec-clean: stdin: no ratings: no data rows' rec-clean -o raw.rec </dev/null
    [ ! -e raw.rec ]
}

# ---- --skip and --head ----

@test "--skip passes over lines, whatever is in them, and line numbers count them" {
    printf '# made by hand\n# "\na,x,5,1\nb,y,no,2\n' >in.csv
    gives 3 '' "rec-clean: in.csv:4: rating: not a number: 'no'" rec-clean --skip 2 in.csv
    printf '# made by hand\n# "\na,x,5,1\n' >in.csv
    raw '' rec-clean --skip 2 in.csv
    equal "$rows" $'a\tx\t5\t1'
}

@test "--skip beyond the end leaves no rows" {
    printf 'a,x,5,1\n' >in.csv
    gives 3 '' 'rec-clean: in.csv: no ratings: no data rows' rec-clean --skip 9 in.csv
}

@test "--head counts data rows of each file, before cleaning; the rest is not read" {
    printf 'user,item,rating,time\na,x,5,1\na,x,5,1\nb,y,,2\nc,z,bad,3\n' >1.csv
    printf 'd,z,1,4\ne,z,2,5\nf,z,3,6\ng,z,4,7\n' >2.csv
    raw 'rec-clean: 6 rows read = 4 kept + 1 with a missing value (user 0, item 0, rating 1, time 0) + 1 repeated' \
        rec-clean --head 3 1.csv 2.csv
    equal "$rows" "$(lines $'a\tx\t5\t1\t1' $'d\tz\t1\t4\t2' $'e\tz\t2\t5\t2' $'f\tz\t3\t6\t2')"
}

# ---- what is dropped ----

@test "missing values are dropped and counted by column, the first of a row counting" {
    cat >in.csv <<'END'
a,x,5,1
,x,5,2
b,,5,3
b,y,,4
b,y,5,
,,,
b,y,nan,6
b,y,NaN,7
b,y,NA,8
b,y,null,9
b,y,5,NULL
b,y,5,None
b,y,N/A,NA
END
    raw 'rec-clean: 13 rows read = 1 kept + 12 with a missing value (user 2, item 1, rating 6, time 3)' \
        rec-clean in.csv
    equal "$rows" $'a\tx\t5\t1'
}

@test "an id may be NA" {
    printf 'NA,null,5,1\n' >in.csv
    raw '' rec-clean in.csv
    equal "$rows" $'NA\tnull\t5\t1'
}

# left MODE ROW...: the rows of pairs.csv that stay, and the counts.
left() {
    local mode=$1

    shift
    raw "rec-clean: 6 rows read = $# kept + $((6 - $#)) repeated" rec-clean --dups "$mode" pairs.csv
    equal "$rows" "$(lines "$@")"
}

@test "--dups says which of a user's ratings of an item stays" {
    printf 'a,x,4,1\nb,x,2,5\na,x,1,9\na,x,4,1\na,y,3,2\nb,x,2,4\n' >pairs.csv
    left exact $'a\tx\t4\t1' $'b\tx\t2\t5' $'a\tx\t1\t9' $'a\ty\t3\t2' $'b\tx\t2\t4'
    left first $'a\tx\t4\t1' $'b\tx\t2\t5' $'a\ty\t3\t2'
    left last $'a\tx\t4\t1' $'a\ty\t3\t2' $'b\tx\t2\t4'
    left mean $'a\tx\t3\t1' $'a\ty\t3\t2' $'b\tx\t2\t4'
    raw '' rec-clean --dups keep pairs.csv
    equal "$(wc -l <<<"$rows")" 6
}

@test "--dups error: a second rating of an item ends it, with its line" {
    printf 'u,i,r,t\na,x,4,1\nb,x,,5\nb,x,2,5\n\na,x,1,9\nb,x,2,5\n' >in.csv
    gives 3 '' "rec-clean: in.csv:6: user 'a' has rated item 'x' before" \
        rec-clean --dups error in.csv -o raw.rec
    [ ! -e raw.rec ]
    raw '' rec-clean --dups error --head 1 in.csv
    head -n 2 in.csv >one.csv
    printf 'b,z,1,1\na,x,5,5\n' >two.csv
    gives 3 '' "rec-clean: two.csv:2: user 'a' has rated item 'x' before" \
        rec-clean --dups error one.csv two.csv -o two.rec
    [ ! -e two.rec ]
}

@test "--min-user and --min-item are applied until nothing changes" {
    # without c, y has one rating left; without y, b has one
    printf 'a,x,1,1\na,z,2,2\nb,x,3,3\nb,y,4,4\nc,y,5,5\na,x,1,1\nd,z,1,1\nd,x,1,1\n' >in.csv
    raw 'rec-clean: 8 rows read = 4 kept + 1 repeated + 3 of too few of a user or item' \
        rec-clean --min-user 2 --min-item 2 in.csv
    equal "$rows" "$(lines $'a\tx\t1\t1' $'a\tz\t2\t2' $'d\tz\t1\t1' $'d\tx\t1\t1')"
    raw 'rec-clean: 8 rows read = 6 kept + 1 repeated + 1 of too few of a user or item' \
        rec-clean --min-user 2 in.csv
    gives 3 '' "$(lines 'rec-clean: 8 rows read = 0 kept + 1 repeated + 7 of too few of a user or item' \
        'rec-clean: in.csv: no ratings: every row was dropped')" \
        rec-clean --min-item 9 in.csv -o none.rec
    [ ! -e none.rec ]
}

# spilt M OPTION...: cleans in.csv within M, through temporary files that leave nothing
# behind, and within the bound; to out.rec.
spilt() {
    local m=$1

    shift
    mkdir -p tmp
    TMPDIR=$PWD/tmp rec-clean -v -M "$m" "$@" -o out.rec in.csv 2>said
    grep -q 'MiB went through temporary files' said
    awk -v m="${m%M}" '/peak memory/ { peak = $4 } END { exit !(peak > 1 && peak <= m) }' said
    equal "$(ls -A tmp)" ''
}

@test "within -M, through temporary files: the same bytes for every --dups" {
    rec-synth --users 60000 --items 4000 --ratings 200000 --shuffle >once.csv
    { cat once.csv; sed -n '1~9p' once.csv; sed -n '1~7s/,[0-9.]*,/,3,/p' once.csv; } >in.csv
    for dups in exact first last mean keep; do
        rec-clean -q --dups $dups --min-item 3 -o whole.rec in.csv
        spilt 40M --dups $dups --min-item 3 -T1
        cmp whole.rec out.rec
    done
    for dups in exact first; do # the rest of the rows, when memory ends on the way
        rec-clean -q --dups $dups -o whole.rec in.csv
        for m in 32M 40M; do
            spilt $m --dups $dups -T1
            cmp whole.rec out.rec
            spilt $m --dups $dups -T4
            cmp whole.rec out.rec
        done
    done
    refuses 3 "rec-clean: user '*' rated item '*' more than once" \
        rec-clean --dups error -M 32M -o none.rec in.csv
}

@test "within -M, kept columns and several files" {
    rec-synth --users 60000 --items 4000 --ratings 150000 | sed 's/,.*/&,"k ""x"", &"/' >in.csv
    rec-clean -q -c user,item,rating,time,note -k note -o whole.rec in.csv in.csv in.csv
    TMPDIR=. rec-clean -v -M 64M -c user,item,rating,time,note -k note -o out.rec in.csv in.csv \
        in.csv 2>said
    grep -q 'MiB went through temporary files' said
    cmp whole.rec out.rec
}

@test "a TMPDIR that does not exist is told, and nothing is written" {
    rec-synth --users 60000 --items 900 --ratings 200000 >in.csv
    TMPDIR=$PWD/gone refuses 5 \
        "rec-clean: $PWD/gone: cannot make a temporary file,*set TMPDIR*: No such file or directory" \
        rec-clean -M 32M -o out.rec in.csv
    [ ! -e out.rec ]
}

@test "rows that repeat in full are dropped and counted; --dups keep keeps them" {
    printf 'a,x,5,1\na,x,5.0,1\n"a",x,5,1\na,x,5,2\na,x,4,1\nb,x,5,1\na,y,5,1\na,x,5,1\n' >in.csv
    raw 'rec-clean: 8 rows read = 5 kept + 3 repeated' \
        rec-clean in.csv
    equal "$rows" "$(lines $'a\tx\t5\t1' $'a\tx\t5\t2' $'a\tx\t4\t1' $'b\tx\t5\t1' $'a\ty\t5\t1')"
    raw '' rec-clean --dups keep in.csv
    equal "$(grep -c . <<<"$rows")" 8
}

@test "ids that read the same when joined are not repeats" {
    printf 'ab,c,5,1\na,bc,5,1\n' >in.csv
    raw '' rec-clean in.csv
    equal "$rows" "$(lines $'ab\tc\t5\t1' $'a\tbc\t5\t1')"
}

@test "-v prints the sum when nothing was dropped, -q prints nothing when something was" {
    printf 'a,x,5,1\nb,y,4,2\n' >in.csv
    try rec-clean -v in.csv -o raw.rec
    equal "$status" 0
    equal "$output" ''
    equal "${stderr_lines[1]}" 'rec-clean: 2 rows read = 2 kept + 0 with a missing value (user 0, item 0, rating 0, time 0) + 0 repeated + 0 out of range + 0 rejected'
    printf 'a,x,5,1\na,x,5,1\n,y,4,2\n' >in.csv
    gives 0 '' '' rec-clean -q in.csv -o raw.rec
}

@test "the numbers of the sum add up" {
    { ratings 500; ratings 100; printf ',x,1,1\nq,,1,1\nq,x,,1\nq,x,1,\n'; } >in.csv
    try rec-clean in.csv -o raw.rec
    equal "$status" 0
    equal "$output" ''
    [[ $stderr =~ ^'rec-clean: '([0-9]+)' rows read = '([0-9]+)' kept + '([0-9]+)' with a missing value (user '([0-9]+)', item '([0-9]+)', rating '([0-9]+)', time '([0-9]+)') + '([0-9]+)' repeated'$ ]]
    n=("${BASH_REMATCH[@]}")
    equal "${n[1]}" 604
    equal "${n[1]}" $((n[2] + n[3] + n[8]))
    equal "${n[3]}" $((n[4] + n[5] + n[6] + n[7]))
    equal "${n[2]}" "$(rows raw raw.rec | wc -l)"
}

@test "when every row is dropped, exit 3, saying why" {
    printf 'a,x,,1\nb,,5,2\n' >in.csv
    gives 3 '' "$(lines \
        'rec-clean: 2 rows read = 0 kept + 2 with a missing value (user 0, item 1, rating 1, time 0)' \
        'rec-clean: in.csv: no ratings: every row was dropped')" rec-clean in.csv -o raw.rec
    [ ! -e raw.rec ]
}

@test "--range drops ratings outside, each end as close as a 32-bit float" {
    printf 'a,x,%s,1\n' 0.1 0.09 0.3 0.31 -1 5 >in.csv
    raw 'rec-clean: 6 rows read = 2 kept + 4 out of range' rec-clean --range 0.1:0.3 in.csv
    equal "$(cut -f 3 <<<"$rows" | cut -c 1-3)" "$(lines 0.1 0.3)"
    raw 'rec-clean: 6 rows read = 5 kept + 1 out of range' rec-clean --range 0: in.csv
    raw 'rec-clean: 6 rows read = 2 kept + 4 out of range' rec-clean --range :0.1 --range :0.09999 in.csv
    raw '' rec-clean --range : in.csv
    for bad in '' 5 1:5:7 a:5 1:b ' 1:5' 1:inf; do
        gives 2 '' "rec-clean: --range: '$bad' is not LO:HI, such as 1:5" rec-clean --range "$bad" in.csv
    done
    gives 2 '' "rec-clean: --range: '5:1' is empty" rec-clean --range 5:1 in.csv
}

# ---- bad rows ----

# bad_rows: one of each kind of fault that is one of a row alone; good rows in between.
bad_rows() {
    printf 'a,x,5,1\nb,y\nc,x,five,3\n"q\n1",x,1,1\nd,x,5,never\ne,y,3,2014-02-30\n'
    printf 'f,x,1e39,2\ng'
    printf ',z%.0s' {1..300}
    printf '\n%070000d,x,5,1\nh,y,2,2\n' 0
}

@test "--max-errors drops so many bad rows; the first is shown, one more is an error" {
    bad_rows >in.csv
    first="rec-clean: in.csv:2: 2 columns where at least 4 are due (user,item,rating,time; without times: --time none)"
    for n in 7 8 18446744073709551615; do
        raw "$(lines "$first" 'rec-clean: 10 rows read = 3 kept + 7 rejected')" \
            rec-clean --max-errors $n in.csv
        equal "$rows" "$(lines $'a\tx\t5\t1' $'q\\x0a1\tx\t1\t1' $'h\ty\t2\t2')"
    done
    n=0
    while IFS= read -r message; do
        try rec-clean --max-errors $n in.csv -o none.rec
        [[ $status = 3 && $stderr = "rec-clean: in.csv:$message"* ]] || blame 3 '' "$message"
        [ ! -e none.rec ]
        n=$((n + 1))
    done <<'END'
2: 2 columns where at least 4 are due
3: rating: not a number: 'five'
6: time: neither seconds nor a date: 'never'
7: time: neither seconds nor a date: '2014-02-30'
8: rating: too large: '1e39'
9: more than 256 columns
10: user: an id of more than 64 KiB: '000
END
    equal $n 7
    gives 2 '' "rec-clean: --max-errors: '-1' is not a whole number" rec-clean --max-errors -1 in.csv
}

@test "--max-errors does not forgive a text whose rows cannot be told apart" {
    printf 'a,x,5,1\nb,y,4,2\0\n' >nul.csv
    printf 'a,x,5,1\n"b,y,4,2\n' >quote.csv
    refuses 3 '*nul.csv:2: a NUL byte*' rec-clean --max-errors 9 nul.csv
    refuses 3 '*quote.csv:2: a quote is opened*' rec-clean --max-errors 9 quote.csv
    refuses 3 '*quote.csv:2: a quote is opened*' rec-clean --reject r.tsv quote.csv
    [ ! -e r.tsv ]
}

@test "which bad row is one too many does not depend on threads, --head or several files" {
    ratings 100000 | awk -F, -v OFS=, 'NR % 1000 == 7 { $3 = "bad" NR } 1' >in.csv
    for t in 1 3; do
        gives 3 '' "rec-clean: in.csv:50007: rating: not a number: 'bad50007'" \
            rec-clean -T $t --max-errors 50 in.csv -o none.rec
        gives 3 '' "rec-clean: in.csv:20007: rating: not a number: 'bad20007'" \
            rec-clean -T $t --max-errors 120 in.csv in.csv -o none.rec
        raw "$(lines "rec-clean: in.csv:7: rating: not a number: 'bad7'" \
            'rec-clean: 100000 rows read = 99900 kept + 100 rejected')" \
            rec-clean -T $t --max-errors 100 in.csv
    done
    [ ! -e none.rec ]
    gives 3 '' "rec-clean: in.csv:2007: rating: not a number: 'bad2007'" \
        rec-clean --head 5000 --max-errors 2 in.csv
    gives 0 '' "$(lines "rec-clean: in.csv:7: rating: not a number: 'bad7'" \
        'rec-clean: 2006 rows read = 2004 kept + 2 rejected')" \
        rec-clean --head 2006 --max-errors 2 in.csv -o raw.rec
}

@test "--reject writes every row that is dropped, with its reason, in the order of the input" {
    { bad_rows; printf 'a,x,5,1\r\n"",x,5,1\n"b","y, ""z""\n2",NA,2\r\nz,x,9,1'; } >in.csv
    raw "$(lines "rec-clean: in.csv:2: 2 columns where at least 4 are due (user,item,rating,time; without times: --time none)" \
        'rec-clean: 14 rows read = 3 kept + 2 with a missing value (user 1, item 0, rating 1, time 0) + 1 repeated + 1 out of range + 7 rejected')" \
        rec-clean --range :5 --reject r.tsv in.csv
    cut -c 1-90 r.tsv >short
    sed -i 's/\(0\{5\}\)0*/\1/' short
    cat >wanted <<'END'
reason	place	row
2 columns where at least 4 are due (user,item,rating,time; without times: --time none)	in.
rating: not a number: 'five'	in.csv:3	c,x,five,3
time: neither seconds nor a date: 'never'	in.csv:6	d,x,5,never
time: neither seconds nor a date: '2014-02-30'	in.csv:7	e,y,3,2014-02-30
rating: too large: '1e39'	in.csv:8	f,x,1e39,2
more than 256 columns	in.csv:9	g,z,z,z,z,z,z,z,z,z,z,z,z,z,z,z,z,z,z,z,z,z,z,z,z,z,z,z,z,z
user: an id of more than 64 KiB: '00000...
repeated	in.csv:12	a,x,5,1
user: missing	in.csv:13	"",x,5,1
rating: missing	in.csv:14	"b","y, ""z""
2",NA,2
out of range	in.csv:16	z,x,9,1
END
    diff wanted short
    equal "$(sed -n 's/^more than 256 columns\tin.csv:9\t//p' r.tsv)" "$(sed -n 9p in.csv)"
    equal "$(ls)" "$(lines in.csv r.tsv raw.rec short wanted)"
}

@test "--reject gives the same file with one thread and four, over batches and files" {
    ratings 60000 | awk -F, -v OFS=, '{ $5 = sprintf("%0150d", 0) }
        NR % 100 == 7 { $3 = "bad" } NR % 77 == 0 { $4 = "" } { print }
        NR % 55 == 0 { print "again,i,1,1" }' >in.csv
    [ "$(wc -c <in.csv)" -gt 9000000 ]
    rec-clean -q -T1 --reject 1.tsv -o 1.rec in.csv in.csv
    rec-clean -q -T4 --reject 4.tsv -o 4.rec in.csv in.csv
    cmp 1.tsv 4.tsv
    cmp <(rows raw 1.rec) <(rows raw 4.rec)
    awk -F, '$3 == "bad" || $4 == "" || ($1 == "again" && n++)' in.csv >dropped
    tail -n +2 1.tsv | cut -f 3 | cmp - <(cat dropped dropped)
}

@test "--reject is unlimited alone, and limited by --max-errors; then it leaves nothing" {
    bad_rows >in.csv
    refuses 3 '*in.csv:2: 2 columns*' rec-clean --reject r.tsv --max-errors 0 in.csv
    refuses 3 '*in.csv:10: user: an id*' rec-clean --reject r.tsv --max-errors 6 in.csv
    [ ! -e r.tsv ]
    rec-clean -q --reject r.tsv in.csv | rec-view --prov >prov
    grep -q -- '--max-errors 18446744073709551615' prov
    ! grep -q -- --reject prov
}

@test "--reject has the rows also when none is left; nothing was dropped: a header alone" {
    printf 'a,x,bad,1\n' >in.csv
    gives 3 '' "$(lines \
        "rec-clean: in.csv:1: rating: not a number: 'bad'; is column 3 the rating? choose it with --rating" \
        'rec-clean: 1 rows read = 0 kept + 1 rejected' \
        'rec-clean: in.csv: no ratings: every row was dropped')" rec-clean --reject r.tsv in.csv -o raw.rec
    equal "$(tail -n 1 r.tsv | cut -f 2-)" $'in.csv:1\ta,x,bad,1'
    [ ! -e raw.rec ]
    printf 'a,x,5,1\n' >in.csv
    gives 0 '' '' rec-clean --reject r.tsv in.csv -o raw.rec
    equal "$(<r.tsv)" $'reason\tplace\trow'
}

@test "--reject is refused if it is the input, the output or standard output, and fails when full" {
    printf 'a,x,5,1\nb,y,bad,2\n' >in.csv
    refuses 2 'rec-clean: --reject: in.csv is the input' rec-clean --reject in.csv in.csv -o raw.rec
    refuses 2 'rec-clean: --reject: raw.rec is the output' rec-clean --reject raw.rec in.csv -o raw.rec
    refuses 2 'rec-clean: --reject: standard output is taken*' rec-clean --reject - in.csv -o raw.rec
    refuses 5 'rec-clean: /dev/full: *' rec-clean --reject /dev/full in.csv -o raw.rec
    [ ! -e raw.rec ]
}

# ---- text ----

@test "quoted fields: delimiters, doubled quotes and line breaks" {
    printf '"a,1","x""y",5,"1"\n"b\nc",z,"4",2\n' >in.csv
    raw '' rec-clean in.csv
    equal "$rows" "$(lines $'a,1\tx"y\t5\t1' $'b\\x0ac\tz\t4\t2')"
}

@test "a quote that is never closed is an error on the line where it opens" {
    printf 'a,x,5,1\n"b,y,4,2\nc,z,3,3\n' >in.csv
    gives 3 '' 'rec-clean: in.csv:2: a quote is opened and never closed' \
        rec-clean in.csv -o raw.rec
    [ ! -e raw.rec ]
}

@test "line numbers count the line breaks in quotes" {
    printf 'a,x,5,1\n"b\n\nc",y,4,2\nd,z,bad,3\n' >in.csv
    gives 3 '' "rec-clean: in.csv:5: rating: not a number: 'bad'" rec-clean in.csv
}

@test "a quote inside an unquoted field is a character like any other" {
    printf '5" disk,x,5,1\nc,y,4,2\n8" disk,z,3,3\n' >in.csv
    raw '' rec-clean --time none in.csv
    equal "$rows" "$(lines $'5" disk\tx\t5' $'c\ty\t4' $'8" disk\tz\t3')"
}

@test "CRLF, a byte order mark and a last line without newline change nothing" {
    printf 'a,x,5,1\nb,y,4,2\n' | rec-clean -o plain.rec
    for text in 'a,x,5,1\r\nb,y,4,2\r\n' '\xef\xbb\xbfa,x,5,1\nb,y,4,2\n' 'a,x,5,1\nb,y,4,2' \
        '\xef\xbb\xbfa,x,5,1\r\n\r\nb,y,4,2' '\n\na,x,5,1\n\nb,y,4,2\n\n'; do
        printf "$text" >in.csv
        raw '' rec-clean in.csv
        equal "$rows" "$(rows raw plain.rec)"
    done
}

@test "a byte order mark does not become part of a name" {
    printf '\xef\xbb\xbfuser,item,rating,time\r\na,x,5,1\r\n' >in.csv
    raw '' rec-clean -u user in.csv
    equal "$rows" $'a\tx\t5\t1'
}

@test "a NUL byte is an error with its line" {
    printf 'a,x,5,1\nb,y\0,4,2\n' >in.csv
    gives 3 '' 'rec-clean: in.csv:2: a NUL byte: this is not text' rec-clean in.csv
}

@test "a row of more than 1 MiB is an error, one just below is not" {
    { printf 'a,x,5,1,'; head -c 1048500 /dev/zero | tr '\0' z; printf '\n'; } >in.csv
    raw '' rec-clean in.csv
    equal "$rows" $'a\tx\t5\t1'
    { printf 'b,y,4,2\na,x,5,1,'; head -c 2200000 /dev/zero | tr '\0' z; printf '\n'; } >in.csv
    gives 3 '' 'rec-clean: in.csv:2: a row of more than 1 MiB: is a quote open?' \
        rec-clean in.csv
    { printf 'b,y,4,2\na,x,5,1,"'; head -c 2200000 /dev/zero | tr '\0' z; printf '\n'; } >in.csv
    gives 3 '' 'rec-clean: in.csv:2: a quote is opened and never closed' rec-clean in.csv
}

@test "ids in UTF-8, in Latin-1 and with spaces pass unchanged byte for byte" {
    printf '\xc3\xa9t\xc3\xa9,\xe9t\xe9,5,1\n two  spaces , x ,4,2\n\xff\xfe,\xe2\x82\xac,3,3\n' >in.csv
    gives 0 '' '' rec-clean in.csv -o raw.rec
    rec-view -s raw --to csv raw.rec | tail -n +2 >out.csv
    cmp in.csv out.csv
}

@test "an id of 64 KiB is kept, a longer one is an error" {
    id=$(head -c 65536 /dev/zero | tr '\0' i)
    printf '%s,x,5,1\n' "$id" >in.csv
    gives 0 '' '' rec-clean in.csv -o raw.rec
    rec-view -s raw --to csv raw.rec | tail -n +2 | cmp - in.csv
    printf 'j%s,x,5,1\n' "$id" >in.csv
    try rec-clean in.csv
    equal "$status" 3
    equal "$output" ''
    [[ $stderr = "rec-clean: in.csv:1: user: an id of more than 64 KiB: 'jiii"*"...'" ]]
}

# ---- numbers ----

@test "ratings: sign, fraction and exponent are read, and -0 is 0" {
    printf 'a,x,%s,1\n' -0 0.5 .25 2. -1.5 5e-1 1E+1 25e-1 0.1 00007 -0.0e5 >in.csv
    gives 0 '' '' rec-clean --dups keep in.csv -o raw.rec
    equal "$(rows raw raw.rec --column rating | awk '{ printf "%s%g", n++ ? " " : "", $1 }')" \
        '0 0.5 0.25 2 -1.5 0.5 10 2.5 0.1 7 0'
}

@test "-0 and 0 are one rating: the second row repeats the first" {
    printf 'a,x,-0,1\na,x,0,1\n' >in.csv
    raw 'rec-clean: 2 rows read = 1 kept + 1 repeated' \
        rec-clean in.csv
    equal "$rows" $'a\tx\t0\t1'
}

@test "a rating that is not a number is exit 3, with file, line and text" {
    for bad in 12x ' 5' '5 ' five 0x5 +5 inf -inf 1e400 -1e400 5,5 1e 1.2.3 - . e5 '1_000' $'5\t' ¼; do
        printf 'a,x,5,1\nb,y,"%s",2\n' "$bad" >in.csv
        gives 3 '' "rec-clean: in.csv:2: rating: not a number: '${bad//$'\t'/\\x09}'" \
            rec-clean in.csv -o raw.rec
        [ ! -e raw.rec ]
    done
}

@test "a rating beyond a 32-bit float is too large" {
    printf 'a,x,5,1\nb,y,1e39,2\n' >in.csv
    gives 3 '' "rec-clean: in.csv:2: rating: too large: '1e39'" rec-clean in.csv -o raw.rec
    [ ! -e raw.rec ]
}

@test "a time is seconds, of 64 bits, or a date" {
    printf 'a,x,5,9223372036854775807\na,x,5,-9223372036854775808\n' >in.csv
    raw '' rec-clean in.csv
    equal "$rows" "$(lines $'a\tx\t5\t9223372036854775807' $'a\tx\t5\t-9223372036854775808')"
    for bad in 1. 9223372036854775808 1e9 ' 1' 2014-02-29 2014-01-01T25:00:00 23.07.2014; do
        printf 'a,x,5,1\nb,y,4,%s\n' "$bad" >in.csv
        gives 3 '' "rec-clean: in.csv:2: time: neither seconds nor a date: '$bad'" \
            rec-clean in.csv
    done
}

@test "dates and fractions of seconds become seconds, value by value" {
    printf 'a,x,5,%s\n' 2014-07-23 2014-07-23T12:34:56 '2014-07-23 12:34:56.789+0200' \
        1406073601.0 -0.5 7 1969-12-31T23:59:59Z >in.csv
    raw '' rec-clean --dups keep in.csv
    equal "$(cut -f 4 <<<"$rows")" "$(lines 1406073600 1406118896 1406111696 1406073601 -1 7 -1)"
    raw 'rec-clean: 7 rows read = 6 kept + 1 repeated' \
        rec-clean in.csv
}

@test "a first row with a date and a word for its rating is data, not a header" {
    printf 'a,x,five,2014-07-23\nb,y,4,2014-07-24\n' >in.csv
    gives 3 '' "rec-clean: in.csv:1: rating: not a number: 'five'; is column 3 the rating? choose it with --rating" \
        rec-clean in.csv
}

@test "a bad row deep in a large file leaves no output file" {
    { ratings 80000; printf 'a,x,bad,1\n'; } >in.csv
    gives 3 '' "rec-clean: in.csv:80001: rating: not a number: 'bad'" \
        rec-clean in.csv -o raw.rec
    equal "$(ls)" in.csv
}

@test "control bytes in a bad value are shown as numbers" {
    printf 'a,x,5,1\nb,y,\033[31m,2\n' >in.csv
    gives 3 '' "rec-clean: in.csv:2: rating: not a number: '\\x1b[31m'" rec-clean in.csv
}

# ---- real ratings ----

# figures FILE: rows, users, items and mean of a section raw.
figures() {
    rec-view -s raw "$1" | awk -F '\t' 'NR > 1 { n++; sum += $3
        if (!($1 in u)) { u[$1]; users++ }
        if (!($2 in i)) { i[$2]; items++ } }
        END { printf "%d rows, %d users, %d items, %d nodes, mean %.6f", n, users, items, users + items, sum / n }'
}

@test "Amazon Electronics, rows 2 to 5001, give the numbers of the notebook" {
    data amazon-electronics/ratings_Electronics.head50698.csv
    gives 0 '' '' rec-clean --skip 1 --head 5000 -o raw.rec "$data"
    equal "$(figures raw.rec)" '5000 rows, 4929 users, 298 items, 5227 nodes, mean 3.986400'
}

@test "Amazon Electronics, rows 1 to 5000, have one node more" {
    data amazon-electronics/ratings_Electronics.head50698.csv
    gives 0 '' '' rec-clean --head 5000 -o raw.rec "$data"
    [[ $(figures raw.rec) = *' 5228 nodes,'* ]]
}

@test "Amazon Electronics, all 50,698 rows" {
    data amazon-electronics/ratings_Electronics.head50698.csv
    gives 0 '' '' rec-clean -o raw.rec "$data"
    equal "$(figures raw.rec)" '50698 rows, 47141 users, 3529 items, 50670 nodes, mean 4.036964'
}

@test "MovieLens 100K is read with --delim tab" {
    data ml-100k/u.data
    gives 0 '' '' rec-clean --delim tab -o raw.rec "$data"
    [[ $(figures raw.rec) = '100000 rows, 943 users, 1682 items, 2625 nodes, '* ]]
}
