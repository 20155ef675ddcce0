# Side features: rec-graph makes them, rec-train and rec-eval use them.
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    # u0 .. u96, i0 .. i40; two further columns, of which one has no value now and then
    ratings 3000 | awk -F, -v OFS=, '{ print $0, NR % 7, NR % 5 ? NR % 3 : "" }' |
        rec-clean --keep 5,6 | rec-encode | rec-split -o split.rec
    awk 'BEGIN { print "name,age,town"
        for (u = 0; u < 97; u++) printf "u%d,%d,%s\n", u, 20 + u % 30, u % 4 ? "Ulm" : "K\366ln" }' >users.csv
    awk 'BEGIN { for (i = 0; i < 41; i++)
        printf "i%d|Film %d (199%d)|%d|%d|%d|a;b%s\n", i, i, i % 10, i % 2, i % 3 == 0, i % 5 == 0, i % 4 ? "" : ";c" }' >items
}

setup() {
    here
    split=$BATS_FILE_TMPDIR/split.rec
    users=$BATS_FILE_TMPDIR/users.csv
    items=$BATS_FILE_TMPDIR/items
}

# features SIDE FILE: "node feature value" of each entry; names SIDE FILE: on one line
features() {
    rows "graph.features.$1" "$2"
}

names() {
    rows "graph.features.$1.names" "$2" | paste -s -d ' '
}

# tiny ROW...: features of users u1 .. u3 of a stream of three users, by the rows; out.rec
tiny() {
    printf '%s\n' u1,i1,1 u2,i1,2 u3,i1,3 | rec-clean --time none | rec-encode | rec-split --test 0 --valid 0 -o tiny.rec
    printf '%s\n' "$@" >tiny.csv
}

@test "features are joined by id, dialect and header found by looking, any encoding" {
    gives 0 '' '' rec-graph -u "$users" --user-columns age:bin=5,town -i "$items" \
        --item-columns 2:last=6,3-5:flags,6:'list=;' -o g.rec "$split"
    equal "$(names users g.rec | tr '\366' o)" \
        'age=20..25 age=25..30 age=30..35 age=35..40 age=40..45 age=45..50 town=Koln town=Ulm'
    equal "$(features users g.rec | grep -ac '	town=Ulm	1$')" 72
    equal "$(features users g.rec | wc -l)" $((2 * 97))
    features items g.rec | grep -P '^i1\t' >got
    printf 'i1\t%s\n' 'c2=(1991)	1' 'c3	1' 'c6=a	0.70710677' 'c6=b	0.70710677' | cmp - got
    features items g.rec | grep -P '^i30\t' >got # 3 is 0, 4 and 5 are 1
    printf 'i30\t%s\n' 'c2=(1990)	1' 'c4	0.70710677' 'c5	0.70710677' 'c6=a	0.70710677' 'c6=b	0.70710677' | cmp - got
    rec-view --check g.rec
}

@test "nothing asked for, nothing there; a later run leaves the features out" {
    rec-graph -o plain.rec "$split"
    run ! grep -q feature <(rec-view --prov plain.rec)
    rec-graph -u "$users" "$split" | rec-graph | rec-view >got
    run ! grep -q features got
}

@test "one thread and four give the same bytes, and so does another order of rows" {
    rec-graph -T 1 -u "$users" --user-columns age:bin=10,3 -o one.rec "$split"
    (head -n 1 "$users" && tail -n +2 "$users" | sort -r) >again.csv
    rec-graph -T 4 -u "$users" --user-columns age:bin=10,3 -o four.rec "$split"
    cmp one.rec four.rec
    rec-graph -u again.csv --user-columns age:bin=10,3 -o again.rec "$split"
    cmp <(features users one.rec) <(features users again.rec)
}

@test "where a file of features lies changes no byte; its script is run where it is" {
    mkdir -p deep/er
    cp "$users" deep/er/users.csv
    rec-graph -o one.rec -u "$users" "$split"
    rec-graph -o two.rec -u deep/er/users.csv "$split"
    (cd deep/er && rec-graph -o ../three.rec -u users.csv "$split")
    cmp one.rec two.rec
    cmp one.rec deep/three.rec
    equal "$(rec-view --prov one.rec | grep -o -e '--user-features [^ ]*')" '--user-features users.csv'
    equal "$(rec-view --headers one.rec | grep -c TX:)" 1
}

