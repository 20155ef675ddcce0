"""
Rec files as NumPy arrays; lib/io/FORMAT.md says what is in them.

    import rec
    ratings = rec.load("model.rec")["ratings"]
    ratings["user"], ratings["rating"]        one array a column; text: a list of bytes
    rec.load("model.rec")["model.Y"]["row"]   a matrix of shape (rows, D)

ValueError if the file is damaged or cut off.
"""
import struct
import zlib

import numpy as np

TYPES = {"u8": "<u1", "u32": "<u4", "u64": "<u8", "i64": "<i8", "f32": "<f4", "f64": "<f8"}
SECTION, DATA, END = 2, 3, 7


def varints(data, n):
    """The first n varints and what is behind them."""
    a = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(a < 128)[:n] + 1
    if len(ends) < n:
        raise ValueError("a column that ends early")
    starts, a = np.r_[0, ends][:n], a[:ends[-1] if n else 0].astype(np.uint64)
    places = np.arange(len(a)) - np.repeat(starts, ends - starts)
    values = (a & np.uint64(127)) << (7 * places).astype(np.uint64)
    return np.add.reduceat(values, starts) if n else values, data[len(a):]


def column(type_, width, filter_, rows, data):
    if type_ == "str":
        lengths, text = varints(data, rows)
        at = np.r_[0, np.cumsum(lengths.astype(np.int64))]
        if at[-1] != len(text):
            raise ValueError("lengths and text disagree")
        return [text[a:b] for a, b in zip(at, at[1:])]
    t, n = np.dtype(TYPES[type_]), rows * width
    if filter_ == "steps":
        b, data = data[0], data[1:]
        if b > 0:
            base, step = struct.unpack_from("<QQ", data)
            k = np.zeros((n, 8), np.uint8)
            k[:, :b] = np.frombuffer(data, np.uint8, offset=16).reshape(b, n).T
            return (np.uint64(base) + k.view("<u8").ravel() * np.uint64(step)).astype(t)
        filter_ = "delta"
    if filter_ == "delta":
        z = varints(data, n)[0]
        return np.cumsum((z >> np.uint64(1)) ^ (np.uint64(0) - (z & np.uint64(1)))).astype(t)
    if filter_ in ("levels", "packed"):
        k, data = struct.unpack_from("<H", data)[0], data[2:]
        if k > 0:
            bits = 8 if filter_ == "levels" else next(b for b in (1, 2, 4, 8) if k <= 1 << b)
            ranks = np.frombuffer(data, np.uint8, offset=k * t.itemsize)
            ranks = (ranks[:, None] >> np.arange(0, 8, bits)) & (1 << bits) - 1
            return np.frombuffer(data, t, k)[ranks.ravel()[:n]]
        filter_ = "shuffle"
    a = np.frombuffer(data, np.uint8)
    if filter_ == "shuffle":
        a = a.reshape(t.itemsize, n).T
    elif filter_ != "none":
        raise ValueError(f"filter {filter_} is not known")
    return np.frombuffer(a.tobytes(), t, n)


def frames(data):
    if data[:9] != b"\x89REC\r\n\x1a\n\x01":
        raise ValueError("not a rec file of version 1")
    at, digest = 16, 0xcbf29ce484222325
    while True:
        head = data[at:at + 48]
        if head[:4] != b"\xd7RF\n" or len(head) < 48:
            raise ValueError("cut off or damaged")
        kind, codec, section, seq, first, rows, raw_n, n, crc, raw_crc, head_crc = \
            struct.unpack("<4xBxBxIIQIIIIII", head)
        payload, at = data[at + 48:at + 48 + n], at + 48 + n
        if zlib.crc32(head[:44]) != head_crc or zlib.crc32(payload) != crc:
            raise ValueError("damaged")
        payload = zlib.decompress(payload) if codec == 1 else payload
        if zlib.crc32(payload) != raw_crc or (kind == END and first != digest):
            raise ValueError("damaged")
        yield kind, rows, payload
        if kind == END:
            return
        for b in struct.pack("<BIIQIII", kind, section, seq, first, rows, raw_n, raw_crc):
            digest = (digest ^ b) * 0x100000001b3 % 2**64


def load(path):
    """Every section of the file: {section: {column: array}}."""
    with open(path, "rb") as f:
        data = f.read()
    sections, cols = {}, []
    for kind, rows, payload in frames(data):
        if kind == SECTION:
            lines = [dict(x.split(":", 1) for x in line.split("\t")[1:])
                     for line in payload.decode().splitlines()]
            cols = [(c, *c["TY"].rstrip("]").split("["), "1")[:3] for c in lines[1:]]
            parts = sections[lines[0]["NM"]] = {c[0]["NM"]: [] for c in cols}
        for c, type_, width in cols if kind == DATA else ():
            n, = struct.unpack_from("<I", payload)
            parts[c["NM"]].append(
                column(type_, int(width), c.get("FI", "none"), rows, payload[4:4 + n]))
            payload = payload[4 + n:]
        if kind not in (SECTION, DATA):
            for c, type_, width in cols:
                x = parts[c["NM"]]
                x = sum(x, []) if type_ == "str" else np.concatenate(x or [np.empty(0, TYPES[type_])])
                parts[c["NM"]] = x.reshape(-1, int(width)) if "[" in c["TY"] else x
            cols = []
    return sections
