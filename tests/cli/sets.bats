# make data/NAME: public sets fetched from a server of this test, on files made up here.
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    mkdir site
    ratings 300 >site/plain.csv
}

setup() {
    here
    at=$BATS_FILE_TMPDIR
    export REC_SETS=$PWD/sets REC_DATA=$PWD/data no_proxy=127.0.0.1
}

# serve: the folder `site` on a free port of this machine; sets $server and $at_server.
# cut.csv breaks off in the middle, and slow.csv never ends.
serve() {
    command -v python3 >/dev/null || skip 'python3 is not there'
    command -v curl >/dev/null || command -v wget >/dev/null || skip 'neither curl nor wget is there'
    cat >server.py <<'PY'
import http.server, sys, time
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path not in ("/cut.csv", "/slow.csv"):
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"1,2,3\n")
        self.wfile.flush()
        if self.path == "/slow.csv":
            time.sleep(60)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: Handler(*a, directory=sys.argv[1]))
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
PY
    python3 -u server.py "$at/site" >port 2>/dev/null 3>&- &
    server=$!
    for _ in $(seq 100); do
        [ ! -s port ] || break
        sleep 0.1
    done
    at_server=http://127.0.0.1:$(<port)
}

teardown() {
    [ -z "${server-}" ] || kill "$server"
}

# set NAME FILE SUM [THEN]: a line of the table
set_line() {
    printf '%s\t%s/%s\t%s\t%s\n' "$1" "$at_server" "$2" "$3" "${4-}" >>sets
}

fetch() {
    try "$ROOT/pipelines/data.sh" "$1"
}

sum() {
    sha256sum "$1" | cut -d ' ' -f 1
}

@test "a set is fetched, its sum checked, and make leaves it alone from then on" {
    serve
    set_line plain plain.csv "sha256:$(sum "$at/site/plain.csv")"
    set_line plain_md5 plain.csv "md5:$(md5sum "$at/site/plain.csv" | cut -d ' ' -f 1)"
    gives 0 "  fetch  $at_server/plain.csv" '' env -u MAKEFLAGS -u MAKELEVEL make -s -C "$ROOT" data/plain
    cmp "$at/site/plain.csv" data/plain/plain.csv
    equal "$(stat -c %a data/plain)" 755
    fetch plain_md5
    equal "$status" 0
    cmp "$at/site/plain.csv" data/plain_md5/plain.csv
    refuses 1 "make data/plain: *data/plain is there already; remove it to fetch it anew" \
        "$ROOT/pipelines/data.sh" plain
}

@test "a sum that nobody knows is printed" {
    serve
    set_line new plain.csv -
    gives 0 "$(lines "  fetch  $at_server/plain.csv" \
        "  sha256 $(sum "$at/site/plain.csv") of plain.csv, not checked")" '' "$ROOT/pipelines/data.sh" new
}

@test "an archive is unpacked without its folders, by unzip and by python3" {
    serve
    python3 -c 'import sys, zipfile
z = zipfile.ZipFile(sys.argv[1], "w")
z.writestr("set/deep/one.csv", "1,2,3\n")
z.writestr("set/two.csv", "4,5,6\n")' "$at/site/set.zip"
    set_line a set.zip "sha256:$(sum "$at/site/set.zip")"
    set_line b set.zip -
    set_line c plain.zip -
    cp "$at/site/plain.csv" "$at/site/plain.zip"
    fetch a
    equal "$status" 0
    mkdir few
    for tool in bash env awk sha256sum md5sum cut mktemp mkdir rm mv chmod basename dirname sort tr cat python3 curl wget; do
        where=$(command -v $tool) || continue
        [ $tool != python3 ] || where=$(python3 -c 'import sys; print(sys.executable)')
        ln -s "$where" few/$tool
    done
    PATH=$PWD/few fetch b
    equal "$status" 0
    for set in a b; do
        equal "$(ls data/$set)" "$(lines one.csv two.csv)"
        equal "$(cat data/$set/*.csv)" "$(lines 1,2,3 4,5,6)"
    done
    fetch c
    equal "$status" 1
    [[ $stderr = *"make data/c: cannot unpack $at_server/plain.zip" ]]
    equal "$(ls -A data)" "$(lines a b)"
}

@test "what is damaged, cut, missing or unknown is refused and leaves nothing" {
    serve
    good=$(sum "$at/site/plain.csv")
    set_line wrong plain.csv "sha256:${good:0:60}0000"
    set_line cut cut.csv -
    set_line both plain.csv "sha256:$good"
    set_line both none.csv -
    set_line odd plain.csv 1234
    set_line gone plain.csv - none.py
    fetch wrong
    [[ $status = 1 && $stderr = "make data/wrong: $at_server/plain.csv: its sha256 is $good, not "*': it was damaged, or its publisher has changed it' ]]
    for name in cut both; do
        fetch $name
        [[ $status = 1 && $stderr = *"make data/$name: cannot fetch $at_server/"* ]]
    done
    fetch odd
    [[ $status = 1 && $stderr = "make data/odd: "*"'1234' is no checksum: sha256:HEX, md5:HEX or -" ]]
    fetch gone
    [[ $status = 1 && $stderr = *'make data/gone: none.py cannot make the files of it that the experiments read' ]]
    refuses 1 'make data/other: no such file, and no such set; sets are: both cut gone odd wrong ' \
        "$ROOT/pipelines/data.sh" other
    equal "$(ls -A data)" ''
    kill "$server"
    wait "$server" || true
    server=
    fetch wrong
    [[ $status = 1 && $stderr = *"make data/wrong: cannot fetch $at_server/plain.csv" ]]
}

