#!/usr/bin/python3
"""
The model of rec-train by PyTorch, for train.py to run; a JSON object on stdout.

    peer.py convert DIR          DIR/graph.rec to arrays beside it
    peer.py FORM DIR MODEL WIDTH LAYERS DROPOUT THREADS EPOCHS
                                 losses and milliseconds of each epoch

DIR/MODEL.W1.npy and so on are the initial weights.  FORM is

    fast     a layer is an embedding bag with normalised weights, 32-bit indices; its
             backward is the same bag, for the matrix is symmetric; a rating is s_u + s_i + c
    scatter  messages along edges, gathered and added, and concatenated ends in the decoder,
             as in PyTorch Geometric

Both: full batch, mean squared error, torch.optim.Adam.
"""
import json
import os
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F


def convert(folder):
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../golden"))
    sys.dont_write_bytecode = True
    import recfile

    sections = {s["NM"]: s for s in recfile.load(os.path.join(folder, "graph.rec"))}
    graph, nodes = ({c["NM"]: c["values"] for c in sections[k]["cols"]}
                    for k in ("graph", "graph.nodes"))
    for name, values, type_ in (
            ("to", graph["to"], "i4"), ("rating", graph["rating"], "f4"),
            ("degree", nodes["degree"], "i4"), ("sides", [int(sections["graph"][k])
                                                          for k in ("US", "IT")], "i8")):
        np.save(os.path.join(folder, name + ".npy"), np.array(values, dtype=type_))


class Graph:
    def __init__(self, folder, form):
        to, rating, degree, (self.users, items) = (
            np.load(os.path.join(folder, name + ".npy"))
            for name in ("to", "rating", "degree", "sides"))
        self.n, edges = self.users + items, len(to) // 2
        start = np.append(0, np.cumsum(degree + 1, dtype="i4")).astype("i4")
        col = np.empty(len(to) + self.n, "i4")
        loop = np.zeros(len(col), bool)
        loop[start[:-1]] = True
        col[loop], col[~loop] = np.arange(self.n), to
        row = np.repeat(np.arange(self.n, dtype="i4"), degree + 1)
        norm = (1 / np.sqrt(degree + 1.0)).astype("f4")
        self.weight = torch.from_numpy(norm[row] * norm[col])
        self.user = torch.from_numpy(
            np.repeat(np.arange(self.users), degree[:self.users]))
        self.item = torch.from_numpy(to[:edges].astype("i8"))  # as a node
        self.rating = torch.from_numpy(rating[:edges].copy())
        if form == "fast":
            self.col, self.start = torch.from_numpy(col), torch.from_numpy(start)
            self.user, self.item = self.user.int(), (self.item - self.users).int()
        else:
            self.col, self.row = (torch.from_numpy(x.astype("i8")) for x in (col, row))


class Bag(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, graph):
        ctx.graph = graph
        return F.embedding_bag(graph.col, x, graph.start, mode="sum",
                               per_sample_weights=graph.weight, include_last_offset=True)

    @staticmethod
    def backward(ctx, dy):
        return Bag.forward(ctx, dy.contiguous(), ctx.graph), None


def scatter(x, graph):
    message = x[graph.col] * graph.weight[:, None]
    return torch.zeros_like(x).index_add(0, graph.row, message)


def fast_rating(p, h, g):
    users, items = h[:g.users] @ p["w"][0], h[g.users:] @ p["w"][1]
    return users.index_select(0, g.user) + items.index_select(0, g.item) + p["c"]


def scatter_rating(p, h, g):
    return torch.cat([h[g.user], h[g.item]], 1) @ p["w"].flatten() + p["c"]


def loss(p, g, form, layers, dropout):
    fast = form == "fast"
    h = p["W1"]
    for n in range(1, layers + 1):
        h = Bag.apply(h, g) if fast else scatter(h if n == 1 else h @ p[f"W{n}"], g)
        h = torch.addmm(p[f"b{n}"], h, p[f"W{n}"]) if fast and n > 1 else h + p[f"b{n}"]
        h = h.relu_()
        if dropout > 0:
            h = F.dropout(h, dropout)
    return F.mse_loss((fast_rating if fast else scatter_rating)(p, h, g), g.rating)


def main():
    if sys.argv[1] == "convert":
        return convert(sys.argv[2])
    form, folder, model = sys.argv[1:4]
    width, layers, dropout, threads, epochs = map(float, sys.argv[4:])
    torch.set_num_threads(int(threads))
    torch.manual_seed(1)
    g, p = Graph(folder, form), {}
    for k in [k + str(n + 1) for n in range(int(layers)) for k in "Wb"] + ["w", "c"]:
        x = np.load(os.path.join(folder, f"{model}.{k}.npy")).astype("f4")
        x = x.reshape({"W": (-1, int(width)), "w": (2, -1)}.get(k[0], -1))
        p[k] = torch.from_numpy(x).requires_grad_()
    adam = torch.optim.Adam(p.values(), lr=0.01)
    losses, ms = [], []
    for _ in range(int(epochs)):
        start = time.perf_counter()
        adam.zero_grad(set_to_none=True)
        now = loss(p, g, form, int(layers), dropout)
        now.backward()
        adam.step()
        losses.append(now.item())
        ms.append(1e3 * (time.perf_counter() - start))
    json.dump({"loss": losses, "ms": ms}, sys.stdout)


if __name__ == "__main__":
    main()
