#!/usr/bin/env python3
"""
Reads a rec file as lib/io/FORMAT.md says, checks its frames and columns, and of header
texts what it needs; it shares no code with rec.

    recfile.py FILE             the sections: name, kind, by, rows
    recfile.py FILE SECTION     rows of the last section of that name, as TSV

Numbers that stand for ids stay numbers.  An f32 has the fewest digits from 6 to 9 that
read back as the same f32 (an f64: 15 to 17).  Control bytes and backslashes in text are
\\xNN.  A file that it refuses is one line on stderr and exit status 4.
"""
import struct
import sys
import zlib

CODES = {"u8": "B", "u32": "I", "u64": "Q", "i64": "q", "f32": "f", "f64": "d"}
FILTERS = ("none", "delta", "shuffle", "levels", "packed", "steps")
PROV, SECTION, DATA, SECTION_END, END = 1, 2, 3, 4, 7


def need(ok, what):
    if not ok:
        raise ValueError(what)


def frames(data):
    need(data[:9] == b"\x89REC\r\n\x1a\n\x01", "not a rec file of version 1")
    need(data[10:16] == bytes(6), "a cut or damaged preamble")
    at, digest, kind = 16, 0xcbf29ce484222325, 0
    while kind != END:
        head, at = data[at:at + 48], at + 48
        need(head[:4] == b"\xd7RF\n" and len(head) == 48, "no frame header: cut off?")
        (kind, flags, codec, section, seq, first, rows, raw_n, n, crc, raw_crc,
         head_crc) = struct.unpack("<4xBBBxIIQIIIIII", head)
        need(zlib.crc32(head[:44]) == head_crc and codec <= 1, "a bad frame header")
        need(max(raw_n, n) <= 64 << 20 and raw_n <= 1032 * n + 64, "an implausible size")
        payload, at = data[at:at + n], at + n
        need(len(payload) == n and zlib.crc32(payload) == crc, "a cut or damaged payload")
        if codec == 1:
            payload = zlib.decompressobj().decompress(payload, raw_n + 1)
        need(len(payload) == raw_n and zlib.crc32(payload) == raw_crc, "a damaged payload")
        yield kind, flags, section, seq, first, rows, payload, digest
        for b in struct.pack("<BIIQIII", kind, section, seq, first, rows, raw_n, raw_crc):
            digest = (digest ^ b) * 0x100000001b3 % 2**64
    need(at == len(data), "data after END")


def header(text):
    lines = [line.split("\t") for line in text.decode().split("\n")]
    need([x[0] for x in lines] == ["@SEC"] + ["@COL"] * (len(lines) - 2) + [""], "bad lines")
    need(all(f[2] == ":" for line in lines for f in line[1:]), "a bad field")
    sec, *cols = ({f[:2]: f[3:] for f in line[1:]} for line in lines[:-1])
    for c in cols:
        c["TY"], _, width = c["TY"].partition("[")
        c.update(width=int(width[:-1] or 1), values=[])
        need(c["TY"] == "str" or c["TY"] in CODES, "an unknown type")
        need(c.get("FI", "none") in FILTERS, "an unknown filter")
    return dict(sec, rows=0, cols=cols)


def varints(data, n):
    out, at = [], 0
    for _ in range(n):
        x = shift = 0
        more = True
        while more:
            x, shift, more, at = x | (data[at] & 127) << shift, shift + 7, data[at] > 127, at + 1
        need(x < 2**64, "a varint beyond 64 bits")
        out.append(x)
    return out, data[at:]


