# rec-recommend: lists of items for users, known and new.
load common

# Distinct pairs, all for training, in three kinds of models.
setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    ratings 2000 | awk -F, '!seen[$1 "," $2]++' >ratings.csv
    rec-clean ratings.csv | rec-encode | rec-split --test 0 --valid 0 | rec-graph -o graph.rec
    rec-train --model rgnn --basis level --hidden 8 --epochs 4 -o rgnn.rec graph.rec
    rec-train --model rgnn --basis cl --hidden 8 --epochs 3 --seeds 2 --no-time -o cl.rec graph.rec
    rec-train --model gcn --hidden 4 --epochs 3 -o gcn.rec graph.rec
    rec-train --model mf --hidden 4 --epochs 3 -o mf.rec graph.rec
    rec-train --model lightgcn --hidden 70 --epochs 3 --batch 500 -o lightgcn.rec graph.rec
    rec-train --model lightgcn --loss bpr --hidden 4 --epochs 2 -o bpr.rec graph.rec
    rec-clean ratings.csv | rec-encode | rec-split | rec-graph |
        rec-train --model rgnn --hidden 8 --epochs 4 -o parts.rec
}

setup() {
    here
    at=$BATS_FILE_TMPDIR
}

# of USER <LISTS: her lines
of() {
    awk -F '\t' -v u="$1" '$1 == u'
}

@test "every user gets K items, best first, ties to the lower id, none that she has" {
    for model in rgnn cl gcn mf lightgcn bpr; do
        gives 0 '' '' rec-recommend -k 5 -o lists "$at/$model.rec"
        equal "$(head -n 1 lists)" $'user\titem\trank\tscore'
        equal "$(tail -n +2 lists | wc -l)" $((97 * 5))
        tail -n +2 lists | awk -F '\t' '
            $3 != (NR - 1) % 5 + 1 { print "rank: " $0; bad = 1 }
            $3 > 1 && ($1 != user || $4 > score || ($4 == score && $2 <= item)) { print "order: " $0; bad = 1 }
            { user = $1; score = $4; item = $2 }
            END { exit bad }'
        awk -F, '{ print $1 "\t" $2 }' "$at/ratings.csv" | sort >has
        tail -n +2 lists | cut -f 1,2 | sort | comm -12 - has >both
        equal "$(<both)" ''
    done
}

@test "validation items are left out as well; --seen keeps all" {
    paste <(rows ratings "$at/parts.rec") <(rows split "$at/parts.rec") |
        awk -F '\t' '$NF < 2 { print $1 "\t" $2 }' | sort -u >has
    [ -s has ]
    rec-recommend -k 100 "$at/parts.rec" | tail -n +2 | cut -f 1,2 | sort >listed
    equal "$(comm -12 listed has)" ''
    # and nothing else is missing
    n=$(rows items "$at/parts.rec" | wc -l)
    equal "$(sort -u listed has | wc -l)" $((97 * n))
    equal "$(rec-recommend -k 100 --seen "$at/parts.rec" | tail -n +2 | wc -l)" $((97 * n))
}

@test "the figures of rec-eval are those of its lists, by an independent program" {
    command -v python3 >/dev/null || skip 'no python3'
    rec-recommend -k 20 "$at/parts.rec" >lists
    python3 "$BATS_TEST_DIRNAME/../golden/ranking.py" "$at/parts.rec" 5,20 --lists lists >want
    awk -F '\t' '{ printf "%s\t%s\t%.6f\t%d\n", $1, $3, $4, $5 }' want >want.6
    rec-eval -q --boot 0 -k 5,20 "$at/parts.rec" |
        awk -F '\t' '$1 == "test" && $2 == "rgnn" && $3 ~ /@[0-9]+$/ { print $1 "\t" $3 "\t" $4 "\t" $7 }' >got
    equal "$(wc -l <got)" 16
    cmp got want.6
}

@test "scores are the ratings of rec-predict, where these are within the scale" {
    for model in rgnn cl mf; do
        rec-recommend -k 41 --seen "$at/$model.rec" | tail -n +2 | tr '\t' , >lists
        cut -d , -f 1,2 lists >pairs
        rec-predict --header no "$at/$model.rec" pairs | cut -d , -f 3 | paste -d , lists - |
            awk -F, '$5 > 1.001 && $5 < 4.999 { n++; d = $4 - $5; if (d < 0) d = -d; if (!(d < 2e-5)) { print; bad = 1 } }
                $5 >= 4.999 && $4 < 4.9989 { print; bad = 1 }
                END { exit bad || n < 100 }'
    done
}