@test "numbers have mean 0 and deviation 1" {
    tiny id,x u1,10 u2,20 u3,30
    rec-graph -u tiny.csv -o g.rec tiny.rec
    rec-graph -u - -o other.rec tiny.rec <tiny.csv
    cmp <(features users g.rec) <(features users other.rec)
    equal "$(features users g.rec | tr '\n\t' '; ')" 'u1 x -1.2247449;u2 x 0;u3 x 1.2247449;'
}

@test "a number that is NA or NaN, in any case, is missing, as in rec-clean" {
    for none in '' NA NaN nan NAN -nan null; do
        tiny id,x,y u1,10,1 u2,20,$none u3,30,3
        rec-graph -u tiny.csv --user-columns x,y:number -o g.rec tiny.rec
        equal "$(features users g.rec | tr '\n\t' '; ')" \
            'u1 x -1.2247449;u1 y -1;u2 x 0;u3 x 1.2247449;u3 y 1;'
        rec-graph -u tiny.csv -o guessed.rec tiny.rec
        cmp <(features users g.rec) <(features users guessed.rec)
        rec-graph -v -u tiny.csv -o g.rec tiny.rec 2>&1 | grep -q ' 1 missing value$'
    done
}

@test "each way to read a column" {
    tiny 'u1;-3;Ab€d;a|b|a||' 'u2;7;xyz;' 'u3;NA;;b'
    rec-graph -u tiny.csv --feature-delim ';' \
        --user-columns '2:bin=5,3:first=2,3:last=2,4:list,2,3:category' -o g.rec tiny.rec
    features users g.rec | tr '\t' ' ' >got
    printf '%s\n' 'u1 c2=-5..0 1' 'u1 c3=Ab 1' 'u1 c3=€d 1' 'u1 c4=a 0.70710677' 'u1 c4=b 0.70710677' \
        'u1 c2 -1' 'u1 c3=Ab€d 1' 'u2 c2=5..10 1' 'u2 c3=xy 1' 'u2 c3=yz 1' 'u2 c2 1' 'u2 c3=xyz 1' \
        'u3 c4=b 1' >wanted
    diff wanted got
}

@test "who is not in the file is counted, who is in it alone passed over" {
    tiny u1,5 nobody,6 u3,7
    gives 0 '' 'rec-graph: tiny.csv: 1 of 3 users are not there, and have no features' rec-graph -u tiny.csv -o g.rec tiny.rec
    equal "$(features users g.rec | wc -l)" 2
    rec-graph -v -u tiny.csv -o g.rec tiny.rec 2>words
    grep -q 'tiny.csv: 1 feature of 2 users; 1 row of unknown ids, 0 missing values' words
}

@test "text that is another in nearly every row is no guess" {
    awk 'BEGIN { for (u = 0; u < 97; u++) print "u" u ",title " u "," u % 2 }' >titles.csv
    rec-graph -u titles.csv -o g.rec "$split" 2>words
    grep -q 'titles.csv: 1 column left out, the first c2: nearly every value is another; --user-columns' words
    equal "$(names users g.rec)" c3
}

@test "header and id by option" {
    tiny 7,u1 8,u2 9,u3
    rec-graph --feature-id 2 -u tiny.csv -o g.rec tiny.rec
    equal "$(names users g.rec)" c1
    tiny red,u1 blue,u2 red,u3 # no header: the id is known
    rec-graph --feature-id 2 -u tiny.csv -o g.rec tiny.rec
    equal "$(names users g.rec)" 'c1=blue c1=red'
    tiny 1999,who 3,u1 5,u2 9,u3
    rec-graph --feature-id who -u tiny.csv -o g.rec tiny.rec
    equal "$(names users g.rec)" 1999
    tiny u1,u u2,v u3,w
    refuses 3 'rec-graph: tiny.csv: none of 2 ids is among the items: is column 1 the id?*' rec-graph -i tiny.csv tiny.rec
}

