# rec-predict: ratings of pairs of ids.
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    ratings 2000 | rec-clean | rec-encode | rec-split -o split.rec
    rec-graph -o graph.rec split.rec
    rec-train --epochs 5 --hidden 8 -o gcn.rec graph.rec
    rec-train --model rgnn --epochs 4 --hidden 8 -o rgnn.rec split.rec
    rec-train --model mf --epochs 4 --hidden 8 -o mf.rec split.rec
    rec-train --model rgnn --no-time --epochs 4 --hidden 8 -o still.rec split.rec
    rec-train --model rgnn --seeds 2 --epochs 2 --hidden 4 -o two.rec split.rec
    rows ratings split.rec | awk -F '\t' -v OFS=, '{ print $1, $2, $4 }' >pairs.csv
    # u3 and i999 are in the dictionaries and have no training ratings
    ratings 200 | grep -v '^u3,' >train.csv
    printf 'u3,i1,1,1300000000\nu1,i999,1,1300000000\nu3,i999,2,1300000000\n' >test.csv
    rec-clean train.csv test.csv | rec-encode |
        rec-split --method source --test-source 2 --valid 0 -o cold.rec
    rec-graph cold.rec | rec-train --epochs 2 --hidden 4 -o cold-gcn.rec
    rec-train --model rgnn --epochs 2 --hidden 4 -o cold-rgnn.rec cold.rec
}

setup() {
    here
    at=$BATS_FILE_TMPDIR
    gcn=$at/gcn.rec
    rgnn=$at/rgnn.rec
    pairs=$at/pairs.csv
}

# same BY_ROWS OUT: what OUT predicts is what rec-eval --predictions wrote, to the digits
# that both show.
same() {
    paste <(tail -n +2 "$1") <(awk -F , '{ print $(NF - 1) "\t" $NF }' "$2") |
        awk -F '\t' '{ d = $4 - $5 } NF != 6 || !(d < 5.1e-7 && d > -5.1e-7) { print; bad = 1 }
            END { exit bad || NR == 0 }'
}

# one PAIR [FIELD]: a field of its answer by $rgnn, by default the rating
one() {
    rec-predict "$rgnn" <<<"$1" | cut -d "${3:-,}" -f "${2:-3}"
}

@test "each row comes back with its rating, that of rec-eval, with times and without" {
    for m in gcn mf rgnn still two; do
        rec-eval -q --predictions rows.tsv -o /dev/null "$at/$m.rec"
        gives 0 '' '' rec-predict -o out.csv "$at/$m.rec" "$pairs"
        cut -d , -f 1-3 out.csv | cmp - "$pairs"
        equal "$(cut -d , -f 5 out.csv | sort -u)" model
        same rows.tsv out.csv
    done
    rec-predict "$rgnn" "$pairs" | cut -d , -f 4 >with
    rec-predict --time none "$rgnn" "$pairs" | cut -d , -f 4 >without
    cut -d , -f 1,2 "$pairs" | rec-predict "$rgnn" | cut -d , -f 3 >two
    cmp two without
    [ "$(paste with without | awk '$1 != $2' | wc -l)" -gt 1000 ]
}

@test "who has no training rating is told by the last field, and falls back" {
    printf 'u1,i1\nu1,new\nu1,i999\nnew,i1\nu3,i1\nnew,new\nu3,i999\n' >in.csv
    for m in gcn rgnn; do
        rec-predict "$at/cold-$m.rec" in.csv >out.csv
        equal "$(cut -d , -f 4 out.csv | tr '\n' ' ')" 'model user user item item mean mean '
        equal "$(cut -d , -f 3 out.csv | uniq | wc -l)" 4
    done
    rec-eval -q --predictions rows.tsv -o /dev/null "$at/cold-rgnn.rec"
    cut -d , -f 1,2,4 "$at/train.csv" "$at/test.csv" | rec-predict "$at/cold-rgnn.rec" >out.csv
    same rows.tsv out.csv
    # of gcn it is the mean and the biases of rec-eval's baseline
    awk -F , '{ s += $3 } END { printf "%.6f\n", s / NR }' "$at/train.csv" >mean
    equal "$(rec-predict "$at/cold-gcn.rec" in.csv | tail -n 1 | cut -d , -f 3)" "$(<mean)"
}

