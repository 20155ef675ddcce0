"""
Whether what lib/io/rec.py gave of a file is what rec-view prints of it, value for value.
"""
import re
import subprocess

import numpy as np


def view(path, *options):
    """The cells that rec-view prints, in a list for each line."""
    p = subprocess.run(["rec-view", "-T1", *options, path], capture_output=True, check=True)
    return [line.split(b"\t") for line in p.stdout.split(b"\n")[:-1]]


def number(type_):
    return float if type_.kind == "f" else int


def same(path, sections):
    """Asserts it; returns how many values were compared."""
    n = 0
    assert list(sections) == [x[0].decode() for x in view(path, "--list")[1:]], path
    for name, columns in sections.items():
        head, *rows = view(path, "--codes", "--section", name)
        for c, x in columns.items():
            width = x.shape[1] if np.ndim(x) == 2 else 1
            at = head.index((c if width == 1 else c + ".0").encode())
            cells = [cell for row in rows for cell in row[at:at + width]]
            if isinstance(x, list):
                want = [re.sub(rb"\\x(..)", lambda m: bytes([int(m[1], 16)]), cell)
                        for cell in cells]
                assert x == want, (path, name, c)
            else:
                want = np.array([number(x.dtype)(cell) for cell in cells]).astype(x.dtype)
                assert len(x) == len(rows) and np.array_equal(
                    x.ravel(), want, equal_nan=x.dtype.kind == "f"), (path, name, c)
            n += len(cells)
    return n