@test "bad features are refused, with file and line" {
    tiny u1,5 u2,x u3,1
    refuses 3 "rec-graph: tiny.csv:2: column c2: not a finite number: 'x'" rec-graph -u tiny.csv --user-columns 2:number tiny.rec
    refuses 3 "rec-graph: tiny.csv:2: column c2: not a finite number: 'x'" rec-graph -u tiny.csv --user-columns 2:bin=3 tiny.rec
    refuses 3 "rec-graph: tiny.csv:1: column c2: neither 0 nor 1: '5'" rec-graph -u tiny.csv --user-columns 2:flags tiny.rec
    for bad in inf -inf 1e999; do
        tiny u1,5 u2,$bad u3,1
        refuses 3 "rec-graph: tiny.csv:2: column c2: not a finite number: '$bad'" rec-graph -u tiny.csv --user-columns 2:number tiny.rec
    done
    tiny u1,5 u2,inf u3,1
    refuses 3 "rec-graph: tiny.csv:2: column c2: not a finite number: 'inf'" rec-graph -u tiny.csv tiny.rec
    tiny id,c u1,5 u2,-1e308 u3,1e308
    refuses 3 "rec-graph: tiny.csv:3: column c: too large a number: '-1e308'" rec-graph -u tiny.csv tiny.rec
    rec-graph -u - tiny.rec <tiny.csv 2>&1 | grep -qx "rec-graph: stdin:3: column c: too large a number: '-1e308'"
    tiny u1,5 u2,6 u1,7
    refuses 3 "rec-graph: tiny.csv:3: id 'u1' is on line 1 as well" rec-graph -u tiny.csv tiny.rec
    tiny u1,5,6 u2,6
    refuses 3 "rec-graph: tiny.csv:2: 2 columns, but column 3 is wanted" rec-graph -u tiny.csv tiny.rec
    tiny u1, u2,
    refuses 3 "rec-graph: tiny.csv: there are no features in its columns" rec-graph -u tiny.csv tiny.rec
    tiny u1 u2
    refuses 3 "rec-graph: tiny.csv: one column, and *" rec-graph -u tiny.csv tiny.rec
    : >empty
    refuses 3 "rec-graph: empty: *" rec-graph -u empty tiny.rec
    refuses 5 "rec-graph: *nofile*" rec-graph -u nofile tiny.rec
}

@test "options that cannot be are refused" {
    tiny u1,5 u2,6 u3,7
    refuses 2 "rec-graph: --user-columns: no column 'age' among 2, and no header" rec-graph -u tiny.csv --user-columns age tiny.rec
    refuses 2 "rec-graph: --user-columns: no column '3' among 2, and no header" rec-graph -u tiny.csv --user-columns 3 tiny.rec
    refuses 2 "rec-graph: --user-columns: no column '2-3' *" rec-graph -u tiny.csv --user-columns 2-3:flags tiny.rec
    refuses 2 "rec-graph: --user-columns: '2-1' is no range: the smaller number comes first" \
        rec-graph -u tiny.csv --user-columns 2-1:flags tiny.rec
    for columns in '' '--user-columns 2' '--feature-id who'; do
        # shellcheck disable=SC2086
        refuses 2 'rec-graph: --feature-delim: ; does not split the first row of tiny.csv' \
            rec-graph -u tiny.csv --feature-delim ';' $columns tiny.rec
    done
    for how in much bin bin=0 bin=x first first=0 list=ab number=3; do
        refuses 2 "rec-graph: --user-columns: '$how' is none of number, *" rec-graph -u tiny.csv --user-columns 2:$how tiny.rec
    done
    refuses 2 "rec-graph: --user-features: tiny.csv is *" rec-graph -u tiny.csv -o tiny.csv tiny.rec
    refuses 2 "rec-graph: --user-features: standard input is taken*" rec-graph -u - <tiny.rec
    refuses 2 "rec-graph: --item-features: standard input is taken*" rec-graph -u - -i - tiny.rec <tiny.csv
    refuses 2 "rec-graph: --item-columns: no --item-features" rec-graph -u tiny.csv --item-columns 2 tiny.rec
    refuses 2 "rec-graph: --feature-id: neither *" rec-graph --feature-id 2 tiny.rec
    refuses 2 "rec-graph: --feature-id: tiny.csv has no column '9'" rec-graph -u tiny.csv --feature-id 9 tiny.rec
    refuses 2 "rec-graph: --feature-delim: 'ab' is not *" rec-graph -u tiny.csv --feature-delim ab tiny.rec
    refuses 2 "rec-graph: --edge-features: section 'ratings' has no column 'c9'*" rec-graph -e c9 tiny.rec
    refuses 2 "rec-graph: --edge-features: 'time' is no further column" rec-graph -e time tiny.rec
    refuses 2 "rec-graph: --edge-features: 'c5' twice" rec-graph -e c5,c5 "$split"
}

