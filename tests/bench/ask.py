#!/usr/bin/env python3
"""
Times training of rgnn by its defaults and what is asked of a trained model, and prints the
figures beside their limits.

    ask.py --bin DIR --dir DIR --runs N

The ratings are invented: 100,000 of 943 users and 1,682 items (the size of MovieLens 100K),
1,000,000 of 6,040 and 3,706 (MovieLens 1M), 810,128 of 29,858 and 40,981 (Gowalla's).  A
figure is the median of the rounds; it is not judged if anything else took more than a fifth
of a processor meanwhile.

Exit status 1 if a command fails, 0 whatever the figures.
"""
import argparse
import os
import sys
from statistics import median

from load import NOT_JUDGED, QUIET, Run, others, table, verdict

PAIRS = 10_000_000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--dir", required=True)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    os.environ.pop("REC_THREADS", None)
    failed = False

    def tool(name, *rest):
        return [os.path.join(args.bin, name), *rest]

    def path(name):
        return os.path.join(args.dir, name)

    def once(*commands):
        nonlocal failed
        run = Run(commands)
        if any(run.statuses):
            print(f"{commands[-1][0]}: exit {run.statuses}: {run.words}")
            failed = True
        return run

    def made(name, *commands):
        if not os.path.exists(path(name)) and any(once(*commands).statuses):
            if os.path.exists(path(name)):
                os.remove(path(name))  # not whole
        return path(name)

    def synth(name, users, items, rows, *options):
        return made(name, tool("rec-synth", "-u", str(users), "-i", str(items), "-n", str(rows),
                               "-o", path(name), *options))

    def split(name, source, *options):
        return made(name, tool("rec-clean", "-q", source), tool("rec-encode"),
                    tool("rec-split", *options, "-o", path(name)))

    small, middle = synth("943.csv", 943, 1682, 100000), synth("6040.csv", 6040, 3706, 1000000)
    split_m = split("6040.split.rec", middle, "--valid", "0")
    split_g = split("29858.split.rec", synth("29858.csv", 29858, 40981, 810128))
    one_epoch = ["-q", "-m", "rgnn", "--epochs", "1"]
    model_m = made("6040.model.rec", tool("rec-train", *one_epoch, split_m, "-o",
                                          path("6040.model.rec")))
    model_g = made("29858.model.rec", tool("rec-train", *one_epoch, split_g, "-o",
                                           path("29858.model.rec")))
    rankers = [made(f"29858.{name}.rec", tool("rec-train", "-q", "-m", *options, split_g, "-o",
                                              path(f"29858.{name}.rec")))
               for name, options in (("lightgcn", ("lightgcn", "--epochs", "0")),
                                     ("spectral", ("spectral", "--hidden", "448")))]
    # known pairs in no order; the file of ratings is as random as the shuffle needs
    pairs = made("pairs.csv", ["shuf", "-r", "-n", str(PAIRS), f"--random-source={middle}",
                               "-o", path("pairs.csv"), middle])
    bare = made("bare.csv", ["cut", "-d", ",", "-f", "1,2", pairs], ["tee", path("bare.csv")])
    chain = [tool("rec-clean", "-q", "-T", "1", small), tool("rec-encode", "-T", "1"),
             tool("rec-split", "-T", "1", "--valid", "0"),
             tool("rec-train", "-q", "-T", "1", "-m", "rgnn"),
             tool("rec-eval", "-q", "-T", "1", "--boot", "0")]
    cases = [
        ("100 K ratings, CSV to RMSE, one thread each, processor s", chain, "cpu", 1,
         [("must", 5)]),
        ("1 M ratings of 6,040 x 3,706, rgnn trained, s",
         [tool("rec-train", "-q", "-m", "rgnn", split_m)], "seconds", 1, [("must", 40)]),
        ("rec-predict, 10 M pairs, M pairs/s",
         [tool("rec-predict", "-q", "--time", "none", model_m, bare)], "seconds", PAIRS / 1e6,
         [("must", 1)]),
        ("rec-predict, 10 M pairs with times, M pairs/s",
         [tool("rec-predict", "-q", "--time", "4", model_m, pairs)], "seconds", PAIRS / 1e6,
         [("must", 1)]),
    ] + [
        (f"rec-recommend -k 20, 29,858 users x 40,981 items, {name}, s",
         [tool("rec-recommend", "-q", "-k", "20", model)], "seconds", 1, [("must", 3)])
        for name, model in zip(("rgnn", "lightgcn 256", "spectral 448"), [model_g, *rankers])
    ]
    runs = [[] for _ in cases]
    for _ in range(args.runs):
        for case, its in zip(cases, runs):
            its.append(once(*case[1]))
    rows = [("figure", "value", "least", "most", "peak MB", "others", "limit", "verdict")]
    for (name, _, what, amount, limits), its in zip(cases, runs):
        rate = amount != 1
        values = [amount / getattr(r, what) if rate else getattr(r, what) for r in its]
        word = NOT_JUDGED if others(its) > QUIET else verdict(median(values), limits, rate)
        rows.append((name, *(f"{v:.2f}" for v in (median(values), min(values), max(values))),
                     f"{max(max(r.peaks) for r in its) / 1e6:.0f}", f"{others(its):.2f}",
                     f"{limits[0][1]}", word))
    table(rows)
    return failed


if __name__ == "__main__":
    sys.exit(main())