@test "one thread and four, one user and all give the same lines" {
    rec-recommend -T 1 "$at/rgnn.rec" >one
    rec-recommend -T 4 "$at/rgnn.rec" >four
    cmp one four
    rec-recommend --user u5 -u u17 "$at/rgnn.rec" | tail -n +2 >two
    cmp two <(of u5 <one && of u17 <one)
    printf 'u17\r\n\nu5' >users
    cmp <(rec-recommend --users users "$at/rgnn.rec" | tail -n +2) <(of u17 <one && of u5 <one)
    cmp <(rec-recommend --users - "$at/rgnn.rec" <users | tail -n +2) <(of u17 <one && of u5 <one)
}

@test "somebody new gets the list that she had in training, to the last item and digit" {
    for model in rgnn cl lightgcn; do
        rec-recommend -k 41 "$at/$model.rec" >all
        for u in u0 u5 u96; do
            awk -F, -v u=$u '$1 == u' "$at/ratings.csv" >her
            [ "$(wc -l <her)" -gt 5 ]
            rec-recommend -k 41 --new her "$at/$model.rec" | tail -n +2 >new
            cmp new <(of $u <all)
            # in any order of her rows, and among others
            tac her | sed "s/^$u,/nobody,/" | cut -d , -f 1-3 >other
            awk -F, 'NR % 50 == 1 { print "z" $1 "," $2 "," $3 }' "$at/ratings.csv" >>other
            rec-recommend -k 41 --new other "$at/$model.rec" | of nobody | sed "s/^nobody/$u/" >again
            cmp again new
        done
        printf 'user,item,rating\nann,i1,5\nann,i2,1\nann,i1,1\n' >last
        printf 'ann;i2;1\nann;i1;1\n' >once
        cmp <(rec-recommend --new last "$at/$model.rec") <(rec-recommend --new once "$at/$model.rec")
    done
}

@test "of features of users and items, those of items count for somebody new" {
    awk 'BEGIN { print "id,town"; for (u = 0; u < 40; u++) print "u" u "," (u % 3 ? "Ulm" : "Rom") }' >users.csv
    awk 'BEGIN { print "id,kind"; for (i = 0; i < 41; i++) print "i" i "," i % 4 }' >items.csv
    rec-graph -u users.csv -i items.csv "$at/graph.rec" |
        rec-train --model rgnn --basis level --hidden 8 --epochs 4 -o known.rec
    rec-recommend -k 41 known.rec >all
    for u in u0 u80; do
        awk -F, -v u=$u '$1 == u' "$at/ratings.csv" >her
        rec-recommend -k 41 --new her known.rec | tail -n +2 >$u
    done
    cmp u80 <(of u80 <all)
    run ! cmp u0 <(of u0 <all)
}

@test "a new user of other ratings gets another list" {
    printf 'ann,i1,5\nann,i2,1\n' >a
    printf 'ann,i1,1\nann,i2,5\n' >b
    run ! cmp <(rec-recommend -k 30 --new a "$at/rgnn.rec") <(rec-recommend -k 30 --new b "$at/rgnn.rec")
}

@test "--min-count is a floor, --popularity shifts scores, both leave the rest" {
    awk -F, '{ n[$2]++ } END { for (i in n) print i "\t" n[i] }' "$at/ratings.csv" >count
    rec-recommend -k 41 "$at/gcn.rec" >plain
    rec-recommend -k 41 --min-count 24 "$at/gcn.rec" >floor
    awk -F '\t' 'NR == FNR { n[$1] = $2; next } FNR > 1 && n[$2] >= 24 { print $1 "\t" $2 "\t" $4 }' count plain >want
    [ -s want ]
    cmp <(tail -n +2 floor | cut -f 1,2,4) want
    rec-recommend -k 41 --popularity 1000 "$at/gcn.rec" | of u3 | cut -f 2 >order
    awk -F '\t' 'NR == FNR { n[$1] = $2; next } NR > FNR { if (FNR > 1 && n[$1] > last) bad = 1; last = n[$1] } END { exit bad }' count order
}

