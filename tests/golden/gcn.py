#!/usr/bin/python3
"""Reference training of a graph convolutional network on ratings.

An independent implementation, in numpy double precision with the gradients
written out by hand, of what the C trainer computes.  Its output is committed
and a C test compares with it; nothing here is needed to build or run the tests.

The initial weights are the C trainer's own, each array exported to DIR with
rec-view --to npy.  The golden files were then made with

    gcn.py --weights DIR --ratings ratings.csv --split split.csv --epochs 50 \\
        --layers 2 --users U --items I --losses OUT.tsv --predictions OUT.tsv

and gcn.py --check compares the gradients with PyTorch's and with central
differences, and 50 epochs of training with torch.optim.Adam.

The model: user u is node u, item i is node U + i, and every training rating is
an undirected edge (repeated ones count).  With D the degrees plus one and
S = D^-1/2 (A + I) D^-1/2,

    H1 = relu(S W1 + b1),  Hl = relu(S H(l-1) Wl + bl),
    prediction(u, i) = [HL[u]; HL[U + i]] . w + c,

trained on the mean squared error over the training ratings by full-batch Adam.
The loss of an epoch is that before its update; weight decay is an L2 term added
to the gradient of every parameter, biases too.
"""

import argparse
import csv
import os
import sys

import numpy as np

PARTS = {"0": 0, "train": 0, "1": 1, "valid": 1, "2": 2, "test": 2}
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


class Graph:
    """The normalised adjacency S, as sums over entries sorted by row."""

    def __init__(self, users, items, user, item):
        n = users + items
        loop = np.arange(n)
        row = np.concatenate([user, users + item, loop])
        col = np.concatenate([users + item, user, loop])
        degree = np.bincount(row, minlength=n)  # the loop is the plus one
        order = np.argsort(row, kind="stable")
        self.col = col[order]
        self.value = (1 / np.sqrt(degree[row] * degree[col].astype(float)))[order]
        self.start = np.cumsum(degree) - degree

    def apply(self, x):
        """S x; no row is empty, for each has its loop."""
        return np.add.reduceat(self.value[:, None] * x[self.col], self.start, axis=0)


def names(layers):
    return [k + str(n) for n in range(1, layers + 1) for k in "Wb"] + ["w", "c"]


def forward(p, layers, graph):
    """The last layer, and for each layer its input (S H) and pre-activation."""
    h, saved = None, []
    for n in range(1, layers + 1):
        if n == 1:
            x, z = None, graph.apply(p["W1"]) + p["b1"]
        else:
            x = graph.apply(h)
            z = x @ p[f"W{n}"] + p[f"b{n}"]
        h = np.maximum(z, 0)
        saved.append((x, z))
    return h, saved


def predict(p, h, left, right):
    d = h.shape[1]
    return h[left] @ p["w"][:d] + h[right] @ p["w"][d:] + p["c"][0]


def loss_and_gradient(p, layers, graph, left, right, rating):
    """The mean squared error and its derivative by each parameter."""
    h, saved = forward(p, layers, graph)
    d = h.shape[1]
    error = predict(p, h, left, right) - rating
    g = {}
    dy = 2 * error / len(rating)
    g["c"] = np.array([dy.sum()])
    g["w"] = np.concatenate([h[left].T @ dy, h[right].T @ dy])
    # each node's sum of dy, as a left end and as a right end
    by_left = np.bincount(left, dy, minlength=len(h))
    by_right = np.bincount(right, dy, minlength=len(h))
    dh = np.outer(by_left, p["w"][:d]) + np.outer(by_right, p["w"][d:])
    for n in range(layers, 0, -1):
        x, z = saved[n - 1]
        dz = np.where(z > 0, dh, 0)
        g[f"b{n}"] = dz.sum(axis=0)
        if n == 1:
            g["W1"] = graph.apply(dz)  # S is symmetric
        else:
            g[f"W{n}"] = x.T @ dz
            dh = graph.apply(dz @ p[f"W{n}"].T)
    return np.mean(error**2), g


