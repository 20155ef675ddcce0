"""
Rec files as NumPy arrays; lib/io/FORMAT.md says what is in them.

    import rec
    ratings = rec.load("model.rec")["ratings"]
    ratings["user"], ratings["rating"]        one array a column; text: a list of bytes
    rec.load("model.rec")["model.Y"]["row"]   a matrix of shape (rows, D)

load(PATH) gives {section: {column: values}}, in the order of the file.  Users and items are
numbers: rec.load(PATH)["users"]["id"][n] is the text of user n.  A file that breaks a rule
is a ValueError, "PATH: byte N: what", where N is the first byte of the frame in question;
nothing else comes up but an OSError, or a MemoryError if there are more rows than memory.
"""
import re
import struct
import zlib

import numpy as np

PROV, SECTION, DATA, SECTION_END, END = 1, 2, 3, 4, 7
FILTERS = ("none", "shuffle", "levels", "packed", "delta", "steps")
TYPES = {"u8": ("<u1", 2), "u32": ("<u4", 6), "u64": ("<u8", 6), "i64": ("<i8", 6),
         "f32": ("<f4", 4), "f64": ("<f8", 4), "str": ("V", 1)}  # as NumPy's; so many filters
NAME = "[A-Za-z0-9._-]{1,64}"
SEC = {"ID": "[0-9]+", "NM": NAME, "KD": "table|dict|csr|matrix|params|log", "BY": NAME}
COL = {"NM": NAME, "TY": r"str|(u8|u32|u64|i64|f32|f64)(\[0*[1-9][0-9]{,4}\])?",
       "FI": "|".join(FILTERS), "RF": NAME}


def need(ok, what):
    if not ok:
        raise ValueError(what)


# ---- columns: data are the bytes of one, n is the number of its values, t their type ----

def varints(data, n):
    """The first n varints and what is behind them."""
    a = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(a < 128)[:n] + 1
    need(len(ends) == n, "ends early")
    a, starts = a[:ends[-1]].astype(np.uint64), np.r_[0, ends[:-1]]
    places = np.arange(len(a)) - np.repeat(starts, ends - starts)
    need((places + (a > 1) < 10).all(), "a varint beyond 64 bits")
    return np.add.reduceat((a & 127) << (7 * places).astype(np.uint64), starts), data[len(a):]


def texts(data, n):
    lengths, text = varints(data, n)
    need(lengths.max() <= len(text) == sum(lengths.tolist()), "lengths and text disagree")
    at = np.cumsum(lengths).tolist()
    return [text[a:b] for a, b in zip([0] + at, at)]


def plain(data, n, t, shuffled):
    need(len(data) == n * t.itemsize, f"{len(data)} bytes that are not {n} values")
    a = np.frombuffer(data, np.uint8)
    return np.frombuffer(a.reshape(-1, n).T.tobytes() if shuffled else data, t)


