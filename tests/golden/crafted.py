#!/usr/bin/env python3
"""
crafted.py [N]: whether lib/io/rec.py and rec-view agree on files whose checksums hold and
whose contents are wrong, or odd and right: a table of them, and N files made of one by
changing bytes under new checksums.  Both must refuse, rec.py with a ValueError that names
the file and rec-view with status 4, or both must give the same.  Prints what is not so.
"""
import os
import random
import struct
import subprocess
import sys
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../../lib/io")]
sys.dont_write_bytecode = True
import rec  # noqa: E402
import viewed  # noqa: E402
from craft import (DATA, END, PROV, SECTION, SECTION_END, START, digest, file,  # noqa: E402
                   frame)

LINE = b"@PG\tID:a\tPN:a\tVN:1\tPA:\tIN:0\n"

# ---- pieces of files ----

def head(*columns, number=1, name="x", more=""):
    text = f"@SEC\tID:{number}\tNM:{name}{more}\n"
    return (text + "".join(f"@COL\t{c}\n" for c in columns)).encode()


def data(*columns):
    return b"".join(struct.pack("<I", len(c)) + c for c in columns)


def section(text, *parts, number=1, **packed):
    """The frames of a section; a part is (rows, payload)."""
    out, n = [frame(SECTION, text, number)], 0
    for rows, payload in parts:
        out.append(frame(DATA, payload, number, len(out), n, rows, **packed))
        n += rows
    return out + [frame(SECTION_END, b"", number, len(out), n)]


def column(type_, filter_, rows, *columns):
    """A file with a section of one column, or of as many as are given, of one type."""
    text = head(*[f"NM:c{i}\tTY:{type_}\tFI:{filter_}" for i in range(len(columns))])
    return file(*section(text, (rows, data(*columns))))


def header(text):
    """A file with a section of no rows."""
    return file(*section(text))


def packed(stored, raw=None):
    return file(*section(head("NM:c\tTY:u8"), (4, data(b"abcd")), stored=stored, raw=raw))


def steps(b, base, step, k):
    return struct.pack("<BQQ", b, base, step) + k


U8, U32 = "NM:c\tTY:u8", "NM:c\tTY:u32"
one = section(head(U8), (2, data(b"ab")), (3, data(b"cde")))
two = section(head(U8, number=2, name="y"), (1, data(b"a")), number=2)
zipped = zlib.compress(data(b"abcd"))
bits = struct.pack("<H3I", 3, 5, 6, 7)

RIGHT = {
    "one section": file(*one),
    "no frames": file(),
    "no rows": header(head(U8)),
    "a later minor version": file(*one, start=START[:9] + b"\x07" + bytes(6)),
    "an unknown frame that is not critical": file(*one, frame(9, b"?", flags=0)),
    "an unknown frame, packed": file(frame(9, b"?", flags=0, stored=b"not zlib's"), *one),
    "other flags": file(*one, frame(PROV, LINE, flags=0x80)),
    "provenance inside a section": file(one[0], frame(PROV, LINE), *one[1:]),
    "SECTION-END with a payload": file(*one[:-1], frame(SECTION_END, b"?", 1, 3, 5, 9)),
    "rows in a SECTION": file(frame(SECTION, head(U8), 1, 0, 7, 7), *one[1:]),
    "section numbers that go down": file(*two, *one),
    "a packed frame": packed(zipped),
    "a kind, an author, attributes": header(head(U8, more="\tKD:log\tBY:me\tXX:\tYY:a b")),
    "510 bytes of attributes": header(head(U8, more="\tXX:" + "x" * 253 + "\tYY:" + "y" * 250)),
    "line breaks that are none": header(head(U8, more="\tXX:a\x0b\x0c\r\x85\u2028b")),
    "attributes that are not UTF-8": header(head(U8, more="\tXX:-").replace(b"-", b"\xff")),
    "two columns of one name": file(*section(head(U8, U32), (1, data(b"a", bytes(4))))),
    "a key twice": header(head(U8, more="\tKD:log\tKD:dict")),
    "keys of the other line": header(head(U8 + "\tID:x\tKD:?\tBY:", more="\tTY:?\tRF:\tFI:x")),
    "unknown keys": header(head(U8 + "\tZZ:?")),
    "a number with zeros before it": header(head(U8, number="001")),
    "32 columns": header(head(*[U8] * 32)),
    "a vector": column("u32[3]", "shuffle", 2, bytes(24)),
    "a vector of one": column("u32[1]", "delta", 1, b"\0"),
    "a width of 65536": header(head("NM:c\tTY:f32[65536]")),
    "a reference": header(head(U32 + "\tRF:x")),
    "a varint of ten bytes": column("u32", "delta", 2, b"\x80" * 9 + b"\0\x02"),
    "2^64 - 1": column("u64", "delta", 1, b"\x01"),
    "a u32 of 2^32 - 1": column("u32", "delta", 1, b"\xfe\xff\xff\xff\x1f"),
    "steps down": column("i64", "steps", 2, steps(1, 5, 2**64 - 7, b"\0\1")),
    "steps of u32 to its end": column("u32", "steps", 1, steps(1, 2**32 - 3, 2, b"\1")),
    "steps as delta": column("u32", "steps", 1, b"\0\2"),
    "levels": column("f32", "levels", 2, bits + b"\2\0"),
    "packed levels": column("f32", "packed", 3, bits + b"\x24"),
    "more than 256 levels": column("f32", "packed", 1, bytes(6)),
    "empty texts": column("str", "none", 3, b"\0\0\0"),
}