def train(p, layers, graph, left, right, rating, epochs, lr, decay):
    """Update p in place; the loss of each epoch."""
    m = {k: np.zeros_like(p[k]) for k in p}
    v = {k: np.zeros_like(p[k]) for k in p}
    losses = []
    for t in range(1, epochs + 1):
        loss, g = loss_and_gradient(p, layers, graph, left, right, rating)
        losses.append(loss)
        for k in p:
            gk = g[k] + decay * p[k]
            m[k] = BETA1 * m[k] + (1 - BETA1) * gk
            v[k] = BETA2 * v[k] + (1 - BETA2) * gk**2
            size = np.sqrt(v[k]) / np.sqrt(1 - BETA2**t) + EPS
            p[k] -= lr / (1 - BETA1**t) * m[k] / size
    return losses


def read_weights(folder, layers, n):
    p = {}
    for k in names(layers):
        p[k] = np.load(os.path.join(folder, k + ".npy")).astype(np.float64)
        if not np.isfinite(p[k]).all():
            sys.exit(f"gcn.py: {k}.npy has a value that is not finite")
    d = p["W1"].shape[-1]
    for k in p:
        if k[0] == "W":
            shape = (n if k == "W1" else d, d)
        else:
            p[k] = p[k].ravel()
            shape = ({"b": d, "w": 2 * d, "c": 1}[k[0]],)
        if p[k].shape != shape:
            sys.exit(f"gcn.py: {k}.npy is {p[k].shape}, not {shape}")
    return p


def read_columns(path, *columns):
    with open(path, newline="") as f:
        rows = list(csv.DictReader(f))
    return [[row[c] for row in rows] for c in columns]


def run(a):
    user, item, rating = read_columns(a.ratings, "user", "item", "rating")
    (part,) = read_columns(a.split, "part")
    if len(part) != len(user):
        sys.exit(f"gcn.py: {len(user)} ratings, but {len(part)} rows in the split")
    user, item = np.array(user, dtype=int), np.array(item, dtype=int)
    for what, code, count in ("user", user, a.users), ("item", item, a.items):
        if code.min() < 0 or code.max() >= count:
            sys.exit(f"gcn.py: {what} codes are not all from 0 to {count - 1}")
    rating = np.array(rating, dtype=float)
    part = np.array([PARTS[x.strip().lower()] for x in part])
    on, test = part == 0, np.flatnonzero(part == 2)

    p = read_weights(a.weights, a.layers, a.users + a.items)
    graph = Graph(a.users, a.items, user[on], item[on])
    left, right = user, a.users + item
    losses = train(p, a.layers, graph, left[on], right[on], rating[on],
                   a.epochs, a.lr, a.weight_decay)
    h, _ = forward(p, a.layers, graph)
    y = predict(p, h, left[test], right[test])

    with open(a.losses, "w") as f:
        f.write("epoch\tloss\n")
        for t, loss in enumerate(losses, 1):
            f.write("%d\t%.9g\n" % (t, loss))
    with open(a.predictions, "w") as f:
        f.write("row\tprediction\n")
        for row, value in zip(test, y):
            f.write("%d\t%.9g\n" % (row, value))