@test "features of ratings are kept columns, by mean and deviation of training" {
    gives 0 '' 'rec-graph: 600 values of --edge-features missing: the mean stands in' \
        rec-graph -e c5,c6 -o g.rec "$split"
    equal "$(names ratings g.rec)" 'c5 c6'
    paste <(rows ratings "$split") <(rows split "$split") <(features ratings g.rec) >all
    awk -F '\t' '$7 == "train" || $7 == 0 { n++; s += $8; q += $8 * $8 }
        END { exit !(n > 1500 && s / n < 1e-5 && s / n > -1e-5 && q / n > 0.9999 && q / n < 1.0001) }' all
    equal "$(awk -F '\t' '$6 == "" && $9 != 0' all | wc -l)" 0
    printf 'a,x,5,1,2\nb,x,3,2,y\n' | rec-clean --keep 5 | rec-encode | rec-split --test 0 --valid 0 -o bad.rec
    refuses 3 "rec-graph: section 'ratings', row 1: c5: not a finite number: 'y'" rec-graph -e c5 bad.rec
}

# made: a graph with features of everything, in g.rec
made() {
    rec-graph -q -u "$users" --user-columns age:bin=5,town -i "$items" --item-columns 2:last=6,3-5:flags \
        -e c5,c6 -o g.rec "$split"
}

# rmse FILE: of the test ratings
rmse() {
    rec-eval -q "$1" | awk '$1 == "test" && $2 ~ /gnn|gcn/ && $3 == "rmse" { print $4 }'
}

@test "rgnn learns features, says how many, and is the same with any threads" {
    made
    few=(--model rgnn --hidden 8 --epochs 4)
    gives 0 '' '' rec-train "${few[@]}" -T 1 -o one.rec g.rec
    gives 0 '' '' rec-train "${few[@]}" -T 4 -o four.rec g.rec
    cmp one.rec four.rec
    equal "$(rows model one.rec | grep features | tr '\n\t' ' =')" \
        'features_users=8 features_items=13 features_ratings=2 '
    equal "$(for x in V_u c_u V_i c_i; do rows model.$x one.rec | wc -l; done | paste -s -d ' ')" '8 8 13 13'
    equal "$(rows model.alpha one.rec | wc -w)" 12
    rec-train "${few[@]}" --checkpoint ck --every 2 -o whole.rec g.rec
    rec-train "${few[@]}" --resume ck -o again.rec g.rec
    cmp whole.rec one.rec
    cmp whole.rec again.rec
}

@test "training, rec-eval and each row of it agree" {
    made
    few=(--model rgnn --hidden 8 --schedule none)
    rec-train "${few[@]}" --epochs 3 -o m.rec g.rec
    rec-train "${few[@]}" --epochs 4 --log log -o more.rec g.rec # its last row is before the last epoch
    rec-eval -q --predictions p.tsv m.rec >report
    awk -F '\t' '$2 == "test" { n++; s += ($4 - $3) ^ 2 } END { printf "%.6f\n", sqrt(s / n) }' p.tsv >by_rows
    equal "$(<by_rows)" "$(rmse m.rec)"
    awk -v a="$(awk '$1 == "valid" && $2 == "rgnn" && $3 == "rmse" { print $4 }' report)" \
        -v b="$(awk 'END { print $4 }' log)" 'BEGIN { exit !(a - b < 1e-5 && b - a < 1e-5) }'
}