WRONG = {
    # the preamble, and how frames follow each other
    "another major version": file(*one, start=START[:8] + b"\2\1" + bytes(6)),
    "a preamble that is not 0": file(*one, start=START[:10] + b"\1" + bytes(5)),
    "nothing": b"",
    "a preamble alone": START,
    "no END": START + b"".join(one),
    "bytes after END": file(*one) + b"\0",
    "a second file after END": file(*one) * 2,
    "END with a payload": START + frame(END, b"?", first=digest([])),
    "another digest": START + b"".join(one) + frame(END, first=digest([]) ^ 1),
    "an unknown critical frame": file(*one, frame(9, b"?")),
    "an index": file(*one, frame(5)),
    "no SECTION-END before END": file(*one[:-1]),
    "no SECTION-END before SECTION": file(*one[:-1], *two),
    "no SECTION": file(*one[1:]),
    "no first DATA": file(one[0], *one[2:]),
    "no last DATA": file(*one[:-2], one[-1]),
    "no last DATA, with another seq": file(*one[:-2], frame(SECTION_END, b"", 1, 2, 5)),
    "no last DATA, with other rows": file(*one[:-2], frame(SECTION_END, b"", 1, 3, 2)),
    "DATA twice": file(*one[:2], *one[1:]),
    "DATA in another order": file(one[0], one[2], one[1], one[3]),
    "DATA of another section": file(one[0], frame(DATA, data(b"a"), 2, 1, 0, 1), one[3]),
    "DATA after SECTION-END": file(*one, frame(DATA, data(b"a"), 1, 4, 5, 1)),
    "DATA without rows": file(*section(head(U8), (0, data(b"")))),
    "SECTION with a seq": file(frame(SECTION, head(U8), 1, 1), frame(SECTION_END, b"", 1, 2)),
    "SECTION-END twice": file(*one, one[-1]),
    "a section number twice": file(*one, *section(head(U8, name="y"))),
    "a section name twice": file(*one, *section(head(U8, number=2), number=2)),
    "another number in the text": header(head(U8, number=2)),
    "a section number of 0": file(*section(head(U8, number=0), number=0)),
    "a section number of 2^31": file(*section(head(U8, number=2**31), number=2**31)),
    "4097 sections": file(*[f for i in range(1, 4098) for f in section(
        head(U8, number=i, name=f"x{i}"), number=i)]),
    "headers above 1 MiB": file(*[f for i in range(1, 2060) for f in section(
        head(U8, number=i, name=f"x{i}", more="\tXX:" + "x" * 500), number=i)]),
    "provenance above 1 MiB": file(frame(PROV, LINE * 40000)),
    "provenance without @PG": file(frame(PROV, b"a\n")),
    "provenance without a newline": file(frame(PROV, LINE[:-1])),
    "provenance with an empty line": file(frame(PROV, LINE + b"\n" + LINE)),
    "provenance with a NUL": file(frame(PROV, LINE[:-1] + b"\0\n")),
    "no provenance in its frame": file(frame(PROV)),
    # what a frame says of its size
    "a packed SECTION": file(frame(SECTION, head(U8), 1, stored=zlib.compress(head(U8))), *one[1:]),
    "packed provenance": file(frame(PROV, LINE, stored=zlib.compress(LINE))),
    "an unknown codec": file(*one[:1], one[1][:6] + b"\2" + one[1][7:44] + struct.pack(
        "<I", zlib.crc32(one[1][:6] + b"\2" + one[1][7:44])) + one[1][48:], *one[2:]),
    "two sizes of an unpacked frame": file(*one, frame(PROV, LINE, raw=len(LINE) + 1)),
    "not zlib's": packed(b"abcdefgh"),
    "no bytes of zlib": packed(b""),
    "zlib, cut": packed(zipped[:-1]),
    "zlib, and a byte": packed(zipped + b"\0"),
    "zlib, twice": packed(zipped * 2),
    "zlib with a dictionary": packed(b"\x78\xbb" + zipped[2:]),
    "more than the frame says": packed(zipped, raw=7),
    "less than the frame says": packed(zipped, raw=9),
    "a bomb": packed(zlib.compress(bytes(1 << 26)), raw=8),
    "a size that deflate cannot reach": packed(zipped, raw=1032 * len(zipped) + 65),
    "raw beyond 64 MiB": packed(bytes(66000), raw=(64 << 20) + 1),
    # the text of SECTION
    "no text": header(b""),
    "no columns": header(head()),
    "33 columns": header(head(*[U8] * 33)),
    "no newline at the end": header(head(U8)[:-1]),
    "an empty line": header(head(U8) + b"\n"),
    "a second @SEC": header(head(U8) * 2),
    "@COL first": header(b"@COL\t" + U8.encode() + b"\n" + head(U8)),
    "another line": header(head(U8) + b"@ROW\tNM:a\n"),
    "a NUL in a key": header(head(U8, more="\t\0A:a")),
    "a NUL": header(head(U8, more="\tXX:a\0b")),
    "a field without a colon": header(head(U8 + "\tABC")),
    "a field of one letter": header(head(U8 + "\tA:b")),
    "an empty field": header(head(U8 + "\t")),
    "no number": header(b"@SEC\tNM:x\n@COL\t" + U8.encode() + b"\n"),
    "a number with a sign": header(head(U8, number="+1")),
    "a number with a space": header(head(U8, number=" 1")),
    "a number with a low line": header(head(U8, number="0_1")),
    "a number in other digits": header(head(U8, number="\u0661")),
    "no name": header(b"@SEC\tID:1\n@COL\t" + U8.encode() + b"\n"),
    "an empty name": header(head(U8, name="")),
    "a name of 65": header(head(U8, name="x" * 65)),
    "a name with a slash": header(head(U8, name="a/b")),
    "a name with an umlaut": header(head(U8, name="\xe4")),
    "a name with a line break that is none": header(head(U8, name="a\x85")),
    "a column without a name": header(head("TY:u8")),
    "a column without a type": header(head("NM:c")),
    "a column with a bad name": header(head("NM:a b\tTY:u8")),
    "a bad author": header(head(U8, more="\tBY:a b")),
    "a bad author before a good one": header(head(U8, more="\tBY:a b\tBY:me")),
    "an empty author": header(head(U8, more="\tBY:")),
    "an unknown kind": header(head(U8, more="\tKD:tree")),
    "511 bytes of attributes": header(head(U8, more="\tXX:" + "x" * 253 + "\tYY:" + "y" * 251)),
    "an attribute of 511": header(head(U8, more="\tXX:" + "x" * 508)),
    "an unknown type": header(head("NM:c\tTY:u16")),
    "an unknown filter": header(head(U8 + "\tFI:zstd")),
    "u8 with levels": header(head(U8 + "\tFI:levels")),
    "f32 with delta": header(head("NM:c\tTY:f32\tFI:delta")),
    "f64 with steps": header(head("NM:c\tTY:f64\tFI:steps")),
    "str with shuffle": header(head("NM:c\tTY:str\tFI:shuffle")),
    "a vector with delta": header(head("NM:c\tTY:u32[2]\tFI:delta")),
    "a vector of packed": header(head("NM:c\tTY:f32[2]\tFI:packed")),
    "a vector of str": header(head("NM:c\tTY:str[2]")),
    "a str of width 1": header(head("NM:c\tTY:str[1]")),
    "a width of 0": header(head("NM:c\tTY:u8[0]")),
    "a width of 65537": header(head("NM:c\tTY:u8[65537]")),
    "a width of 99999999999999999999": header(head("NM:c\tTY:u8[99999999999999999999]")),
    "no width": header(head("NM:c\tTY:u8[]")),
    "an open width": header(head("NM:c\tTY:u8[2")),
    "a width and more": header(head("NM:c\tTY:u8[2]x")),
    "a reference from f32": header(head("NM:c\tTY:f32\tRF:x")),
    "a reference from a vector": header(head("NM:c\tTY:u32[2]\tRF:x")),
    "an empty reference": header(head(U32 + "\tRF:")),
    # the columns of DATA
    "bytes left over": file(*section(head(U8), (1, data(b"a") + b"\0"))),
    "a column too many": file(*section(head(U8), (1, data(b"a", b"b")))),
    "a column too few": file(*section(head(U8, U8), (1, data(b"a")))),
    "three bytes of a length": file(*section(head(U8, U8), (1, data(b"a") + b"\1\0\0"))),
    "a column beyond its frame": file(*section(head(U8), (9, struct.pack("<I", 9) + b"abcd"))),
    "a column of 2^32 - 1 bytes": file(*section(head(U8), (4, b"\xff\xff\xff\xffabcd"))),
    "2^32 - 1 rows": column("u8", "none", 2**32 - 1, b"a"),
    "2^32 - 1 rows of packed": column("f32", "packed", 2**32 - 1, bits),
    "2^32 - 1 rows of varints": column("u32", "delta", 2**32 - 1, b"\0"),
    "2^32 - 1 rows of steps": column("u32", "steps", 2**32 - 1, steps(1, 0, 1, b"\0")),
    "2^32 - 1 texts": column("str", "none", 2**32 - 1, b"\0"),
    "fewer bytes than rows": column("u32", "none", 2, bytes(7)),
    "more bytes than rows": column("u32", "shuffle", 2, bytes(9)),
    "a value too many": column("u32", "none", 2, bytes(12)),
    "delta: bytes left over": column("u32", "delta", 1, b"\2\2"),
    "delta: too few": column("u32", "delta", 2, b"\2"),
    "delta: no bytes": column("u32", "delta", 1, b""),
    "delta: cut in a varint": column("u32", "delta", 1, b"\x80"),
    "delta: a varint of 65 bits": column("u64", "delta", 1, b"\xff" * 9 + b"\2"),
    "delta: a varint of 11 bytes": column("u64", "delta", 1, b"\x80" * 10 + b"\0"),
    "delta: a u32 of 2^32": column("u32", "delta", 1, b"\x80\x80\x80\x80\x20"),
    "delta: a u32 below 0": column("u32", "delta", 1, b"\1"),
    "delta: a u32 of 2^32, and back": column("u32", "delta", 2, b"\x80\x80\x80\x80\x20" * 2),
    "steps: no bytes": column("u32", "steps", 1, b""),
    "steps: cut in its head": column("u32", "steps", 1, steps(1, 0, 1, b"")[:-1]),
    "steps: a step of 0": column("u32", "steps", 1, steps(1, 0, 0, b"\0")),
    "steps: 5 bytes in a u32": column("u32", "steps", 1, steps(5, 0, 1, bytes(5))),
    "steps: 9 bytes": column("u64", "steps", 1, steps(9, 0, 1, bytes(9))),
    "steps: bytes left over": column("u32", "steps", 1, steps(1, 0, 1, b"\0\0")),
    "steps: too few": column("u32", "steps", 2, steps(1, 0, 1, b"\0")),
    "steps: a u32 of 2^32": column("u32", "steps", 1, steps(1, 2**32 - 2, 2, b"\1")),
    "steps: a base of 2^32": column("u32", "steps", 1, steps(1, 2**32, 1, b"\0")),
    "steps as delta: a u32 below 0": column("u32", "steps", 1, b"\0\1"),
    "steps as delta: bytes left over": column("u32", "steps", 1, b"\0\2\2"),
    "levels: no bytes": column("f32", "levels", 1, b""),
    "levels: one byte": column("f32", "levels", 1, b"\1"),
    "levels: 257": column("f32", "levels", 1, struct.pack("<H", 257) + bytes(257 * 4 + 1)),
    "levels: a rank too high": column("f32", "levels", 2, bits + b"\0\3"),
    "levels: fewer values": column("f32", "levels", 1, bits[:-2]),
    "levels: fewer rows": column("f32", "levels", 2, bits + b"\0"),
    "levels: more rows": column("f32", "levels", 1, bits + b"\0\0"),
    "packed: a rank too high": column("f32", "packed", 2, bits + b"\x0c"),
    "packed: bits left over": column("f32", "packed", 3, bits + b"\x64"),
    "packed: a byte left over": column("f32", "packed", 3, bits + b"\x24\0"),
    "packed: more than 256, cut": column("f32", "packed", 2, bytes(2 + 7)),
    "str: no bytes": column("str", "none", 1, b""),
    "str: fewer bytes": column("str", "none", 2, b"\1\2ab"),
    "str: more bytes": column("str", "none", 2, b"\1\1abc"),
    "str: a length of 2^63": column("str", "none", 1, b"\x80" * 9 + b"\1"),
    "str: lengths that add up modulo 2^64": column("str", "none", 3,
                                                   (b"\xff" * 9 + b"\1") * 2 + b"\3a"),
}


