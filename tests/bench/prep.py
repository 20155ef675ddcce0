#!/usr/bin/env python3
"""
Times the first four stages beside wc, sort and gzip, and prints the figures beside their
limits.

    prep.py --bin DIR --dir DIR --rows N --runs N

DIR holds N.csv, N.shuffled and a tenth of the rows, (N / 10).csv; the stages write their
files there.  All cases run in turn, once a round, so that each stands beside the others of
the same minute; figures are medians over the rounds.

A time is not judged if, during the runs that it comes from, anything else took more than a
fifth of a processor: what all processors worked, less what our own children did (column
`others`).  A peak below some 16 MB is Python's own, which a child starts with.

Exit status 1 if a stage fails, but for one that -M does not give enough memory (status 5);
0 whatever the figures.
"""
import argparse
import os
import signal
import subprocess
import sys
from statistics import median

from load import NOT_JUDGED, QUIET, Run, others, table, verdict

STAGES = ["rec-clean", "rec-encode", "rec-split", "rec-graph"]
BOUND = "256M"


class Failed(Exception):
    pass


class Case:
    """One thing that is timed; all its runs, and what it wrote."""

    def __init__(self, name, to, commands, rows, out=None):
        self.name, self.to, self.commands, self.rows = name, to, commands, rows
        self.out, self.runs, self.failure = out, [], None
        self.words = ""

    def run(self):
        if self.failure:
            return
        run = Run(self.commands)
        bad = [s for s in run.statuses if s != 0]
        # Who wrote to one that had failed is not to blame.
        bad = [s for s in bad if s != -signal.SIGPIPE] or bad
        if bad:
            self.failure, self.words = f"failed: exit {bad[0]}", run.words
        else:
            self.runs.append(run)

    def all(self, what):
        if self.failure:
            raise Failed(self.failure)
        return [getattr(run, what) for run in self.runs]

    def median(self, what):
        return median(self.all(what))

    def peak(self):
        return max(max(peaks) for peaks in self.all("peaks"))

    def others(self):
        self.all("seconds")  # a failed case has none
        return others(self.runs)


def timings(cases, size, sort):
    rows = [("what", "to", "s", "rows/s", "MB/s", "cpu s", "peak MB", "bytes/row", "x sort",
             "others")]
    for c in cases:
        try:
            s = c.median("seconds")
            rows.append((
                c.name, c.to, f"{s:.2f}", f"{c.rows / s:,.0f}",
                f"{size * c.rows / cases[0].rows / s / 1e6:.0f}",
                f"{c.median('cpu'):.2f}", f"{c.peak() / 1e6:.0f}",
                f"{os.path.getsize(c.out) / c.rows:.2f}" if c.out else "-",
                "-" if sort.failure else f"{s / sort.median('seconds'):.2f}",
                f"{c.others():.2f}"))
        except Failed as e:
            rows.append((c.name, c.to, *["-"] * 8))
            print(f"{c.name} to {c.to}: {e}: {c.words}")
    table(rows)


class Figures:
    def __init__(self):
        self.rows = [("figure", "value", "least", "most", "limits", "verdict")]

    def add(self, name, limits, values, of=(), unit="{:.2f}"):
        """values: a function, called here because a failed case has none; of: the cases
        whose times the figure comes from."""
        said = ", ".join(f"{word} {most:g}" for word, most in limits)
        try:
            values = values()
            value, word = median(values), None
            if any(case.others() > QUIET for case in of):
                word = NOT_JUDGED
            numbers = [unit.format(v) for v in (value, min(values), max(values))]
            self.rows.append((name, *numbers, said, word or verdict(value, limits)))
        except Failed as e:
            self.rows.append((name, "-", "-", "-", said, str(e)))

    def ratio(self, name, limits, case, base):
        self.add(name, limits, lambda: [a / b for a, b in zip(
            case.all("seconds"), base.all("seconds"))], (case, base))


