# rec-graph: the bipartite graph of the training ratings, against awk and sort.
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    stages 1000
}

setup() {
    here
    split=$BATS_FILE_TMPDIR/split.rec
    graph=$BATS_FILE_TMPDIR/graph.rec
}

# expected_edges FILE: `from to rating` of both directions of every training rating, from 0,
# by node and neighbour, computed from the ratings and the split.
expected_edges() {
    local users
    users=$(rows users "$1" | wc -l)
    paste <(rows ratings "$1" --codes) <(rows split "$1") |
        awk -F '\t' -v u="$users" '$NF == 0 { print $1, u + $2, $3; print u + $2, $1, $3 }' |
        sort -s -n -k 1,1 -k 2,2
}

# edges FILE: the same, from the graph: each node's degree says how many rows are its own.
edges() {
    paste -d ' ' <(rows graph.nodes "$1" | awk '{ for (i = 0; i < $1; i++) print NR - 1 }') \
        <(rows graph "$1" | tr '\t' ' ')
}

@test "edges are the training ratings, in both directions, by node and neighbour" {
    cmp <(edges "$graph") <(expected_edges "$split")
}

@test "two ratings of one item by one user are two edges" {
    printf 'a,x,5,1\na,x,3,2\nb,x,1,3\n' | rec-clean | rec-encode |
        rec-split --test 0 --valid 0 | rec-graph -o out.rec
    equal "$(edges out.rec | sort)" "$(lines '0 2 3' '0 2 5' '1 2 1' '2 0 3' '2 0 5' '2 1 1')"
}

@test "items are nodes behind the users: no edge joins two users or two items" {
    users=$(rows users "$graph" | wc -l)
    equal "$(edges "$graph" | awk -v u="$users" '($1 < u) == ($2 < u)' | wc -l)" 0
    rec-view -H "$graph" | grep -qx $'@SEC\tID:[0-9]*\tNM:graph\tKD:csr\tBY:rec-graph\tUS:'"$users"$'\tIT:'"$(rows items "$graph" | wc -l)"
}

@test "no validation or test rating is in it" {
    train=$(rows split "$split" | grep -c '^0$')
    [ "$train" -lt 1000 ]
    equal "$(rows graph "$graph" | wc -l)" $((2 * train))
    # the ratings of the edges are the training ratings, each twice
    cmp <(rows graph "$graph" | cut -f 2 | sort) \
        <(paste <(rows ratings "$split") <(rows split "$split") |
            awk -F '\t' '$NF == 0 { print $3; print $3 }' | sort)
}

@test "with other validation and test ratings the graph is the same" {
    printf 'a,x,5,1\nb,y,4,2\na,y,3,3\n' >train.csv
    printf 'b,x,1,4\n' >test1.csv
    printf 'b,x,5,9\n' >test2.csv
    for i in 1 2; do
        rec-clean train.csv test$i.csv | rec-encode | rec-split --method source --valid 0 |
            rec-graph -o $i.rec
    done
    cmp <(rec-view -s graph 1.rec) <(rec-view -s graph 2.rec)
    cmp <(rec-view -s graph.nodes 1.rec) <(rec-view -s graph.nodes 2.rec)
}

@test "one row a node: its degree, and 1 / sqrt(degree + 1)" {
    nodes=$(($(rows users "$graph" | wc -l) + $(rows items "$graph" | wc -l)))
    equal "$(rows graph.nodes "$graph" | wc -l)" $nodes
    expected_edges "$split" | awk -v n=$nodes '{ d[$1]++ }
        END { for (i = 0; i < n; i++) print d[i] + 0 }' |
        cmp - <(rows graph.nodes "$graph" | cut -f 1)
    equal "$(rows graph.nodes "$graph" |
        awk '{ e = $2 * sqrt($1 + 1) - 1; if (!(e < 1e-6 && e > -1e-6)) print "row", NR ": " $0 }')" ''
}

@test "a user whose ratings are all in test is a node of degree 0 and norm 1" {
    printf 'a,x,5,1\nb,x,4,2\n' >train.csv
    printf 'c,y,1,3\n' >test.csv
    rec-clean train.csv test.csv | rec-encode | rec-split --method source --valid 0 |
        rec-graph -o out.rec
    gives 0 "$(lines $'degree\tnorm' $'1\t0.70710677' $'1\t0.70710677' $'0\t1' $'2\t0.57735026' $'0\t1')" '' \
        rec-view -s graph.nodes out.rec
}

@test "Matrix Market: N x N, every edge, numbered from 1, and symmetric" {
    rec-view -s graph --to mtx -o out.mtx "$graph"
    equal "$(head -n 1 out.mtx)" '%%MatrixMarket matrix coordinate real general'
    nodes=$(rows graph.nodes "$graph" | wc -l)
    equal "$(sed -n 2p out.mtx)" "$nodes $nodes $(rows graph "$graph" | wc -l)"
    tail -n +3 out.mtx | awk '{ print $1 - 1, $2 - 1, $3 }' | cmp - <(expected_edges "$split")
    cmp <(tail -n +3 out.mtx | sort) <(tail -n +3 out.mtx | awk '{ print $2, $1, $3 }' | sort)
}

@test "a graph again takes the place of the first, and the model made from it goes" {
    rec-graph -o again.rec "$BATS_FILE_TMPDIR/model.rec"
    equal "$(rec-view -l again.rec | cut -f 1)" \
        "$(lines section users items ratings split graph graph.nodes)"
    cmp <(rec-view -s graph "$graph") <(rec-view -s graph again.rec)
}

@test "-v says how large it is" {
    printf 'a,x,5,1\nb,y,4,2\na,y,3,3\n' | rec-clean | rec-encode |
        rec-split --test 0 --valid 0 -o split.rec
    try rec-graph -v -o out.rec split.rec
    equal "$status" 0
    equal "$output" ''
    equal "${stderr_lines[0]}" 'rec-graph: 4 nodes (2 users, 2 items), 6 edges'
}

@test "Amazon Electronics, rows 2 to 5001: 5,227 nodes" {
    data amazon-electronics/ratings_Electronics.head50698.csv
    rec-clean --skip 1 --head 5000 "$data" | rec-encode | rec-split -o split.rec
    rec-graph -o graph.rec split.rec
    equal "$(rows graph.nodes graph.rec | wc -l)" 5227
    cmp <(edges graph.rec) <(expected_edges split.rec)
}
