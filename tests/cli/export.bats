# rec-view: sections for other programs, with the users' own ids.
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    printf '%s\n' 'ann,tea pot,5,100' 'ann,cup,3,200' 'bob,cup,4,300' 'bob,"a,b",1,400' 'cy,cup,2,500' \
        >in.csv
    rec-clean -q in.csv | rec-encode | rec-split --test 0.3 --valid 0.3 -o split.rec
    rec-train -q -m rgnn --epochs 1 --hidden 2 --basis cl -o rgnn.rec split.rec
    rec-graph split.rec | rec-train -q --epochs 1 --hidden 2 -o gcn.rec
}

setup() {
    here
    split=$BATS_FILE_TMPDIR/split.rec
    rgnn=$BATS_FILE_TMPDIR/rgnn.rec
    gcn=$BATS_FILE_TMPDIR/gcn.rec
}

@test "ratings as RecBole's atomic file" {
    gives 0 "$(printf '%s\t%s\t%s\t%s\n' user_id:token item_id:token rating:float timestamp:float \
        ann 'tea pot' 5 100 ann cup 3 200 bob cup 4 300 bob 'a,b' 1 400 cy cup 2 500)" '' \
        rec-view -s ratings --to inter "$split"
}

@test "RecBole's ids are tokens as numbers too" {
    rec-view -s ratings --to inter --codes "$split" >got
    equal "$(head -n 1 got)" \
        "$(printf '%s\t%s\t%s\t%s' user_id:token item_id:token rating:float timestamp:float)"
    equal "$(tail -n +2 got)" "$(rows ratings "$split" --codes)"
    equal "$(rec-view -s ratings --to inter --codes -c rating "$split" | head -n 1)" rating:float
}

@test "--part prints the rows of one part: together they are all" {
    for part in train valid test; do
        rec-view -s ratings --to csv --part $part "$split" >$part.csv
        number=$(printf '%s\n' train valid test | grep -nx $part | cut -d : -f 1)
        equal "$(($(wc -l <$part.csv) - 1))" \
            "$(rows split "$split" | grep -cx $((number - 1)) || true)"
    done
    equal "$(tail -qn +2 train.csv valid.csv test.csv | sort)" \
        "$(rec-view -s ratings --to csv "$split" | tail -n +2 | sort)"
    equal "$(rec-view -s ratings --to csv --part all "$split" | wc -l)" 6
}

@test "rows of a matrix get the names of what they stand for" {
    rec-view -s model.W1 --rows nodes "$gcn" >named
    equal "$(cut -f 1 named)" "$(lines id ann bob cy 'a,b' cup 'tea pot')"
    equal "$(cut -f 2- named)" "$(rec-view -s model.W1 "$gcn")"
    equal "$(rec-view -s model.W1 --rows nodes --to csv "$gcn" | sed -n 5p | cut -c 1-5)" '"a,b"'
    # two rows for each item
    equal "$(rec-view -s model.Y --rows items "$rgnn" | cut -f 1)" \
        "$(lines id 'a,b#1' 'a,b#2' 'cup#1' 'cup#2' 'tea pot#1' 'tea pot#2')"
}

@test "embeddings as word2vec's text" {
    rec-view -s model.W1 --rows nodes --to w2v "$gcn" >w2v
    equal "$(head -n 1 w2v)" '6 2'
    equal "$(tail -n +2 w2v | cut -d ' ' -f 1)" "$(lines ann bob cy 'a,b' cup 'tea\x20pot')"
    equal "$(tail -n +2 w2v | cut -d ' ' -f 2-)" \
        "$(rec-view -s model.W1 "$gcn" | tail -n +2 | tr '\t' ' ')"
}

@test "a form, a part or names that do not fit are refused" {
    refuses 2 "rec-view: inter holds section 'ratings', not 'users'" rec-view -s users --to inter "$split"
    refuses 2 'rec-view: w2v holds a matrix*' rec-view -s model.W1 --to w2v "$gcn"
    refuses 2 'rec-view: w2v holds a matrix*' rec-view -s ratings --to w2v --rows users "$split"
    refuses 2 "rec-view: --rows: 'model.c' has 1 rows*" rec-view -s model.c --rows users "$gcn"
    refuses 2 "rec-view: --part: a row of 'users' is no rating,*" rec-view -s users --part test "$split"
    refuses 2 'rec-view: --part goes with *' rec-view -s model.W1 --to npy --part test -o x.npy "$gcn"
    refuses 2 'rec-view: --rows goes with *' rec-view -s model.W1 --to npy --rows nodes -o x.npy "$gcn"
    refuses 2 'rec-view: *go with --section' rec-view --part test "$split"
    rec-clean -q "$BATS_FILE_TMPDIR/in.csv" | rec-encode -o encoded.rec
    refuses 4 'rec-view: *split*' rec-view -s ratings --part test encoded.rec
}

@test "--part asks what a row is, not how many there are" {
    printf '%s\n' ann,tea,5,1 bob,cup,3,2 cy,pot,4,3 >in.csv
    rec-clean -q in.csv | rec-encode | rec-split --test 0.4 --valid 0 | rec-graph -o three.rec
    equal "$(rows users three.rec | wc -l)" "$(rows split three.rec | wc -l)"
    refuses 2 "rec-view: --part: a row of 'users' is no rating, as in ratings, split and graph.features.ratings" \
        rec-view -s users --part test three.rec
    refuses 2 "rec-view: --part: a row of 'items' is no rating,*" rec-view -s items --part train three.rec
    for section in ratings split; do
        equal "$(rows $section three.rec --part train | wc -l)" "$(rows split three.rec | grep -c 0)"
    done
}

@test "--part works on features of ratings" {
    awk -F , '{ print $0 "," NR }' "$BATS_FILE_TMPDIR/in.csv" | sed 's/"a,b"/ab/' >five.csv
    rec-clean -q --header no --columns user,item,rating,time,n --keep n five.csv | rec-encode |
        rec-split --test 0.3 --valid 0 | rec-graph -q -e n -o five.rec
    for part in train test; do
        rows graph.features.ratings five.rec --part $part
    done | sort | cmp - <(rows graph.features.ratings five.rec | sort)
    equal "$(rows graph.features.ratings five.rec --part test | wc -l)" "$(rows split five.rec | grep -c 2)"
}

@test "a split of other ratings is damage" {
    command -v python3 >/dev/null || skip 'python3 is not installed'
    head -n 4 "$BATS_FILE_TMPDIR/in.csv" | rec-clean -q | rec-encode | rec-split -o four.rec
    PYTHONPATH=$ROOT/tests/golden python3 -B - "$split" four.rec <<'EOF'
import sys, craft
five, four = ([f for f in craft.frames(path) if f[4] in (2, 3, 4)] for path in sys.argv[1:])
last = max(f[8] for f in five)  # the number of the section that came last: split
assert last == max(f[8] for f in four)
with open("both.rec", "wb") as f:
    f.write(craft.file(*[f for f in five if f[8] != last], *[f for f in four if f[8] == last]))
EOF
    refuses 4 "rec-view: both.rec: section 'split' has 4 rows, 'ratings' 5: run it through rec-split again" \
        rec-view -s ratings --part test both.rec
}