@test "--no-features is as if there were none; a model without stays so beside them" {
    made
    rec-graph -o plain.rec "$split"
    for model in rgnn gcn; do
        rec-train --model $model --hidden 8 --epochs 2 -o wanted.rec plain.rec
        rec-train --model $model --hidden 8 --epochs 2 --no-features -o m.rec g.rec
        equal "$(rmse m.rec)" "$(rmse wanted.rec)"
        run ! grep -q features <(rows model m.rec)
        cmp <(rows model.log wanted.rec) <(rows model.log m.rec)
    done
}

@test "rec-predict knows features as rec-eval does; those of a rating it is asked for are the mean" {
    made
    rec-graph -q -u "$users" --user-columns age:bin=5,town -o nodes.rec "$split"
    for model in 'rgnn --no-time' gcn; do
        # shellcheck disable=SC2086
        rec-train --model $model --hidden 8 --epochs 3 -o m.rec nodes.rec
        rec-eval -q --predictions p.tsv m.rec >/dev/null
        rows ratings m.rec | cut -f 1,2 | tr '\t' , >pairs
        rec-predict m.rec pairs | awk -F , '{ print $3 + 0 }' >got
        paste got <(tail -n +2 p.tsv | cut -f 4) |
            awk '{ d = $1 - $2; n++ } d > 1e-4 || d < -1e-4 { bad++ } END { exit !(n == 3000 && !bad) }'
    done
    mv m.rec nodes-m.rec
    rec-train --model rgnn --hidden 8 --epochs 3 -o m.rec g.rec
    rec-predict m.rec pairs | awk -F , '$4 != "model" || $3 < 1 || $3 > 5 { bad++ } END { exit !(NR == 3000 && !bad) }'
    rec-predict -v m.rec pairs 2>&1 >/dev/null | grep -c 'uses features of ratings .* the mean, 0, stands for them$' >said
    equal "$(<said)" 1
    run ! grep -q 'features of ratings' <(rec-predict -v nodes-m.rec pairs 2>&1 >/dev/null)
}

@test "gcn adds features to its first layer, layer by layer, the same with any threads" {
    made
    few=(--hidden 8 --epochs 4 --keep best)
    gives 0 '' '' rec-train "${few[@]}" -T 1 -o one.rec g.rec
    gives 0 '' '' rec-train "${few[@]}" -T 4 -o four.rec g.rec
    cmp one.rec four.rec
    equal "$(rows model one.rec | grep -E 'features|path' | tr '\n\t' ' =')" 'path=plain features_users=8 features_items=13 '
    equal "$(rows model.V one.rec | wc -l)" 21
    rec-eval -q --predictions p.tsv one.rec >/dev/null
    awk -F '\t' '$2 == "test" { n++; s += ($4 - $3) ^ 2 } END { printf "%.6f\n", sqrt(s / n) }' p.tsv >by_rows
    equal "$(<by_rows)" "$(rmse one.rec)"
    rec-train "${few[@]}" --batch 500 --dropout 0.2 --checkpoint ck --every 2 -o whole.rec g.rec
    rec-train "${few[@]}" --batch 500 --dropout 0.2 --resume ck -o again.rec g.rec
    cmp whole.rec again.rec
    refuses 5 'rec-train: *' rec-train --hidden 4000 -M 64M g.rec
}

# learns LIMIT OPTION...: test RMSE of a model with features is below LIMIT, without above
learns() {
    rec-train "${@:2}" -o with.rec g.rec
    rec-train "${@:2}" --no-features -o without.rec g.rec
    echo "with: $(rmse with.rec), without: $(rmse without.rec)"
    awk -v a="$(rmse with.rec)" -v b="$(rmse without.rec)" -v limit="$1" 'BEGIN { exit !(a < limit && b > limit) }'
}

