#!/usr/bin/python3
"""
Times the training of the graph network beside PyTorch's (peer.py; Debian's python3-torch).

    train.py --bin DIR --passes FILE --work DIR [--small] [--rounds N]

First the losses of five epochs from the same weights must agree.  Then both train in turn,
so that each stands beside the other of the same minute.  An epoch is forward, loss, backward
and Adam on all ratings; ratios are of the least times.  Ours is tests/bench/passes or, for
three layers, dropout and "plain", what rec-train --log has between two lines: that measures
the validation ratings too, and with dropout takes a second forward pass for the loss.  Plain
is our path layer by layer, which a weight decay of 1e-30 asks for.  Torch's are

    fast     embedding bags with a C library told to keep memory and to use large pages,
             for the peer's sake: by default each epoch pays for fresh pages
    stock    the same without that; where it takes long one epoch of one round
    scatter  along edges, as PyTorch Geometric does it; one epoch, 1 M and two threads only

Memory is the peak of the process, rec-train's in its own table (passes has more: what it
measures the machine with), beside the least peak of fast and of stock.  What is timed while
other processes use the processors is not judged.  The last tables say where an epoch's time
goes and why it grows as it does: what passes predicts from bytes and rates (see there) is
beside what was measured.  --small: 1 M ratings, fewer epochs, and not all of the cases.  On
stderr a line a case.  Not a test: exit status 0 whatever the ratios, 1 if something fails or
losses differ.
"""
import argparse
import importlib.util
import json
import os
import sys
import time
from statistics import median

from load import NOT_JUDGED, QUIET, Run, others, table, verdict

PEER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer.py")
KEPT = ["env", "MALLOC_MMAP_THRESHOLD_=68719476736", "MALLOC_TRIM_THRESHOLD_=68719476736",
        "GLIBC_TUNABLES=glibc.malloc.hugetlb=1"]
SIZES = {"1 M": (420_000, 44_000, 1_000_000, []),
         "10 M": (4_200_000, 440_000, 10_000_000, []),
         "no singletons": (6_040, 3_706, 1_000_000, ["--singletons", "0"])}
WORDS = ["must", "target", "stretch"]
# (graph, width, threads): ratio to torch that must be, target, stretch
EPOCH = {("1 M", 16, 2): (6, 10, 13), ("1 M", 16, 1): (4, 7, 9),
         ("1 M", 64, 2): (4, 7, 9), ("1 M", 64, 1): (3, 5, 6),
         ("10 M", 16, 2): (4.5, 8, 11), ("10 M", 16, 1): (3, 5, 7)}
MEMORY, PLAIN, AGREE = (3, 6, 8), (1.5,), 1e-4
STARTED = time.perf_counter()


def progress(words):
    print(f"bench-train: {time.perf_counter() - STARTED:4.0f} s: {words}", file=sys.stderr,
          flush=True)


def name_of(case):
    size, width, threads, *more = case
    return ", ".join([size, f"width {width}", *more, f"{threads} thr."])


def run(*command):
    r = Run([command], keep=True)
    if r.statuses[0] != 0:
        sys.exit(f"train.py: {' '.join(command)}: status {r.statuses[0]}: {r.words}")
    return r


class Side:
    """One program's epochs, over all rounds."""

    def __init__(self):
        self.least, self.medians, self.runs = [], [], []

    def add(self, run_, ms):
        self.least.append(min(ms))
        self.medians.append(median(ms))
        self.runs.append(run_)

    def ms(self):
        return min(self.least)

    def peaks(self):
        return [r.peaks[0] for r in self.runs]


