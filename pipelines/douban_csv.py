"""douban_csv.py FOLDER: train.csv and test.csv, user,item,rating by user and item, of
FOLDER/training_test_dataset.mat, in which M holds the ratings, Otraining and Otest which
of them are for training and for test.  Users are rows; HDF5 gives MATLAB's matrices
transposed."""

import os
import sys

try:
    import h5py
except ImportError:
    sys.exit("python3 has no h5py, which reads MATLAB's files; on Debian: apt-get install python3-h5py")

SIZES = {"train": 123202, "test": 13689}


def main(folder):
    with h5py.File(os.path.join(folder, "training_test_dataset.mat"), "r") as file:
        ratings = file["M"][()].T
        masks = {"train": file["Otraining"][()].T, "test": file["Otest"][()].T}
    texts = {}
    for part, mask in masks.items():
        users, items = mask.nonzero()
        if len(users) != SIZES[part]:
            sys.exit(f"training_test_dataset.mat: {len(users)} ratings for {part}, not {SIZES[part]}")
        texts[part] = "".join(f"{u},{i},{ratings[u, i]:g}\n" for u, i in zip(users, items))
    for part, text in texts.items():
        with open(os.path.join(folder, f"{part}.csv"), "w", encoding="ascii") as file:
            file.write(text)


main(sys.argv[1])