@test "what is known of users without ratings is used" {
    awk 'BEGIN { srand(2); for (i = 0; i < 4000; i++) { u = i % 200
        printf "u%d,i%d,%.2f\n", u, rand() * 30, (u % 3 ? 4 : 2) + rand() - 0.5 >(u < 150 ? "old" : "new") } }'
    rec-clean -q --time none old new | rec-encode | rec-split --method source --test-source 2 --valid 0 -o s.rec
    awk 'BEGIN { for (u = 0; u < 200; u++) print "u" u "," (u % 3 ? "Ulm" : "Bonn") }' >towns
    rec-graph -u towns -o g.rec s.rec
    learns 0.85 --model rgnn --hidden 8 --lr 0.02 # biases know the town of the others
    learns 1 --hidden 8 --epochs 100
}

@test "what is known of ratings is used" {
    awk 'BEGIN { srand(3); for (i = 0; i < 4000; i++) { z = 10 * rand()
        printf "u%d,i%d,%.2f,,%.3f\n", i % 97, rand() * 53, 2 + 0.2 * z + rand() - 0.5, z } }' |
        rec-clean -q --time none --keep 5 | rec-encode | rec-split -o s.rec
    rec-graph -e c5 -o g.rec s.rec
    learns 0.4 --model rgnn --hidden 8 --epochs 5
}

@test "MovieLens 100K: features of users and films help on ratings held out" {
    data ml-100k/u1.base
    ml=$(dirname "$data")
    rec-clean "$data" | rec-encode | rec-split --test 0.1 --valid 0 -o s.rec
    rec-graph -q -u "$ml/u.user" --user-columns 2:bin=5,3,4,5:first=1 \
        -i "$ml/u.item" --item-columns 3:last=4,6-24:flags -o g.rec s.rec
    equal "$(rows graph.features.users.names g.rec | wc -l) $(rows graph.features.items.names g.rec | wc -l)" '56 90'
    rec-train --model rgnn --hidden 16 --epochs 12 --lr 0.005 -o with.rec g.rec
    rec-train --model rgnn --hidden 16 --epochs 12 --lr 0.005 --no-features -o without.rec g.rec
    echo "with: $(rmse with.rec), without: $(rmse without.rec)"
    awk -v a="$(rmse with.rec)" -v b="$(rmse without.rec)" 'BEGIN { exit !(a < b - 0.001) }'
}

@test "rec-predict knows who has no ratings by the features, as rec-eval does" {
    awk 'BEGIN { for (u = 0; u < 60; u++) for (k = 0; k < 8; k++) { i = (u * 7 + k * 5) % 40
        print "u" u ",i" i "," (u % 3 + i % 3 + 1) "," 1000 + u * 9 + k } }' >r.csv
    awk 'BEGIN { print "id,g"; for (u = 0; u < 60; u++) print "u" u ",g" u % 3 }' >u.csv
    awk 'BEGIN { print "id,g"; for (i = 0; i < 40; i++) print "i" i ",h" i % 3 }' >i.csv
    grep -E '^u[0-9]*[1-9],i[1-9]*[1-9],' r.csv >train.csv
    grep -vE '^u[0-9]*[1-9],i[1-9]*[1-9],' r.csv >test.csv # u0, u10 .. and i0, i10 .. are new
    rec-clean -q train.csv test.csv | rec-encode | rec-split --method source --test-source 2 --valid 0 |
        rec-graph -q -u u.csv -i i.csv | rec-train -q -m rgnn --epochs 5 -o m.rec
    rec-eval -q --boot 0 --predictions all.tsv m.rec >report
    rec-predict -q --time 4 m.rec test.csv >asked.csv
    awk -F '\t' '$2 == "test" { print $4 }' all.tsv >want
    paste want <(cut -d , -f 5 asked.csv) |
        awk '{ d = $1 - $2; if (d < 0) d = -d; if (d > 1e-5) bad = 1 } END { exit bad || NR < 50 }'
    equal "$(cut -d , -f 6 asked.csv | sort -u | tr '\n' ' ')" 'item mean user '
}
