"""
What the benchmarks share: running commands and seeing what else used the processors
meanwhile, tables, verdicts.

A time is not to be judged if, during the runs that it comes from, anything else took more
than QUIET of a processor: what all processors worked, less what our own children did.  A
peak below what the caller itself takes is the caller's, which a child starts with: stay small.
"""
import os
import resource
import subprocess
import tempfile
import time

QUIET = 0.2  # processors that others may take while a time is judged
NOT_JUDGED = "not judged: another process takes a core"


def busy():
    """Seconds that the processors have worked or were taken away by the host, all told."""
    with open("/proc/stat") as f:
        user, nice, system, _, _, irq, softirq, steal = map(int, f.readline().split()[1:9])
    ticks = user + nice + system + irq + softirq + steal
    return ticks / os.sysconf("SC_CLK_TCK")


def ours():
    use = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in use)


class Run:
    """
    A pipe of commands, run once: seconds, processor seconds, peak bytes of each, what the
    last one printed (if keep), the first line of what they said on stderr.
    """

    def __init__(self, commands, keep=False):
        devnull, before, own = open(os.devnull, "r+b"), busy(), ours()
        with tempfile.TemporaryFile() as words, tempfile.TemporaryFile() as out, devnull:
            started, source, children = time.perf_counter(), devnull, []
            for i, command in enumerate(commands):
                last = i == len(commands) - 1
                child = subprocess.Popen(
                    command, stdin=source, stderr=words,
                    stdout=subprocess.PIPE if not last else out if keep else devnull)
                if source is not devnull:
                    source.close()
                source = child.stdout
                children.append(child)
            ends = []
            for child in children:
                _, status, use = os.wait4(child.pid, 0)
                child.returncode = os.waitstatus_to_exitcode(status)
                ends.append(use)
            self.seconds = time.perf_counter() - started
            self.others = busy() - before - (ours() - own)
            words.seek(0)
            out.seek(0)
            self.out = out.read().decode()
            self.words = words.read().decode(errors="replace").strip().split("\n")[0]
        self.cpu = sum(use.ru_utime + use.ru_stime for use in ends)
        self.peaks = [use.ru_maxrss * 1024 for use in ends]
        self.statuses = [child.returncode for child in children]


def others(runs):
    """Processors that others took, on average."""
    return max(0, sum(r.others for r in runs)) / sum(r.seconds for r in runs)


def table(rows):
    """Columns aligned: words to the left, figures to the right."""
    width = [max(map(len, column)) for column in zip(*rows)]
    figures = [i > 0 and any(c[:1].isdigit() for c in column[1:])
               for i, column in enumerate(zip(*rows))]
    for row in rows:
        cells = [c.rjust(w) if f else c.ljust(w) for c, w, f in zip(row, width, figures)]
        print("  ".join(cells).rstrip())
    print()


def verdict(value, limits, least=False):
    """limits: (word, most) with the loosest first; least: (word, least)."""
    kept = [f"meets the {word}" for word, limit in limits
            if (value >= limit if least else value <= limit)]
    return kept[-1] if kept else f"misses the {limits[0][0]}"
