"""
Files in the format of lib/io/FORMAT.md, frame by frame: what they hold may be wrong, their
checksums are right.
"""
import struct
import zlib

START = b"\x89REC\r\n\x1a\n\x01\x01" + bytes(6)
PROV, SECTION, DATA, SECTION_END, END = 1, 2, 3, 4, 7


def frame(kind, payload=b"", section=0, seq=0, first=0, rows=0, flags=1, stored=None, raw=None):
    """Packed if stored is given; raw: what it says of its size, if that is a lie."""
    out = payload if stored is None else stored
    raw = len(payload) if raw is None else raw
    head = b"\xd7RF\n" + struct.pack("<BBBBIIQIIIII", kind, flags, stored is not None, 0, section,
                                     seq, first, rows, raw, len(out), zlib.crc32(out),
                                     zlib.crc32(payload))
    return head + struct.pack("<I", zlib.crc32(head)) + out


def digest(frames):
    x = 0xcbf29ce484222325
    for f in frames:
        for b in f[4:5] + f[8:32] + f[40:44]:
            x = (x ^ b) * 0x100000001b3 % 2**64
    return x


def file(*frames, start=START):
    """All of them under a new END."""
    return start + b"".join(frames) + frame(END, first=digest(frames))


def frames(path):
    """Those of a file, END too."""
    with open(path, "rb") as f:
        whole, at = f.read(), len(START)
    while at < len(whole):
        n = 48 + struct.unpack_from("<I", whole, at + 32)[0]
        yield whole[at:at + n]
        at += n