@test "one thread and four, a file and a slow pipe: the same bytes" {
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do cat "$pairs"; done | sed 's/^u5,/"u""5",/' >many.csv
    rec-predict -T 1 "$rgnn" many.csv >one.csv
    rec-predict -T 4 "$rgnn" many.csv >four.csv
    cmp one.csv four.csv
    { head -c 10 many.csv; sleep 0.1; tail -c +11 many.csv | head -c 70000; sleep 0.1
      tail -c +70011 many.csv; } | rec-predict -T 3 "$rgnn" - >slow.csv
    cmp one.csv slow.csv
    rec-predict -M 40M "$rgnn" many.csv | cmp - one.csv
    gzip -c many.csv | rec-predict "$rgnn" | cmp - one.csv
    equal "$(wc -l <one.csv)" "$(wc -l <many.csv)"
}

@test "a coprocess: each line is answered before the next one comes, a header too" {
    coproc P { rec-predict "$rgnn" 3>&-; }
    run ! read -r -t 0.2 answer <&"${P[0]}" # nothing comes before something is asked
    for line in 'user,item,time' 'u1,i1,1300000100' 'u1,"i,1",1300000100' 'u2,i7,1300000200'; do
        echo "$line" >&"${P[1]}"
        read -r -t 20 answer <&"${P[0]}"
        equal "${answer%,*,*}" "$line"
    done
    printf 'u3,i1,1\nu4,i1,1\nu5,' >&"${P[1]}"
    read -r -t 20 answer <&"${P[0]}"
    read -r -t 20 answer <&"${P[0]}"
    equal "${answer%,*,*}" u4,i1,1
    echo i9,1 >&"${P[1]}"
    read -r -t 20 answer <&"${P[0]}"
    equal "${answer%,*,*}" u5,i9,1
    local pid=$P_PID in=${P[1]}
    exec {in}>&-
    wait "$pid"
}

@test "delimiters, quotes, line ends and further columns come out as they went in" {
    x=$(one u1,i1)
    [[ $x =~ ^[0-9]\.[0-9]{6}$ ]]
    while read -r from to; do
        printf "$from" | rec-predict --time none "$rgnn" >out.csv
        printf "$to" "$x" | cmp - out.csv
    done <<'END'
u1\ti1\tnote\n u1\ti1\tnote\t%s\tmodel\n
u1;i1\r\n u1;i1;%s;model\r\n
u1::i1::3::4\n u1::i1::3::4::%s::model\n
u1,i1,"a,\nb" u1,i1,"a,\nb",%s,model\n
"u1","i1"\n "u1","i1",%s,model\n
u1,i1,\xff\xfe,,\n u1,i1,\xff\xfe,,,%s,model\n
u1,i1\r u1,i1,%s,model\r
\xef\xbb\xbf\n\nu1,i1\n\n u1,i1,%s,model\n
END
    equal "$(printf 'u1 i1\n' | rec-predict "$rgnn")" "u1 i1 $x model"
    equal "$(printf 'u1|i1\n' | rec-predict -d '|' "$rgnn")" "u1|i1|$x|model"
    refuses 2 "rec-predict: --delim: '.' would split the numbers*" rec-predict -d . "$rgnn" "$pairs"
}