def check(epochs=50, limit=1e-9):
    """Compare with torch, which has its own dense A and autograd, in double."""
    import torch

    rng = np.random.default_rng(1)
    users, items, d, layers = 9, 12, 4, 3
    n = users + items
    user = rng.integers(0, users - 2, 30)  # the last two users, and the last
    item = rng.integers(0, items - 3, 30)  # three items, have no edge
    user, item = np.append(user, user[:6]), np.append(item, item[:6])
    user, item = np.append(user, user[:2]), np.append(item, item[:2])
    rating = rng.integers(1, 6, len(user)).astype(float)
    p = {}
    for k in names(layers):
        shape = {"W": (n if k == "W1" else d, d), "b": d, "w": 2 * d, "c": 1}[k[0]]
        p[k] = rng.normal(0.2, 1, size=shape)
    graph = Graph(users, items, user, item)
    edges = (user, users + item, rating)
    left, right = torch.tensor(user), torch.tensor(users + item)

    A = torch.eye(n, dtype=torch.float64)
    for u, i in zip(user, item):
        A[u, users + i] += 1
        A[users + i, u] += 1
    root = torch.diag(A.sum(1) ** -0.5)
    A = root @ A @ root

    def torch_loss(q):
        h = torch.relu(A @ q["W1"] + q["b1"])
        for k in range(2, layers + 1):
            h = torch.relu(A @ h @ q[f"W{k}"] + q[f"b{k}"])
        y = torch.cat([h[left], h[right]], 1) @ q["w"] + q["c"]
        return torch.nn.functional.mse_loss(y, torch.tensor(rating)), h

    def to_torch():
        return {k: torch.tensor(p[k], requires_grad=True) for k in p}

    def relative(x, y):
        return np.abs(x - y).max() / np.abs(y).max()

    worst = {}
    loss, g = loss_and_gradient(p, layers, graph, *edges)
    on = [np.mean(z > 0) for _, z in forward(p, layers, graph)[1]]
    print("units on, by layer:", *("%.2f" % x for x in on))
    for k in p:  # the comparison would be empty with a dead layer
        print(f"largest gradient of {k}: {np.abs(g[k]).max():.3g}")
    alive = all(0 < x < 1 for x in on) and all(np.abs(g[k]).max() > 1e-3 for k in g)
    q = to_torch()
    their_loss, _ = torch_loss(q)
    their_loss.backward()
    worst["loss, torch"] = abs(loss / their_loss.item() - 1)
    worst["gradient, autograd"] = np.max(
        [relative(g[k], q[k].grad.numpy()) for k in p])

    # Between kinks the loss is quadratic in any one parameter, so that a central
    # difference is exact but for rounding; check that no step crosses a kink.
    def moved(k, j, step):
        old = p[k].flat[j]
        p[k].flat[j] = old + step
        h, saved = forward(p, layers, graph)
        value = np.mean((predict(p, h, *edges[:2]) - rating) ** 2)
        p[k].flat[j] = old
        return value, np.concatenate([z > 0 for _, z in saved])

    kinks, errors = 0, []
    for k in p:
        numeric = np.zeros_like(p[k])
        for j in range(p[k].size):
            (up, on_up), (down, on_down) = moved(k, j, 1e-4), moved(k, j, -1e-4)
            kinks += not np.array_equal(on_up, on_down)
            numeric.flat[j] = (up - down) / 2e-4
        errors.append(relative(g[k], numeric))
    worst["gradient, central differences"] = np.max(errors)

    start = p
    for decay in 0, 0.01:
        p = {k: start[k].copy() for k in start}
        q = to_torch()
        optimizer = torch.optim.Adam(q.values(), lr=0.01, weight_decay=decay)
        theirs = []
        for _ in range(epochs):
            optimizer.zero_grad()
            their_loss, _ = torch_loss(q)
            their_loss.backward()
            theirs.append(their_loss.item())
            optimizer.step()
        ours = train(p, layers, graph, *edges, epochs, 0.01, decay)
        label = f"{epochs} epochs, weight decay {decay}"
        print(f"{label}: loss {ours[0]:.9g} to {ours[-1]:.9g}")
        worst[label + ", losses"] = np.abs(np.array(ours) / theirs - 1).max()
        worst[label + ", parameters"] = np.max(
            [relative(p[k], q[k].detach().numpy()) for k in p])
        h, their_h = forward(p, layers, graph)[0], torch_loss(q)[1].detach().numpy()
        worst[label + ", last layer"] = relative(h, their_h)

    print(f"steps across a kink: {kinks}")
    for what, value in worst.items():
        print(f"{value:.3g}\t{what}")
    return alive and kinks == 0 and all(value <= limit for value in worst.values())


def main():
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if check() else 1)
    a = argparse.ArgumentParser(description="Reference training of a GCN.",
                                epilog="--check alone compares with PyTorch.")
    for name in "weights", "ratings", "split", "losses", "predictions":
        a.add_argument("--" + name, required=True)
    for name in "users", "items", "epochs", "layers":
        a.add_argument("--" + name, type=int, required=True)
    a.add_argument("--lr", type=float, default=0.01)
    a.add_argument("--weight-decay", type=float, default=0)
    run(a.parse_args())


if __name__ == "__main__":
    main()
