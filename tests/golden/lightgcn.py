#!/usr/bin/python3
"""The scores of a lightgcn model, by the equations of rec-train(1) in numpy double.

    lightgcn.py MODEL

writes user, item, score, tab-separated, of every pair: computed from the weights E, the
training pairs and nothing else of the file, by dense matrices; for small models.
"""
import os
import sys

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../lib/io"))
import rec  # noqa: E402

model = rec.load(sys.argv[1])
ids = [[x.decode() for x in model[side]["id"]] for side in ("users", "items")]
U, I = map(len, ids)
said = dict(zip((x.decode() for x in model["model"]["key"]),
                (x.decode() for x in model["model"]["value"])))
train = model["split"]["part"] == 0
R = np.zeros((U, I))
R[model["ratings"]["user"][train], model["ratings"]["item"][train]] = 1
A = np.block([[np.zeros((U, U)), R], [R.T, np.zeros((I, I))]])
d = A.sum(1)
norm = np.where(d > 0, 1 / np.sqrt(np.maximum(d, 1)), 0)
S = norm[:, None] * A * norm
layers = [model["model.E"]["row"].astype(float)]
for _ in range(int(said["layers"])):
    layers.append(S @ layers[-1])
if said["loss"] == "bpr":
    F = np.mean(layers, 0)
    score = F[:U] @ F[U:].T
    score[d[:U] == 0] = d[U:]
    score[:, d[U:] == 0] *= d[:U, None] == 0
else:
    F = np.mean(layers[1:], 0)
    length = np.sqrt((F * F).sum(1, keepdims=True))
    F = np.divide(F, length, out=np.zeros_like(F), where=length > 0)
    score = F[:U] @ F[U:].T + 0.1 * np.log(0.5 + I * d[U:] / (2 * R.sum()))
for u in range(U):
    for i in range(I):
        print(ids[0][u], ids[1][i], f"{score[u, i]:.9g}", sep="\t")