@test "--similar: nearest by cosine, without the item itself" {
    rec-recommend -k 3 --similar i7 --similar i8 "$at/rgnn.rec" >got
    equal "$(head -n 1 got)" $'item\tsimilar\trank\tscore'
    equal "$(tail -n +2 got | cut -f 1,3 | tr '\t\n' ' ,')" 'i7 1,i7 2,i7 3,i8 1,i8 2,i8 3,'
    awk -F '\t' 'NR > 1 && ($1 == $2 || $4 > 1.000001 || ($3 > 1 && $4 > last)) { bad = 1 } { last = $4 } END { exit bad }' got
    equal "$(rec-recommend -k 100 --similar i7 "$at/rgnn.rec" | tail -n +2 | wc -l)" 40
}

@test "CSV and JSON lines, with ids that need quotes" {
    printf 'a "b",x\\y,5\n"c,d",x\ty,4\ne,x\\y,1\ne,z,5\n' | sed 's/a "b"/"a ""b"""/' >odd.csv
    rec-clean --delim , --header no odd.csv | rec-encode | rec-split --test 0 --valid 0 | rec-graph |
        rec-train --model gcn --hidden 2 --epochs 1 -o odd.rec
    rec-recommend --user 'a "b"' odd.rec | tail -n +2 | cut -f 1,2 | sort >tsv
    equal "$(<tsv)" "$(lines $'a "b"\tx\\x09y' $'a "b"\tz')"
    rec-recommend --format csv --user 'a "b"' --user c,d odd.rec >csv
    grep -q '^"a ""b""",z,' csv
    grep -q '^"c,d",x\\y,' csv
    rec-recommend --format jsonl --user 'a "b"' --user e odd.rec >json
    command -v python3 >/dev/null || skip 'no python3 to read JSON'
    python3 -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
assert sorted((r["user"], r["item"]) for r in rows) == [("a \"b\"", "x\ty"), ("a \"b\"", "z"), ("e", "x\ty")], rows
assert all(r["rank"] >= 1 and isinstance(r["score"], float) for r in rows)' <json
}

@test "ids that nobody knows are exit 3, or left out" {
    refuses 3 "rec-recommend: --user: the model knows no user 'bob'; --skip-unknown leaves it out" \
        rec-recommend --user u1 --user bob "$at/rgnn.rec"
    printf 'u1\nbob\n' >users
    refuses 3 "rec-recommend: users:2: the model knows no user 'bob'; *" rec-recommend --users users "$at/rgnn.rec"
    refuses 3 "rec-recommend: --similar: the model knows no item 'u1'; *" rec-recommend --similar u1 "$at/rgnn.rec"
    printf 'ann,i1,5\nann,nothing,5\n' >new
    refuses 3 "rec-recommend: new:2: the model knows no item 'nothing'; --skip-unknown leaves it out" rec-recommend --new new "$at/rgnn.rec"
    try rec-recommend --skip-unknown -k 2 --users users "$at/rgnn.rec"
    equal "$status" 0
    equal "${#lines[@]}" 3
    equal "$stderr" 'rec-recommend: left out: 1 id that the model does not know'
    try rec-recommend --skip-unknown -k 2 --new new "$at/rgnn.rec"
    equal "$status ${#lines[@]}" '0 3'
    equal "$stderr" 'rec-recommend: left out: 1 row of an item that the model does not know'
    printf 'ann,nothing,5\n' >nothing
    gives 0 $'user\titem\trank\tscore' '' rec-recommend -q --skip-unknown --new nothing "$at/rgnn.rec"
}

@test "--users with a byte order mark is read; a rec file, and a checkpoint for a model, are told" {
    printf '\xef\xbb\xbfu1\r\nu2\n' >users
    rec-recommend --users users "$at/rgnn.rec" | cmp - <(rec-recommend --user u1 --user u2 "$at/rgnn.rec")
    refuses 3 'rec-recommend: *gcn.rec: a rec file, not a text with an id a line: *' \
        rec-recommend --users "$at/gcn.rec" "$at/rgnn.rec"
    rec-train --model rgnn --epochs 2 --hidden 4 --checkpoint ck -o m.rec "$at/graph.rec"
    for tool in rec-recommend rec-eval 'rec-predict ck'; do
        # shellcheck disable=SC2086
        refuses 4 "${tool%% *}: ck: a checkpoint, not a model: rec-train --resume goes on with it, and writes one" $tool ck
    done
}