@test "a header is found, or told, and gets two names" {
    x=$(one u1,i1)
    t=$(one u1,i1,1300000100 4)
    [ "$x" != "$t" ]
    while read -r options header row answer; do
        printf '%s\n' "$header" "$row" | rec-predict $(tr + ' ' <<<"$options") "$rgnn" >out.csv
        equal "$(<out.csv)" "$(printf '%s,prediction,basis\n%s,%s,model' "$header" "$row" "$answer")"
    done <<END
-q user,item u1,i1 $x
-q User-ID,ISBN,Book-Rating u1,i1,9 $x
-q reviewerID,asin,overall u1,i1,9 $x
-q uid,iid u1,i1 $x
-q username,game u1,i1 $x
-q UserId,product_id,extra u1,i1,9 $x
-q user_id,movieId,rating,timestamp u1,i1,9,1300000100 $t
-H+yes who,what u1,i1 $x
-i+what+-u+who what,who i1,u1 $x
-u+2+-i+what what,who i1,u1 $x
-u+2+-i+1+-t+when what,who,x,when i1,u1,,2011-03-13T07:08:20Z $t
-t+none user,item,time u1,i1,x $x
END
    equal "$(printf 'user,item\n' | rec-predict -H no "$rgnn" | cut -d , -f 1,2,4)" user,item,mean
    gives 0 "$(printf 'who,what,%s,mean' "$(one new,new)")" \
        'rec-predict: stdin: the first row is rated, and its ids are not known: if it is a header, say --header yes' \
        rec-predict "$rgnn" <<<who,what
    for first in u1,what who,i1 new9,what user,item; do
        rec-predict "$rgnn" <<<"$first" 2>&1 >/dev/null | cmp - /dev/null
    done
    rec-predict -H no "$rgnn" <<<who,what 2>&1 >/dev/null | cmp - /dev/null
    equal "$(printf 'user,item\nu1,i1\n' >a; printf 'user;item\nu1;i1\n' >b; rec-predict "$rgnn" a b a)" \
        "$(printf 'user,item,prediction,basis\nu1,i1,%s,model\nu1;i1;%s;model\nu1,i1,%s,model' "$x" "$x" "$x")"
    # no time where a third column is none by its name, or one of many
    equal "$(printf 'user,item,rating\nu1,i1,4\n' | rec-predict "$rgnn" | sed -n 2p)" "u1,i1,4,$x,model"
    equal "$(printf 'u1,i1,4,1300000100\n' | rec-predict "$rgnn")" "u1,i1,4,1300000100,$x,model"
    equal "$(printf 'u1,i1,4,1300000100\n' | rec-predict -t 4 "$rgnn" | cut -d , -f 5)" "$t"
}

