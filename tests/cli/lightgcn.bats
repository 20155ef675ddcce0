# rec-train --model lightgcn: vectors spread over the graph, trained to rank.
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    ratings 3000 | rec-clean | rec-encode | rec-split -o split.rec
}

setup() {
    here
    split=$BATS_FILE_TMPDIR/split.rec
    few=(-q -m lightgcn --hidden 8 --epochs 3 --batch 500)
}

@test "both losses: the same from one thread and four, stopped or not" {
    for loss in softmax bpr; do
        rec-train "${few[@]}" --loss $loss -T 1 -o one.rec "$split"
        rec-train "${few[@]}" --loss $loss -T 4 --checkpoint ck -o four.rec "$split"
        cmp one.rec four.rec
        rec-train "${few[@]}" --loss $loss --resume ck -o again.rec "$split"
        cmp one.rec again.rec
        rm ck
        equal "$(rows model one.rec | awk -F '\t' '$1 == "loss" { print $2 }')" $loss
        rec-view --check one.rec
    done
}

@test "it is ranked by rec-eval and asked by rec-recommend" {
    rec-train "${few[@]}" -o m.rec "$split"
    rec-eval -q --boot 0 m.rec >report
    awk -F '\t' '$2 == "lightgcn" && $3 == "ndcg@20" && $4 >= 0 { n++ } END { exit n != 2 }' report
    run ! grep -q 'lightgcn	rmse' report
    [ "$(rec-recommend -q -k 3 m.rec | wc -l)" -gt 100 ]
}

@test "its scores are those of the equations, computed by another program" {
    python=$(command -v /usr/bin/python3) && "$python" -c 'import numpy' 2>/dev/null || skip 'no python3 with numpy'
    for loss in softmax bpr; do
        for layers in 1 3; do
            rec-train "${few[@]}" --loss $loss --layers $layers -o m.rec "$split"
            rec-recommend -q --seen -k 100000 m.rec | awk -F '\t' 'NR > 1 { print $1 "\t" $2 "\t" $4 }' | sort >got
            "$python" "$ROOT/tests/golden/lightgcn.py" m.rec | sort >want
            equal "$(cut -f 1,2 got)" "$(cut -f 1,2 want)"
            paste got want | awk -F '\t' '{ d = $3 - $6; if (d < 0) d = -d; if (d > most) most = d; sum += $6 * $6 }
                END { if (most > 2e-5 || sum == 0) { print "differ by " most; exit 1 } }'
        done
    done
}

@test "without --epochs there are 160 batches, or 4 passes if those are more" {
    equal "$(rec-train -q -m lightgcn --hidden 4 "$split" | rec-view -s model.log | tail -n +2 | wc -l)" 160
    pairs=$(rec-view -s split "$split" | grep -c '^0$')
    equal "$(rec-train -q -m lightgcn --hidden 4 --batch $(((pairs + 9) / 10)) "$split" | rec-view -s model.log | tail -n +2 | wc -l)" 16
    equal "$(rec-train -q -m lightgcn --hidden 4 --batch $((pairs / 60)) "$split" | rec-view -s model.log | tail -n +2 | wc -l)" 4
}

@test "a model whose settings say neither loss nor tau is refused" {
    python=$(command -v /usr/bin/python3) || skip 'no python3'
    rec-train "${few[@]}" -z 0 -o m.rec "$split"
    for change in softmax/softmix tau/tua; do
        "$python" - m.rec ${change%/*} ${change#*/} "$ROOT/tests/golden" >bad.rec <<'END'
import struct, sys, zlib
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[4])
import craft
out = []
for f in list(craft.frames(sys.argv[1]))[:-1]:
    if sys.argv[2].encode() in f[48:]:
        p = f[48:].replace(sys.argv[2].encode(), sys.argv[3].encode())
        kind, flags = f[4], f[5]
        section, seq, first, rows = struct.unpack_from("<IIQI", f, 8)
        f = craft.frame(kind, p, section, seq, first, rows, flags)
    out.append(f)
sys.stdout.buffer.write(craft.file(*out))
END
        refuses 4 "rec-recommend: section 'model': *" rec-recommend -q bad.rec
    done
}

@test "of who has nothing in training the popular items are listed" {
    rec-clean <(printf 'u%d,i%d\n' 1 1 1 2 2 2 2 3 3 2 3 1 3 4) <(printf 'new,i4\n') | rec-encode |
        rec-split --method source --test-source 2 --valid 0 -o s.rec
    for loss in softmax bpr; do
        rec-train "${few[@]}" --loss $loss -o m.rec s.rec
        gives 0 $'user\titem\nnew\ti2\nnew\ti1\nnew\ti3\nnew\ti4' '' bash -c 'rec-recommend -q -u new m.rec | cut -f 1,2'
    done
}

@test "too little memory is found before training" {
    for m in 6 8 10 12 14 16 18 20 22 24 26 28 30 34 38; do
        run rec-train -q -T 1 -m lightgcn --hidden 64 --epochs 1 --batch 200 -M ${m}M -o m.rec "$split"
        [ "$status" -eq 0 ] && break
        [[ $output = 'rec-train: memory limit: training needs '* ]]
    done
    equal "$status" 0
    [ $m -gt 6 ]
}

@test "it finds what groups of users have in common, which popularity cannot" {
    # each of 200 users has 8 of the 25 items of her group, and one of any
    awk 'BEGIN { srand(1)
        for (u = 0; u < 200; u++) {
            for (k = 0; k < 8; k++) print "u" u ",i" u % 4 * 25 + int(rand() * 25)
            print "u" u ",i" int(rand() * 100) } }' | sort -u >pairs
    rec-clean pairs | rec-encode | rec-split --valid 0 -o groups.rec
    for loss in softmax bpr; do
        rec-train -q -m lightgcn --loss $loss --hidden 64 --epochs 20 --lr 0.01 --batch 500 -o m.rec groups.rec
        rec-eval -q --boot 0 -k 10 m.rec >report
        # spectral: 0.40; 10 of the some 19 that are left of a group, by chance: 0.47
        awk -F '\t' '$3 == "recall@10" { got[$2] = $4 }
            END { exit !(got["popularity"] < 0.1 && got["lightgcn"] > 0.3) }' report || { cat report && return 1; }
    done
}

@test "what it cannot be judged by is refused" {
    refuses 2 'rec-train: --keep best: this model does not rate: it goes with --metric loss' \
        rec-train "${few[@]}" --keep best "$split"
    rec-train "${few[@]}" --keep best --metric loss -o m.rec "$split"
    refuses 2 'rec-train: --loss: not an option of --model gcn' rec-train --loss bpr "$split"
    refuses 2 'rec-train: --dropout: not an option of --model lightgcn' rec-train "${few[@]}" --dropout 0.1 "$split"
    refuses 2 'rec-train: --penalty: not an option of --loss softmax' rec-train "${few[@]}" --penalty 1 "$split"
    refuses 5 'rec-train: memory limit: training needs *' rec-train "${few[@]}" --hidden 512 -M 8M "$split"
}