# ---- what the two readers say ----

def python_refuses(path):
    """The message, or None; anything but a ValueError with the path goes through."""
    try:
        sections = rec.load(path)
    except ValueError as e:
        assert str(e).startswith(f"{path}: byte ") and "\n" not in str(e), str(e)
        return str(e)
    viewed.same(path, sections)
    return None


def view_refuses(path):
    p = subprocess.run(["rec-view", "-T1", "--check", path], capture_output=True)
    assert p.returncode in (0, 4) and (p.stderr.count(b"\n") == 1) == (p.returncode == 4), p
    return p.stderr.decode(errors="replace").strip() if p.returncode else None


def check(name, content, refused):
    """Whether both refuse, and what is wrong; refused is what they should, None: the same."""
    with tempfile.NamedTemporaryFile(suffix=".rec", dir=".") as f:
        f.write(content)
        f.flush()
        try:
            answers = view_refuses(f.name), python_refuses(f.name)
        except Exception as e:  # whatever it is, it should not come up
            return False, f"{name}: {type(e).__name__}: {e}"
    said = [x is not None for x in answers]
    good = said == [said[0] if refused is None else refused] * 2
    return said[0], "" if good else f"{name}: {answers}"


def changed(seed):
    """A file with some bytes of a payload changed, under new checksums."""
    r = random.Random(seed)
    kinds = [("u32", "delta", b"\2\4\xfe\1"), ("u32", "steps", steps(2, 9, 3, bytes(range(8)))),
             ("i64", "steps", b"\0\2\4\6\1"), ("f32", "packed", bits + b"\x24"),
             ("f64", "levels", struct.pack("<H2d", 2, 1, 2) + b"\0\1\1\0"),
             ("str", "none", b"\1\0\2\3abcdef"), ("u32[2]", "shuffle", bytes(32))]
    chosen = r.sample(kinds, 3)
    rows = 4 if all(k[1] != "delta" for k in chosen) else 3
    frames = section(head(*[f"NM:c{i}\tTY:{t}\tFI:{f}" for i, (t, f, _) in enumerate(chosen)]),
                     (rows, data(*[x for _, _, x in chosen])))
    payloads = [bytearray(f[48:]) for f in frames]
    which = r.choice((0, 1, 1, 1))
    for _ in range(r.choice((0, 1, 1, 2))):
        p, i = payloads[which], r.randrange(len(payloads[which]))
        how = r.randrange(4)
        if how == 0:
            p[i] ^= 1 << r.randrange(8)
        elif how == 1:
            p[i] = r.choice((0, 1, 2, 3, 4, 9, 10, 127, 128, 255))
        elif how == 2:
            p.insert(i, p[i])
        else:
            del p[i]
    return file(frame(SECTION, bytes(payloads[0]), 1), frame(DATA, bytes(payloads[1]), 1, 1, 0, rows),
                frame(SECTION_END, b"", 1, 2, rows))


if __name__ == "__main__":
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    files = [(k, v, False) for k, v in RIGHT.items()] + [(k, v, True) for k, v in WRONG.items()]
    files += [(f"changed {i}", changed(i), None) for i in range(n)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda f: check(*f), files))
    refused = sum(x for x, _ in answers)
    print("\n".join([x for _, x in answers if x][:20]) or
          f"{len(files)} alike: {len(files) - refused} taken, {refused} refused")