class Bench:
    def __init__(self, args):
        self.args, self.sides, self.passes, self.made = args, {}, {}, set()

    def tool(self, name):
        return os.path.join(self.args.bin, name)

    def graph(self, size):
        """The folder of a graph, with what peer.py wants; kept from run to run."""
        folder = os.path.join(self.args.work, "train", size.replace(" ", "-"))
        if not os.path.exists(os.path.join(folder, "sides.npy")):
            os.makedirs(folder, exist_ok=True)
            users, items, ratings, more = SIZES[size]
            pipe = Run([[self.tool("rec-synth"), "-u", str(users), "-i", str(items),
                         "-n", str(ratings), *more],
                        *([self.tool(t)] for t in ("rec-clean", "rec-encode", "rec-split")),
                        [self.tool("rec-graph"), "-o", os.path.join(folder, "graph.rec")]])
            if any(pipe.statuses):
                sys.exit(f"train.py: {size}: {pipe.words}")
            run(PEER, "convert", folder)
        return folder

    def weights(self, size, width, layers):
        """Initial weights as arrays; the name of the model."""
        folder, name = self.graph(size), f"{width}x{layers}"
        if (size, name) not in self.made:
            model = os.path.join(folder, name + ".rec")
            run(self.tool("rec-train"), "-e0", "-z0", f"-d{width}", f"-l{layers}",
                os.path.join(folder, "graph.rec"), "-o", model)
            for k in [k + str(n + 1) for n in range(layers) for k in "Wb"] + ["w", "c"]:
                run(self.tool("rec-view"), "-s", f"model.{k}", "--to", "npy", model,
                    "-o", os.path.join(folder, f"{name}.{k}.npy"))
            self.made.add((size, name))
        return folder, name

    def peer(self, form, size, width, threads, epochs, layers=2, dropout=0):
        """Torch's epochs; the first, if not alone, only warms up."""
        folder, name = self.weights(size, width, layers)
        kept = KEPT if form == "fast" else []
        form = "scatter" if form == "scatter" else "fast"
        r = run(*kept, PEER, form, folder, name,
                *map(str, (width, layers, dropout, threads, epochs)))
        said = json.loads(r.out)
        return r, said["ms"][1:] or said["ms"], said["loss"]

    def train(self, size, width, threads, epochs, *options):
        """Epochs of rec-train --log."""
        folder = self.graph(size)
        log = os.path.join(folder, "log.tsv")
        r = run(self.tool("rec-train"), f"-d{width}", f"-T{threads}", f"-e{epochs}", *options,
                "--log", log, os.path.join(folder, "graph.rec"), "-o", "/dev/null")
        with open(log) as f:
            lines = [line.split("\t") for line in f][1:]
        seconds = [float(x[1]) for x in lines]
        return (r, [1e3 * (b - a) for a, b in zip(seconds, seconds[1:])],
                [float(x[2]) for x in lines])

    def fused(self, size, width, threads, epochs):
        r = run(self.args.passes, os.path.join(self.graph(size), "graph.rec"),
                *map(str, (width, threads, epochs)))
        lines = [line.split("\t") for line in r.out.splitlines()]
        self.passes[size, width, threads] = lines
        return r, [float(x) for line in lines if line[0] == "epoch" for x in line[1:3]]

    def timed(self, case, who, result):
        self.sides.setdefault((case, who), Side()).add(*result[:2])
        progress(f"{name_of(case)}: {who} {min(result[1]):.1f} ms")

    # ---- what is printed ----

    def agree(self, size, width):
        theirs = self.peer("fast", size, width, 2, 5)[2]
        ours = self.train(size, width, 2, 5)[2]
        far = max(abs(a / b - 1) for a, b in zip(ours, theirs))
        print(f"{size}, width {width}: losses of 5 epochs, {ours[0]:.6g} to {ours[-1]:.6g}: "
              f"agree within {far:.1e} (limit {AGREE:g})", flush=True)
        return far <= AGREE and len(ours) == len(theirs) == 5

    def epochs(self):
        rows = [("epoch of", "by", "min ms", "median ms", "ratio", "limits", "verdict",
                 "peak MB", "others")]
        for (case, who), side in self.sides.items():
            ours, ratio, said, word = self.sides[case, "rec"], "", "", ""
            if who != "rec":
                value = side.ms() / ours.ms()
                ratio = f"{value:.2f}"
                limits = list(zip(WORDS, EPOCH.get(case, PLAIN)))
                if limits and who != "scatter":
                    said = ", ".join(f"{w} {x:g}" for w, x in limits)
                    loud = max(others(side.runs), others(ours.runs)) > QUIET
                    word = NOT_JUDGED if loud else verdict(value, limits, least=True)
            rows.append((name_of(case), who if who == "rec" else "torch " + who,
                         f"{side.ms():.1f}", f"{median(side.medians):.1f}", ratio, said, word,
                         f"{max(side.peaks()) / 1e6:.0f}", f"{others(side.runs):.2f}"))
        table(rows)

    def memory(self, cases):
        rows = [("peak memory of", "rec-train MB", "beside", "MB", "ratio", "limits",
                 "verdict")]
        for case in cases:
            ours = self.train(*case, 3)[0].peaks[0]
            for who in "fast", "stock":
                theirs = min(self.sides[case, who].peaks())
                limits = list(zip(WORDS, MEMORY))
                rows.append((name_of(case), f"{ours / 1e6:.0f}", "torch " + who,
                             f"{theirs / 1e6:.0f}", f"{theirs / ours:.2f}",
                             ", ".join(f"{w} {x:g}" for w, x in limits),
                             verdict(theirs / ours, limits, least=True)))
        table(rows)

    def growth(self):
        """From 1 M to 10 M: each pass beside what its bytes and the rates of both predict."""
        few, many = (self.passes[size, 16, 2] for size in ("1 M", "10 M"))
        column = {name: i for i, name in enumerate(few[0])}
        rows = [("growth, width 16, 2 thr.", "1 M ms", "10 M ms", "times", "bytes",
                 "at the triad's rate", "gathers at random")]
        for x, y in zip(few[1:], many[1:]):
            by = {k: float(y[i]) / float(x[i]) for k, i in column.items()
                  if i > 0 and float(x[i]) > 0}
            rows.append((x[0], x[column["min_ms"]], y[column["min_ms"]], *(
                f"{by[k]:.1f}" for k in ("min_ms", "MB", "least_ms", "most_ms"))))
        table(rows)
        a, b = (self.sides[(size, 16, 2), "fast"].ms() for size in ("1 M", "10 M"))
        print(f"torch fast: {a:.1f} ms at 1 M, {b:.1f} ms at 10 M: {b / a:.1f} times\n")