def stored(view, case, section):
    """Bytes a row that a section takes in what a case wrote."""
    if case.failure:
        raise Failed(case.failure)
    text = subprocess.run([view, case.out], check=True, capture_output=True, text=True).stdout
    head, *lines = (line.split("\t") for line in text.splitlines())
    found = next(dict(zip(head, line)) for line in lines if line[0] == section)
    return int(found["stored"]) / int(found["rows"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--dir", required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    n, tenth = args.rows, args.rows // 10
    os.environ.update(LC_ALL="C", TMPDIR=os.path.abspath(args.dir))
    os.environ.pop("REC_THREADS", None)

    def path(name):
        return os.path.join(args.dir, name)

    def pipe(source, *options):
        commands = [[os.path.join(args.bin, s)] for s in STAGES]
        commands[0].append(source)
        commands[-1] += options
        return commands

    source = path(f"{n}.csv")
    sort = Case("sort -u", "null", [["sort", "-u", "-S4G", "--parallel=2", source]], n)
    yardsticks = [Case("wc -l", "null", [["wc", "-l", source]], n), sort,
                  Case("gzip -1", "null", [["gzip", "-1", "-c", source]], n)]
    null, file, bounded = {}, {}, {}
    before = source
    for stage in STAGES:
        command = [os.path.join(args.bin, stage), before]
        out, less = path(f"{stage}.rec"), path(f"{stage}.bounded.rec")
        file[stage] = Case(stage, "file", [command + ["-o", out]], n, out)
        null[stage] = Case(stage, "null", [command], n)
        bounded[stage] = Case(stage, f"file, -M {BOUND}",
                              [command + ["-M", BOUND, "-o", less]], n, less)
        for made in (out, less):
            if os.path.exists(made):
                os.remove(made)
        before = out
    all_four = Case("the four", "null", pipe(source), n)
    to_file = Case("the four", "file", pipe(source, "-o", path("pipe.rec")), n,
                   path("pipe.rec"))
    shuffled = Case("the four, shuffled", "null", pipe(path(f"{n}.shuffled")), n)
    small = Case(f"the four, {tenth:,} rows", "null", pipe(path(f"{tenth}.csv")), tenth)
    # Sorting stands right before each of the two that are held against it.
    again = Case("sort -u, again", "null", sort.commands, n)
    cases = [*yardsticks, *(d[s] for s in STAGES for d in (file, null, bounded)),
             all_four, again, to_file, shuffled, small]
    order = [c for c in cases if c is not sort]
    order.insert(order.index(all_four), sort)

    size = os.path.getsize(source)
    print(f"{n:,} rows, {size / 1e6:.0f} MB; {args.runs} rounds; "
          f"{len(os.sched_getaffinity(0))} processors; load {os.getloadavg()[0]:.1f}")
    print("MB is 10^6 bytes, MB/s are those of the CSV; peak is the largest process alone\n",
          flush=True)
    for i in range(args.runs):
        for case in order:
            if sys.stderr.isatty():
                print(f"\r\033[Kround {i + 1}: {case.name} to {case.to}", end="",
                      file=sys.stderr, flush=True)
            case.run()
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    timings(cases, size, sort)

    f = Figures()
    ours_null = [("must", 0.8), ("target", 0.6), ("stretch", 0.45)]
    f.ratio("the four / sort -u", ours_null, all_four, sort)
    f.ratio("the four into a file / sort -u", [("must", 1.3), ("target", 0.8)], to_file, again)
    f.ratio("shuffled / ordered", [("must", 2)], shuffled, all_four)
    f.ratio(f"{n:,} rows / {tenth:,}", [("must", 12)], all_four, small)
    f.add("peak of the largest, MB", [("must", 1200), ("target", 600)],
          lambda: [max(c.peak() for c in (*file.values(), *null.values(), all_four, to_file))
                   / 1e6], unit="{:.0f}")
    for stage in STAGES:
        f.add(f"{stage} -M {BOUND}: peak, MB", [("must", 300)],
              lambda: [bounded[stage].peak() / 1e6], unit="{:.0f}")
        f.ratio(f"{stage} -M {BOUND}: time / without", [("must", 3)], bounded[stage],
                file[stage])
    f.add("encoded ratings, bytes a row", [("must", 6.2), ("goal", 5)],
          lambda: [stored(os.path.join(args.bin, "rec-view"), file["rec-encode"], "ratings")])
    table(f.rows)
    return any(c.failure for c in cases)


if __name__ == "__main__":
    sys.exit(main())