def levels(data, n, t, packed):
    need(len(data) >= 2, "ends early")
    k = int.from_bytes(data[:2], "little")
    if k == 0:
        return plain(data[2:], n, t, True)
    bits = 8 if not packed or k > 16 else 4 if k > 4 else 2 if k > 2 else 1
    need(len(data) == 2 + k * t.itemsize + -(-n * bits // 8), "bytes that are not its levels")
    rows = np.frombuffer(data, np.uint8, offset=2 + k * t.itemsize)
    rows = (rows[:, None] >> np.arange(0, 8, bits, np.uint8) & (1 << bits) - 1).ravel()
    need(k <= 256 and rows[:n].max() < k and not rows[n:].any(), "a level that is not there")
    return np.frombuffer(data, t, k, 2)[rows[:n]]


def integers(data, n, t, steps):
    if steps and data[:1] != b"\0":
        need(len(data) >= 17, "ends early")
        b, base, step = struct.unpack_from("<BQQ", data)
        need(b <= t.itemsize and step > 0 and len(data) == 17 + b * n, "steps that cannot be")
        k = np.zeros((n, 8), np.uint8)
        k[:, :b] = np.frombuffer(data, np.uint8, offset=17).reshape(b, n).T
        x = k.view("<u8").ravel() * np.uint64(step) + np.uint64(base)
    else:
        z, rest = varints(data[steps:], n)
        need(not rest, "bytes left over")
        x = np.cumsum((z >> np.uint64(1)) ^ (np.uint64(0) - (z & np.uint64(1))))
    need(t.itemsize == 8 or x.max() < 2**32, "a value beyond 32 bits")
    return x.astype(t)


def add_rows(cols, rows, payload):
    """What DATA holds, to the parts of each column."""
    for c in cols:
        end = 4 + int.from_bytes(payload[:4], "little")
        data, payload, n = payload[4:end], payload[end:], rows * c["width"]
        try:
            need(len(data) == end - 4, "ends early")
            if c["type"] == "str":
                c["parts"] += texts(data, n)
            else:
                how = FILTERS.index(c["FI"])
                decode = (plain, levels, integers)[how // 2]
                c["parts"].append(decode(data, n, np.dtype(TYPES[c["type"]][0]), how % 2))
        except ValueError as e:
            raise ValueError(f"column '{c['NM']}': {e}") from None
    need(not payload, "bytes left over behind the columns")


def columns(cols):
    """{name: values}; of two with one name, the first."""
    out = {}
    for c in cols:
        x = c["parts"]
        if c["type"] != "str":
            x = np.concatenate([np.empty(0, TYPES[c["type"]][0]), *x])
        out.setdefault(c["NM"], x.reshape(-1, c["width"]) if "[" in c["TY"] else x)
    return out


# ---- frames ----

def fields(line, rules):
    """The fields of a header line; rules: a pattern for the value of some keys."""
    out = {"KD": "table", "FI": "none"}
    for f in line.split("\t")[1:]:
        need(f[2:3] == ":" and "\0" not in f and re.fullmatch(rules.get(f[:2], ".*"), f[3:]),
             f"a header line with a bad field: {line[:99]!r}")
        out[f[:2]] = f[3:]
    need(out.keys() >= rules.keys() - {"BY", "RF"}, f"a header line without a field: {line[:99]!r}")
    return out


def header(text, number):
    """The name of a section and its columns, as SECTION has them."""
    first, *rest = lines = text.decode("latin-1").split("\n")
    need([x[:5] for x in lines] == ["@SEC\t"] + ["@COL\t"] * (len(rest) - 1) + [""] and
         2 <= len(rest) <= 33, "a section header that is not lines of @SEC and @COL")
    sec, cols = fields(first, SEC), [fields(x, COL) for x in rest[:-1]]
    need(int(sec["ID"]) == number > 0, f"section {number}, {sec['ID']} in its text")
    attributes = [f for f in first.split("\t")[1:] if f[:2] not in SEC]
    need(len("\t".join(attributes)) <= 510, "more than 510 bytes of attributes")
    for c in cols:
        c["type"], _, width = c["TY"].rstrip("]").partition("[")
        c["width"], c["parts"] = int(width or 1), []
        fit = FILTERS[:TYPES[c["type"]][1]][:6 if c["width"] == 1 else 2]
        need(c["FI"] in fit and c["width"] <= 65536, f"{c['TY']} with filter {c['FI']}")
        need("RF" not in c or (c["type"], c["width"]) == ("u32", 1), f"{c['TY']} with RF")
    return sec["NM"], cols


def frame(data, at):
    """The fields of the frame at a byte, what the digest covers of them, and its payload."""
    head, behind = data[at:at + 48], at + 48
    need(len(head) == 48, "cut off: no END")
    (sync, kind, flags, codec, section, seq, first, rows, raw_n, n, crc, raw_crc,
     head_crc) = struct.unpack("<4sBBBxIIQIIIIII", head)
    need(sync == b"\xd7RF\n" and zlib.crc32(head[:44]) == head_crc, "no valid frame header")
    need(codec <= 1 and section < 2**31 and max(raw_n, n) <= 64 << 20 and
         (raw_n <= 1032 * n + 64 if codec else (raw_n, raw_crc) == (n, crc)) and
         (kind != END or n == 0), "a frame header that cannot be")
    payload = data[behind:behind + n]
    need(len(payload) == n, "cut off: no END")
    need(zlib.crc32(payload) == crc, "a checksum that does not fit: damaged")
    need(codec == 0 or kind not in (PROV, SECTION), "a packed header")
    if codec == 1 and kind == DATA:
        z = zlib.decompressobj()
        payload = z.decompress(payload, raw_n + 1)  # one too many is enough to know
        need(z.eof and not z.unused_data and len(payload) == raw_n and
             zlib.crc32(payload) == raw_crc, "does not inflate to what its header says")
    return kind, flags, section, seq, first, rows, behind + n, \
        head[4:5] + head[8:32] + head[40:44], payload


def load(path):
    """Every section of the file: {section: {column: values}}."""
    with open(path, "rb") as f:
        data = f.read()
    sections, ids, name, cols, wanted = {}, set(), "", None, None
    at, kind, digest, room = 0, None, 0xcbf29ce484222325, {SECTION: 1 << 20, PROV: 1 << 20}
    try:
        need(data[:9] == b"\x89REC\r\n\x1a\n\x01" and data[10:16] == bytes(6),
             "not a rec file of version 1")
        at = 16
        while kind != END:
            kind, flags, section, seq, first, rows, behind, covered, payload = frame(data, at)
            if kind in room:
                room[kind] -= len(payload)
                need(room[kind] >= 0, "more than 1 MiB of headers")
            if kind == SECTION:
                need(cols is None, f"begins inside section '{name}'")
                need(len(ids) < 4096, "more than 4096 sections")
                name, cols = header(payload, section)
                need(seq == 0 and section not in ids and name not in sections,
                     f"a second section {section} or '{name}'")
                ids.add(section)
                wanted = section, 1, 0
            elif kind in (DATA, SECTION_END):
                need(cols and (section, seq, first) == wanted, "a frame is missing before it")
                wanted = section, seq + 1, first + rows
                if kind == DATA:
                    need(rows > 0, "no rows")
                    add_rows(cols, rows, payload)
                else:
                    sections[name], cols = columns(cols), None
            elif kind == PROV:
                need(re.fullmatch(rb"(@PG\t[^\n\0]*\n)+", payload), "not lines of @PG")
            elif kind == END:
                need(cols is None, f"END in section '{name}'")
                need(first == digest, "another digest: frames are missing or changed")
                need(behind == len(data), "bytes after END")
            else:
                need(not flags & 1, f"a critical frame of the unknown type {kind}")
            for b in covered:
                digest = (digest ^ b) * 0x100000001b3 % 2**64
            at = behind
    except (ValueError, zlib.error) as e:
        raise ValueError(f"{path}: byte {at}: {e}") from None
    return sections