@test "one that is stopped in the middle leaves nothing" {
    serve
    set_line slow slow.csv -
    "$ROOT/pipelines/data.sh" slow >/dev/null 2>&1 3>&- &
    pid=$!
    for _ in $(seq 100); do
        [ -z "$(ls data/.slow.*/slow.csv 2>/dev/null)" ] || break
        sleep 0.05
    done
    [ -e data/.slow.*/slow.csv ]
    kill $pid
    run wait $pid
    wait $pid || status=$?
    equal "$status" 143
    equal "$(ls -A data)" ''
}

@test "without curl wget fetches, and without both that is said" {
    serve
    set_line plain plain.csv -
    mkdir few
    for tool in bash env awk sha256sum cut mktemp mkdir rm mv chmod basename dirname; do
        ln -s "$(command -v $tool)" few/$tool
    done
    PATH=$PWD/few refuses 1 'make data/plain: neither curl nor wget is there; install one, or name a folder with DATA_DIR' \
        "$ROOT/pipelines/data.sh" plain
    command -v wget >/dev/null || skip 'wget is not there'
    ln -s "$(command -v wget)" few
    PATH=$PWD/few fetch plain
    equal "$status" 0
    cmp "$at/site/plain.csv" data/plain/plain.csv
}

@test "every set that is listed has a name, an address, a checksum or none, and a program that is there" {
    grep -v '^#' "$ROOT/pipelines/sets" >listed
    [ -s listed ]
    run ! grep -vE $'^[a-z0-9-]+\thttps?://.*/[^/\t]+\t(-|md5:[0-9a-f]{32}|sha256:[0-9a-f]{64})(\t[a-z_]+\.py)?$' listed
    cut -f 4 listed | grep . | while read -r program; do
        [ -e "$ROOT/pipelines/$program" ]
    done
    grep -hoE 'DATA_DIR\)/[a-z0-9-]+' "$ROOT"/pipelines/*.mk | cut -d / -f 2 | sort -u | while read -r folder; do
        grep -q "^$folder	" listed
    done
}

@test "Amazon's two splits are drawn again, byte for byte; other rows are refused" {
    command -v python3 >/dev/null || skip 'python3 is not there'
    mkdir made
    printf '%s\n' a,x,1,1 b,y,2,2 >made/ratings_Electronics.csv
    refuses 1 'ratings_Electronics.csv: 2 rows, and seed5000 needs 5001' \
        python3 "$ROOT/pipelines/amazon_splits.py" made
    seq 50698 | sed 's/$/,x,1,1/' >made/ratings_Electronics.csv
    refuses 1 'ratings_Electronics.csv: its first rows are not those that seed5000 was drawn from' \
        python3 "$ROOT/pipelines/amazon_splits.py" made
    equal "$(ls made)" ratings_Electronics.csv
    data amazon-electronics/ratings_Electronics.head50698.csv
    { cat "$data"; echo more,rows,3.0,4; } >made/ratings_Electronics.csv
    gives 0 '' '' python3 "$ROOT/pipelines/amazon_splits.py" made
    for file in seed5000 head50698; do
        for part in train test; do
            cmp made/$file.$part.csv "$(dirname "$data")/$file.$part.csv"
        done
    done
}

@test "Douban's matrices become user,item,rating; others are refused" {
    for python in "${PYTHON:-python3}" /usr/bin/python3; do
        ! "$python" -c 'import h5py, numpy' 2>/dev/null || break
    done
    "$python" -c 'import h5py, numpy' 2>/dev/null || skip 'no python3 with h5py'
    mkdir made
    # 123,202 and 13,689 ratings at known places, users in rows; MATLAB writes columns first
    cat >make.py <<'PY'
import sys
import h5py, numpy
cells = numpy.arange(500 * 400)
rating = (1 + cells % 5).reshape(500, 400).astype("float64")
train = (cells < int(sys.argv[1])).reshape(500, 400)
test = ((cells >= 150000) & (cells < 163689)).reshape(500, 400)
with h5py.File("made/training_test_dataset.mat", "w") as file:
    for name, what in (("M", rating), ("Otraining", train), ("Otest", test)):
        file[name] = what.T.astype("float64")
PY
    "$python" make.py 123201
    refuses 1 'training_test_dataset.mat: 123201 ratings for train, not 123202' \
        "$python" "$ROOT/pipelines/douban_csv.py" made
    equal "$(ls made)" training_test_dataset.mat
    "$python" make.py 123202
    gives 0 '' '' "$python" "$ROOT/pipelines/douban_csv.py" made
    awk 'BEGIN { for (c = 0; c < 123202; c++) printf "%d,%d,%d\n", int(c / 400), c % 400, 1 + c % 5 }' | cmp - made/train.csv
    awk 'BEGIN { for (c = 150000; c < 163689; c++) printf "%d,%d,%d\n", int(c / 400), c % 400, 1 + c % 5 }' | cmp - made/test.csv
}