def more(b):
    """One round of what only the must is judged of."""
    for name, options, layers, dropout in (("3 layers", ["-l3"], 3, 0),
                                           ("dropout", ["--dropout=0.5"], 2, 0.5)):
        case = ("1 M", 16, 2, name)
        b.timed(case, "fast", b.peer("fast", *case[:3], 4, layers, dropout))
        b.timed(case, "rec", b.train(*case[:3], 8, *options))
    case = ("no singletons", 16, 2)
    fast = b.peer("fast", *case, 11)
    b.timed(case, "fast", fast)
    b.timed(case, "rec", b.fused(*case, 50))
    b.timed((*case, "plain"), "fast", fast)
    b.timed((*case, "plain"), "rec", b.train(*case, 31, "--weight-decay=1e-30"))


def main():
    parser = argparse.ArgumentParser()
    for name in "bin", "passes", "work":
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--rounds", type=int)
    args = parser.parse_args()
    for package in "numpy", "torch":
        if importlib.util.find_spec(package) is None:
            print(f"bench-train: there is no python3-{package} here, nothing to stand beside")
            return 0
    rounds, small = args.rounds or (1 if args.small else 3), args.small
    os.environ.pop("REC_THREADS", None)
    b = Bench(args)
    print(f"{rounds} rounds; {len(os.sched_getaffinity(0))} processors; "
          f"load {os.getloadavg()[0]:.1f}; MB is 10^6 bytes\n", flush=True)

    if not all([b.agree("1 M", width) for width in ((16,) if small else (16, 64))]):
        return 1
    print(flush=True)
    cases = [c for c in EPOCH if not small or c in (("1 M", 16, 2), ("1 M", 16, 1),
                                                    ("1 M", 64, 2))]
    for i in range(rounds):
        for case in cases:
            slow = case[0] == "10 M"
            if slow and i == 2:
                continue
            few = 3 if slow or small else 6
            b.timed(case, "fast", b.peer("fast", *case, few + 1))
            b.timed(case, "rec", b.fused(*case, 10 if slow else 25))
            if case[1] == 16 and not slow and i < 2 and (not small or case[2] == 2):
                b.timed(case, "stock", b.peer("stock", *case, 3))
            elif case[2] == 2 and i == 0 and not small:
                b.timed(case, "stock", b.peer("stock", *case, 2))
            if case[2] == 2 and i == 0 and not slow and (not small or case[1] == 16):
                b.timed(case, "scatter", b.peer("scatter", *case, 1))
        if not small:
            more(b)
    print(file=sys.stderr)
    b.epochs()
    b.memory([c for c in cases if c[2] == 2 and (c, "stock") in b.sides])
    if not small:
        b.growth()
    for (size, width, threads), lines in b.passes.items():
        if threads == 2:
            print(f"passes, {size}, width {width}, {threads} threads")
            table([tuple(x) for x in lines])
    return 0


if __name__ == "__main__":
    sys.exit(main())
