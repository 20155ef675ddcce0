#!/usr/bin/env python3
"""
Ranking figures of a rec file, from their definitions; shares no code with rec.

    ranking.py FILE K,K [LEAST]               of popularity, on validation and test
    ranking.py FILE K,K [LEAST] --lists TSV   of these lists (user item rank score, by
                                              ids), on test

Prints what rec-eval -k prints of it: split model metric value n, the figures with twelve
decimals.  LEAST: only what is rated so or more is to be found.
"""
import collections
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import recfile  # noqa: E402


def columns(sections, name):
    last = [s for s in sections if s["NM"] == name][-1]
    return {c["NM"]: c["values"] for c in last["cols"]}


def figures(lists, truth, k):
    """The mean of each figure over the users of TRUTH."""
    sums = collections.Counter()
    for user, wanted in truth.items():
        found = [item in wanted for item in lists[user][:k]]
        ranks = [r for r, hit in enumerate(found, 1) if hit]
        least = min(k, len(wanted))
        sums["recall"] += len(ranks) / len(wanted)
        sums["precision"] += len(ranks) / k
        sums["ndcg"] += (math.fsum(1 / math.log2(r + 1) for r in ranks) /
                         math.fsum(1 / math.log2(r + 1) for r in range(1, least + 1)))
        sums["mrr"] += 1 / ranks[0] if ranks else 0
        sums["map"] += math.fsum(sum(found[:r]) / r for r in ranks) / least
        sums["hitrate"] += bool(ranks)
    return {m: sums[m] / len(truth)
            for m in ("recall", "precision", "ndcg", "mrr", "map", "hitrate")}


def main(*args):
    lists_path = args[args.index("--lists") + 1] if "--lists" in args else None
    path, cutoffs, least = (*args[:args.index("--lists") if lists_path else None], None)[:3]
    sections = recfile.load(path)
    x, parts = columns(sections, "ratings"), columns(sections, "split")["part"]
    ids = [columns(sections, name)["id"] for name in ("users", "items")]
    rows = list(zip(x["user"], x["item"], x["rating"], parts))
    count = collections.Counter(item for _, item, _, part in rows if part == 0)
    popular = sorted(range(len(ids[1])), key=lambda i: (-count[i], i))
    cutoffs = [int(k) for k in cutoffs.split(",")]
    given = collections.defaultdict(list)
    if lists_path:
        code = [{text: i for i, text in enumerate(side)} for side in ids]
        with open(lists_path, "rb") as f:
            for line in f.read().split(b"\n")[1:-1]:
                user, item = line.split(b"\t")[:2]
                given[code[0][user]].append(code[1][item])
    for part, name in ((1, "valid"), (2, "test")):
        if lists_path and part == 1:
            continue
        truth, seen = collections.defaultdict(set), collections.defaultdict(set)
        for user, item, rating, p in rows:
            if p == part and (least is None or rating >= float(least)):
                truth[user].add(item)
            elif p < part:
                seen[user].add(item)
        lists = given if lists_path else {
            u: [i for i in popular if i not in seen[u]][:cutoffs[-1]] for u in truth}
        for k in cutoffs:
            out = figures(lists, truth, k)
            all_ = [i for u in truth for i in lists[u][:k]]
            out["coverage"] = len(set(all_)) / len(ids[1])
            out["novelty"] = math.fsum(
                math.log2(len(ids[0]) / max(count[i], 1)) for i in all_) / len(all_)
            for metric, value in out.items():
                print("%s\t%s\t%s@%d\t%.12f\t%d" % (
                    name, "lists" if lists_path else "popularity", metric, k, value,
                    len(truth)))


if __name__ == "__main__":
    main(*sys.argv[1:])