@test "a text that says nothing or nonsense is exit 3, with nothing on stdout" {
    : >empty
    refuses 3 'rec-recommend: empty: no id in it: *' rec-recommend --users empty "$at/rgnn.rec"
    refuses 3 'rec-recommend: empty: *' rec-recommend --new empty "$at/rgnn.rec"
    echo user,item,rating >header
    refuses 3 'rec-recommend: header: no rows: *' rec-recommend --new header "$at/rgnn.rec"
    printf 'ann,i1\nann,i2\n' >unrated
    refuses 3 'rec-recommend: unrated:1: ann: this model needs ratings, in column 3' rec-recommend --new unrated "$at/rgnn.rec"
    printf 'user_id,movieId\nann,i1\n' >unrated
    refuses 3 'rec-recommend: unrated:2: ann: this model *' rec-recommend --new unrated "$at/rgnn.rec"
    printf 'ann,nothing,\nann,i2,4\n' >bad # no header either
    refuses 3 "rec-recommend: bad:1: no number for a rating: ''" rec-recommend --new bad "$at/rgnn.rec"
    printf 'ann,i1,5\nann,i2\n' >short
    refuses 3 'rec-recommend: short:2: 2 columns, *' rec-recommend --new short "$at/rgnn.rec"
    for r in x nan 1e99; do
        printf 'ann,i1,5\nann,i2,%s\n' $r >bad
        refuses 3 "rec-recommend: bad:2: no number for a rating: '$r'" rec-recommend --new bad "$at/rgnn.rec"
        printf 'ann,i1,%s\nann,i2,4\n' $r >bad
        refuses 3 "rec-recommend: bad:1: no number for a rating: '$r'" rec-recommend --new bad "$at/rgnn.rec"
    done
    printf 'eve,i3,1\nann,i1,5\nann,i7,4\neve,i1,2\nann,i4,3.5\nann,i2,2\n' >between
    refuses 3 'rec-recommend: between:5: ann: 3.5 is none of the 5 ratings *' rec-recommend --new between "$at/rgnn.rec"
    printf 'ann,i1,6\n' >beyond
    refuses 3 'rec-recommend: beyond:1: ann: 6 is beyond the ratings *' rec-recommend --new beyond "$at/cl.rec"
}

@test "a model that cannot, and streams without one, are exit 4" {
    printf 'ann,i1,5\n' >new
    for model in gcn mf; do
        refuses 4 "rec-recommend: model '$model' knows only the users it was trained on: *" \
            rec-recommend --new new "$at/$model.rec"
    done
    refuses 4 "rec-recommend: *lightgcn of loss bpr knows only the users it was trained on" rec-recommend --new new "$at/bpr.rec"
    refuses 4 "rec-recommend: *rec-train*" rec-recommend "$at/graph.rec"
}

@test "options that do not go together are exit 2" {
    refuses 2 'rec-recommend: --similar: not with --user, --users or --new' rec-recommend --similar i1 --user u1 "$at/gcn.rec"
    refuses 2 'rec-recommend: --similar: not with --seen or --popularity' rec-recommend --similar i1 --seen "$at/gcn.rec"
    refuses 2 'rec-recommend: --new: not with --user or --users' rec-recommend --new x --user u1 "$at/gcn.rec"
    refuses 2 'rec-recommend: --users: the model comes from standard input already' rec-recommend --users - - <"$at/gcn.rec"
    refuses 2 "rec-recommend: --top: '0' is not in the range *" rec-recommend -k 0 "$at/gcn.rec"
}

@test "who has everything gets no line; K may be more than there are items" {
    printf 'a,x,5\na,y,1\nb,x,4\n' | rec-clean --header no | rec-encode | rec-split --test 0 --valid 0 | rec-graph |
        rec-train --model gcn --hidden 2 --epochs 1 -o all.rec
    try rec-recommend -v -k 4294967294 all.rec
    equal "$status" 0
    equal "$(cut -f 1-3 <<<"$output")" "$(lines $'user\titem\trank' $'b\ty\t1')"
    [[ $stderr = 'rec-recommend: 2 lists, 2 of them with less than 4294967294 items'* ]]
}

@test "the output is never one of the files that are read" {
    printf '%s\n' 'new,1,5' >new.csv
    cp new.csv kept
    refuses 2 'rec-recommend: --new: new.csv is the output' rec-recommend --new new.csv -o new.csv "$(ls "$BATS_FILE_TMPDIR"/*.rec | head -n 1)"
    refuses 2 'rec-recommend: --users: new.csv is the output' rec-recommend --users new.csv -o new.csv "$(ls "$BATS_FILE_TMPDIR"/*.rec | head -n 1)"
    cmp new.csv kept
}