def decode(col, rows, data):
    if col["TY"] == "str":
        lengths, text = varints(data, rows)
        need(sum(lengths) == len(text), "lengths and text disagree")
        ends = [0]
        for n in lengths:
            ends.append(ends[-1] + n)
        return [text[a:b] for a, b in zip(ends, ends[1:])]
    code, n, filter_ = CODES[col["TY"]], rows * col["width"], col.get("FI", "none")
    size = struct.calcsize("<" + code)
    if filter_ == "steps":
        b, data = data[0], data[1:]
        filter_ = "delta" if b == 0 else "none"
        if b > 0:
            base, step = struct.unpack_from("<QQ", data)
            data = data[16:]
            need(step > 0 and b <= size and len(data) == b * n, "bad steps")
            ks = (int.from_bytes(data[i::n], "little") for i in range(n))
            data = struct.pack("<%d%s" % (n, code.upper()),
                               *((base + k * step) % 2**64 for k in ks))
    if filter_ == "delta":
        steps, rest = varints(data, n)
        need(not rest, "bytes left over")
        words, x = [], 0
        for s in steps:
            x = (x + (s >> 1 ^ -(s & 1))) % 2**64
            words.append(x)
        data = struct.pack("<%d%s" % (n, code.upper()), *words)
    elif filter_ in ("levels", "packed"):
        k, data = struct.unpack_from("<H", data)[0], data[2:]
        bits = next(b for b in (1, 2, 4, 8) if filter_ == "packed" and k <= 2**b or b == 8)
        filter_ = "shuffle" if k == 0 else filter_
        if k > 0:
            ranks = data[k * size:]
            need(len(ranks) == (n * bits + 7) // 8, "a bad table of levels")
            ranks = [x >> i & 2**bits - 1 for x in ranks for i in range(0, 8, bits)]
            need(k <= 256 and max(ranks[:n]) < k and not any(ranks[n:]), "a bad level")
            data = b"".join(data[r * size:(r + 1) * size] for r in ranks[:n])
    need(len(data) == n * size, "a column of the wrong size")
    if filter_ == "shuffle":
        data = b"".join(data[i::n] for i in range(n))
    return struct.unpack("<%d%s" % (n, code), data)


def load(path):
    sections, ids, now, seq = [], set(), None, 0
    with open(path, "rb") as f:
        data = f.read()
    for kind, flags, section, number, first, rows, payload, digest in frames(data):
        if kind == END:
            need(now is None and first == digest, "END in a section, or another digest")
        elif kind == SECTION:
            need(now is None and number == 0 and section not in ids, "a bad section number")
            now, seq = header(payload), 1
            need(int(now["ID"]) == section, "a section of two numbers")
            ids.add(section)
            sections.append(now)
        elif kind in (DATA, SECTION_END):
            need(now and (section, number) == (int(now["ID"]), seq), "a frame out of order")
            need(first == now["rows"] and (rows > 0) == (kind == DATA), "missing rows")
            now["rows"], seq = now["rows"] + rows, seq + 1
            for c in now["cols"] if kind == DATA else ():
                n = struct.unpack_from("<I", payload)[0]
                need(n <= len(payload) - 4, "a frame that ends early")
                c["values"] += decode(c, rows, payload[4:4 + n])
                payload = payload[4 + n:]
            need(not payload, "a frame with bytes left over")
            now = now if kind == DATA else None
        else:
            need(kind == PROV or not flags & 1, "an unknown critical frame")
    return sections


def cell(x, type_):
    if type_ == "str":
        return b"".join(b"\\x%02x" % b if b < 32 or b in (92, 127) else bytes([b]) for b in x)
    for digits in {"f32": range(6, 10), "f64": range(15, 18)}.get(type_, ()):
        text = "%.*g" % (digits, x)
        if struct.pack(CODES[type_], float(text)) == struct.pack(CODES[type_], x):
            break
    return text.encode() if isinstance(x, float) else b"%d" % x


def lines(path, name=None):
    sections = load(path)
    if name is None:
        return [b"section\tkind\tby\trows"] + [
            b"%s\t%s\t%s\t%d" % tuple(
                v.encode() if isinstance(v, str) else v
                for v in (s["NM"], s.get("KD", "table"), s.get("BY", ""), s["rows"]))
            for s in sections]
    named = [s for s in sections if s["NM"] == name]
    need(named, "no section '%s'" % name)
    cols = named[-1]["cols"]
    parts = [(c["NM"] if c["width"] == 1 else "%s.%d" % (c["NM"], j),
              [cell(x, c["TY"]) for x in c["values"][j::c["width"]]])
             for c in cols for j in range(c["width"])]
    return [b"\t".join(h.encode() for h, _ in parts), *map(b"\t".join, zip(*(p for _, p in parts)))]


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    try:
        sys.stdout.buffer.write(b"".join(x + b"\n" for x in lines(*sys.argv[1:])))
    except (ValueError, IndexError, KeyError, OSError, struct.error, zlib.error) as e:
        print("recfile.py: %s: %r" % (sys.argv[1], e), file=sys.stderr)
        sys.exit(4)
