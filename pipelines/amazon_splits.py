"""amazon_splits.py FOLDER: the two splits of FOLDER/ratings_Electronics.csv.

seed5000 is what the notebook drew: rows 2 to 5,001 (it took the first for a header), and
of their permutation with seed 42 the first fifth, rounded up, for test.  head50698 are
the first 50,698 rows and their permutation with seed 0, a fifth rounded down.  Both are
numpy.random.RandomState(seed).permutation, written out here: scikit-learn's
train_test_split(test_size=0.2, random_state=42) is the first.
"""

import hashlib
import itertools
import os
import random
import sys

# name, first row, rows, seed, test rows, sha256 of train and test
SPLITS = (
    ("seed5000", 1, 5000, 42, 1000,
     "8cc84c4edcac9767ddda1d546f4b99c0463cd97d05fa2bb807d5d56357471300",
     "7f42405c10e0dbf87b7868d746d7b684d48555af326567f2d4e83cfc888c9d84"),
    ("head50698", 0, 50698, 0, 10139,
     "5b5b6b51d8ce9b526ada860d50317c1535f3c61ef7b4496c75886e1995bfc18c",
     "47cb959187fc5507ba235d98db6e2c7ac10874784d7cc5313e4c5941e6cfbe2d"),
)


def mersenne(seed):
    """MT19937 as numpy seeds it: Knuth's recurrence, not Python's init_by_array."""
    state = [seed]
    for i in range(1, 624):
        state.append((1812433253 * (state[-1] ^ state[-1] >> 30) + i) & 0xFFFFFFFF)
    generator = random.Random()
    generator.setstate((3, tuple(state) + (624,), None))
    return generator


def permutation(n, seed):
    """Fisher-Yates from the top; a draw above i is drawn again, from as few bits as i has."""
    generator = mersenne(seed)
    order = list(range(n))
    for i in range(n - 1, 0, -1):
        j = n
        while j > i:
            j = generator.getrandbits(32) & (1 << i.bit_length()) - 1
        order[i], order[j] = order[j], order[i]
    return order


def main(folder):
    with open(os.path.join(folder, "ratings_Electronics.csv"), "rb") as file:
        rows = list(itertools.islice(file, 50698))
    parts = {}
    for name, first, n, seed, n_test, *sums in SPLITS:
        if len(rows) < first + n:
            sys.exit(f"ratings_Electronics.csv: {len(rows)} rows, and {name} needs {first + n}")
        order = permutation(n, seed)
        for part, chosen, wanted in zip(("train", "test"), (order[n_test:], order[:n_test]), sums):
            text = b"".join(rows[first + i] for i in chosen)
            if hashlib.sha256(text).hexdigest() != wanted:
                sys.exit(f"ratings_Electronics.csv: its first rows are not those that {name} was drawn from")
            parts[f"{name}.{part}.csv"] = text
    for name, text in parts.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(text)


main(sys.argv[1])
