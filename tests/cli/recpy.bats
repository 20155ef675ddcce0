# rec.py, the reader for NumPy: it gives what the programs wrote, and takes no other file
# than they do.
load common

export PYTHONDONTWRITEBYTECODE=1

# numpy_python: sets $python to an interpreter that has NumPy, or skips the test.
numpy_python() {
    for python in python3 /usr/bin/python3; do
        ! "$python" -c 'import numpy' 2>/dev/null || return 0
    done
    skip 'no python3 with NumPy'
}

# values KEY FILE...: what headers have for a key ("TY:"), without the width of vectors.
values() {
    for file in "${@:2}"; do
        rec-view -H "$file"
    done | grep -o "$1[a-z0-9]*" | sort -u | tr '\n' ' '
}

@test "rec.py reads every kind of section that is written, as the reader without NumPy and rec-view do" {
    numpy_python
    ratings 300 >in.csv
    awk -F , '{ if (!($1 in seen)) print $1 ",g" length($1 NR) % 3 "," NR % 7; seen[$1] = 1 }' in.csv >users.csv
    awk -F , '{ print $1 ",\\" $2 "," $3 "," $4 "," NR % 5 }' in.csv >kept.csv
    rec-clean -q --columns user,item,rating,time,shop --keep shop --header no -o raw.rec kept.csv kept.csv
    rec-clean -q in.csv | rec-encode -o encoded.rec
    rec-encode raw.rec | rec-split --valid 0.2 | rec-graph -q -u users.csv -e shop -o graph.rec
    rec-split encoded.rec | rec-graph -q -u users.csv -o users.rec
    rec-train -q -e 3 --checkpoint check.rec --every 2 graph.rec | cat >gcn.rec
    rec-train -q -m rgnn --epochs 2 --hidden 3 --seeds 2 -o rgnn.rec users.rec
    rec-train -q -m mf -e 2 --hidden 1 -z 9 -o mf.rec graph.rec
    rec-train -q -m spectral --hidden 4 -z 0 -o spectral.rec graph.rec
    rec-train -q -m lightgcn -e 2 -o lightgcn.rec graph.rec
    "$python" "$ROOT/tests/golden/loads.py" ./*.rec >out
    equal "$(wc -l <out)" 10
    equal "$(values KD: ./*.rec)" 'KD:csr KD:dict KD:log KD:matrix KD:params KD:table '
    equal "$(values TY: ./*.rec)" 'TY:f32 TY:f64 TY:i64 TY:str TY:u32 TY:u8 '
    equal "$(values FI: ./*.rec)" 'FI:delta FI:levels FI:none FI:packed FI:shuffle FI:steps '
}

@test "what rec.py and rec-view refuse is the same, and what they take has the same values" {
    numpy_python
    run "$python" "$ROOT/tests/golden/crafted.py" 240
    # shellcheck disable=SC2154
    [[ $output == *' alike: '*' taken, '*' refused' ]] || {
        echo "$output"
        return 1
    }
}

@test "rec.py refuses a file that is cut or has a byte changed" {
    numpy_python
    ratings 60 | rec-clean -q -o raw.rec
    "$python" -B - "$ROOT/lib/io" raw.rec <<'EOF'
import sys
sys.path.insert(0, sys.argv[1])
import rec
whole = open(sys.argv[2], "rb").read()
def refused(data):
    with open("bad.rec", "wb") as f:
        f.write(data)
    try:
        rec.load("bad.rec")
    except ValueError:
        return True
    return False
assert not refused(whole)
assert all(refused(whole[:n]) for n in range(0, len(whole), 5))
kept = [i for i in range(len(whole)) if not refused(whole[:i] + bytes([whole[i] ^ 64]) + whole[i + 1:])]
assert kept == [9], kept  # the minor version
EOF
}