@test "a bad row is exit 3 with its line; those before it are answered, no file is left" {
    while read -r text message; do
        printf "u1,i1,5\n$text" >in.csv
        try rec-predict "$rgnn" in.csv
        equal "$status" 3
        equal "$stderr" "rec-predict: in.csv:$message"
        [[ ${#lines[@]} -eq 1 && $output = u1,i1,5,*,model ]]
        gives 3 '' "rec-predict: in.csv:$message" rec-predict -o out.csv "$rgnn" in.csv
    done <<'END'
u2\nu3,i1,5\n 2: 1 column where at least 3 are due
\nu2,,5\n 3: item: empty
,i2,5\n 2: user: empty
u2,i2,x\n 2: time: neither seconds nor a date: 'x'; --time chooses another column, or none
u2,i2,1/2/2011\n 2: time: neither seconds nor a date: '1/2/2011'; --time chooses another column, or none
u2,"i2,5\n 2: a quote is opened and never closed
END
    rm in.csv
    equal "$(ls)" ''
    refuses 3 "rec-predict: stdin:1: column 2 is called 'user', and column 1 *--user" \
        rec-predict "$rgnn" <<<item,user
    refuses 3 "rec-predict: stdin:1: column 2 is called 'User-ID', and column 1 *--user" \
        rec-predict "$rgnn" <<<$'ISBN,User-ID,Book-Rating\ni1,u1,3'
    refuses 3 "rec-predict: stdin:1: time: *'score'; --time chooses another column, or none; if this is a header, --header yes" \
        rec-predict "$rgnn" <<<$'who,what,score\nu1,i1,3'
    refuses 3 "rec-predict: stdin:1: the header has no column 'x'" rec-predict -u x "$rgnn" <<<user,item
    refuses 2 "rec-predict: a column is chosen by name*" rec-predict -H no -u x "$rgnn" <<<user,item
    refuses 2 'rec-predict: --time: columns are numbered from 1 to 256' rec-predict -t 0 "$rgnn" <<<u1,i1
}

@test "an empty time, or NA, is none known; a model without times carries the column along" {
    x=$(one u1,i1)
    t=$(one u1,i1,1300000100 4)
    [ "$x" != "$t" ]
    printf 'u1,i1,%s\n' '' 1300000100 NA 2011-03-13T07:08:20Z null >in.csv
    gives 0 "$(printf 'u1,i1,%s,%s,model\n' '' "$x" 1300000100 "$t" NA "$x" 2011-03-13T07:08:20Z "$t" null "$x")" '' \
        rec-predict "$rgnn" in.csv
    rec-predict -v "$rgnn" in.csv 2>&1 >/dev/null |
        grep -qx 'rec-predict: 3 of them without a time: what the model knows of times is left out'
    printf 'u1,i1,%s\n' '' 'last week' >odd.csv
    for m in still mf gcn; do
        x=$(rec-predict "$at/$m.rec" <<<u1,i1 | cut -d , -f 3)
        gives 0 "$(printf 'u1,i1,%s,%s,model\n' '' "$x" 'last week' "$x")" '' rec-predict "$at/$m.rec" odd.csv
    done
}

@test "nothing in is nothing out" {
    gives 0 '' '' rec-predict "$rgnn" /dev/null
    gives 0 '' '' rec-predict "$gcn" <<<''
}

@test "--clip keeps to the scale of the training ratings" {
    rec-train --epochs 0 --hidden 8 -o wild.rec "$at/graph.rec"
    rec-predict wild.rec "$pairs" | cut -d , -f 4 >free
    rec-predict --clip wild.rec "$pairs" | cut -d , -f 4 >clipped
    run ! cmp free clipped
    awk '{ x = $1 < 1 ? 1 : $1 > 5 ? 5 : $1; printf "%.6f\n", x }' free | cmp - clipped
    rec-predict "$rgnn" "$pairs" >a
    rec-predict --clip "$rgnn" "$pairs" | cmp - a
}

@test "operands: a model, then pairs; streams without a model are refused" {
    refuses 2 'rec-predict: name the model, and pairs *' rec-predict <"$rgnn"
    refuses 2 'rec-predict: name the model, and pairs *' rec-predict - <"$rgnn"
    refuses 2 'rec-predict: standard input is named twice' rec-predict - - <"$rgnn"
    gives 0 "$(rec-predict "$rgnn" "$pairs")" '' rec-predict - "$pairs" <"$rgnn"
    refuses 4 "rec-predict: $at/split.rec: no section 'model*" rec-predict "$at/split.rec" "$pairs"
    refuses 4 "rec-predict: $pairs: not a rec file *" rec-predict "$pairs" "$pairs"
    head -c -40 "$rgnn" >cut.rec
    refuses 4 'rec-predict: cut.rec: *' rec-predict cut.rec "$pairs"
    refuses 3 'rec-predict: *split.rec: a rec file, not text*' rec-predict "$rgnn" "$at/split.rec"
    refuses 5 'rec-predict: none.csv: cannot open: *' rec-predict "$rgnn" none.csv
    try rec-predict "$rgnn" "$pairs" >/dev/full
    equal "$(rec-predict "$rgnn" "$pairs" 2>&1 >/dev/full || echo $?)" \
        $'rec-predict: stdout: cannot write: No space left on device\n5'
}

@test "-v says what was found, and counts" {
    rec-predict -v "$rgnn" <<<$'u1;i1\nu1;new\nnew;new\nnew;i1' 2>said >/dev/null
    grep -qx 'rec-predict: stdin: columns end at ;, lines at LF, without header' said
    grep -qx 'rec-predict: stdin: no column with times: what the model knows of them is left out' said
    grep -qx 'rec-predict: 4 pairs = 1 by the model + 1 by the user + 1 by the item + 1 by the mean' said
    rec-predict -v "$gcn" <<<u1,i1 2>said >/dev/null
    run ! grep -q times said
}
