# Sets that are fetched, folds, and the table of results, on data made up here.
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    ratings 1200 >all.csv
    mkdir -p sets/amazon-electronics site
    # the split files, laid out as the real ones are
    for name in seed5000 head50698; do
        head -n 900 all.csv >sets/amazon-electronics/$name.train.csv
        tail -n +901 all.csv >sets/amazon-electronics/$name.test.csv
    done
    built b
}

setup() {
    here
    at=$BATS_FILE_TMPDIR
}

# chain GOAL SETTING=VALUE...: make with programs that are there
chain() {
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES -u B -u CFLAGS -u CI \
        make -C "$ROOT" --no-print-directory B="$at/b" DATA_DIR="$at/sets" "$@"
}

@test "an experiment runs with nothing but the folder of its data" {
    chain metrics EXPERIMENT=amazon-electronics >out
    grep -q '^test   rgnn ' out
    rec-view --prov "$at/b/amazon-electronics/model.rec" | grep -q -- '--model rgnn'
}

@test "folds: each is the test part once, and their mean is printed" {
    chain -j2 folds EXPERIMENT=amazon-electronics FOLDS=3 MODEL=mf >out
    for k in 1 2 3; do
        rec-view --prov "$at/b/amazon-electronics-mf-fold-$k/model.rec" | grep -q -- "--folds 3 --fold $k"
    done
    equal "$(awk '$1 == "mf" { print $2 }' out)" 3
    cat "$at"/b/amazon-electronics-mf-fold-[123]/metrics.tsv |
        awk -F '\t' '$1 == "test" && $2 == "mf" && $3 == "rmse" { s += $4 } END { printf "%.4f\n", s / 3 }' >mean
    equal "$(awk '$1 == "mf" { print $3 }' out)" "$(<mean)"
}

@test "results: a row for every set, the figures those of the runs, in its place of the README" {
    printf '%s\n' before '<!-- results -->' old '<!-- end of results -->' after >r.md
    (cd "$ROOT" && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES -u B -u CFLAGS -u CI \
        pipelines/results.sh "$at/sets" "$OLDPWD/r.md" make B="$at/b") >out 2>said
    equal "$(sed -n '1p;2p;$p' r.md)" "$(lines before '<!-- results -->' after)"
    run ! grep -q old r.md
    equal "$(grep -c '^| MovieLens 100K.*no data: make data/ml-100k |$' r.md)" 4
    rmse=$(awk -F '\t' '$1 == "test" && $2 == "rgnn" && $3 == "rmse" { printf "%.4f", $4 }' \
        "$at/b/results/amazon-seed-time-rgnn/metrics.tsv")
    grep -q "^| Amazon, the 5,000 rows of the notebook | time | .* | $rmse | .* | 1.5956 (the notebook) |$" r.md
    grep -q 'ml-1m/ratings.dat is not there' said
}

# serve: python's server of the folder `site` on a free port; sets $server and $port
serve() {
    command -v python3 >/dev/null || skip 'python3 is not there'
    command -v curl >/dev/null || command -v wget >/dev/null || skip 'neither curl nor wget is there'
    python3 -u -c 'import http.server, functools
h = functools.partial(http.server.SimpleHTTPRequestHandler, directory="'"$at"'/site")
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), h)
print(s.server_port, flush=True)
s.serve_forever()' >port 2>/dev/null 3>&- &
    server=$!
    for _ in $(seq 100); do
        [ ! -s port ] || break
        sleep 0.1
    done
    port=$(<port)
}

teardown() {
    [ -z "${server-}" ] || kill "$server"
}

@test "make data/NAME fetches, checks and unpacks a set, whole or not at all" {
    serve
    cp "$at/all.csv" "$at/site/plain.csv"
    python3 -c 'import sys, zipfile
z = zipfile.ZipFile(sys.argv[1], "w")
z.writestr("set/deep/one.csv", "1,2,3\n")
z.writestr("set/two.csv", "4,5,6\n")' "$at/site/set.zip"
    good=sha256:$(sha256sum "$at/site/plain.csv" | cut -d ' ' -f 1)
    zip=md5:$(md5sum "$at/site/set.zip" | cut -d ' ' -f 1)
    printf '%s\thttp://127.0.0.1:%s/%s\t%s\n' plain "$port" plain.csv "$good" \
        zipped "$port" set.zip "$zip" unchecked "$port" plain.csv - \
        wrong "$port" plain.csv "sha256:${good:9:60}0000" \
        both "$port" plain.csv "$good" both "$port" none.csv - >sets
    export REC_SETS=$PWD/sets REC_DATA=$PWD/data
    cd "$ROOT"
    pipelines/data.sh plain
    cmp "$at/all.csv" "$REC_DATA/plain/plain.csv"
    pipelines/data.sh zipped
    equal "$(cat "$REC_DATA/zipped/one.csv" "$REC_DATA/zipped/two.csv")" "$(lines 1,2,3 4,5,6)"
    run -0 pipelines/data.sh unchecked
    [[ $output == *"sha256 ${good#*:} of plain.csv, not checked"* ]]
    for name in wrong both; do
        run -1 pipelines/data.sh $name
        [ ! -e "$REC_DATA/$name" ]
    done
    run -1 pipelines/data.sh wrong
    [[ $output == *'it was damaged, or its publisher has changed it'* ]]
    run -1 pipelines/data.sh none
    [[ $output == *'no such set; there are: both plain unchecked wrong zipped'* ]]
    equal "$(ls -A "$REC_DATA" | sort | tr '\n' ' ')" 'plain unchecked zipped '
}

@test "every set that is listed has a name, an address and a checksum or none" {
    grep -v '^#' "$ROOT/pipelines/sets" >listed
    [ -s listed ]
    run ! grep -vE $'^[a-z0-9-]+\thttps?://.*/[^/\t]+\t(-|md5:[0-9a-f]{32}|sha256:[0-9a-f]{64})$' listed
}
