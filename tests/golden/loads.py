#!/usr/bin/env python3
"""
loads.py FILE...: whether lib/io/rec.py, with NumPy, reads of each file what recfile.py
does, which shares no code with it, and what rec-view prints: every section, column and
value.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../../lib/io")]
import rec  # noqa: E402
import recfile  # noqa: E402
import viewed  # noqa: E402

sys.dont_write_bytecode = True
for path in sys.argv[1:]:
    got, values = rec.load(path), 0
    want = recfile.load(path)
    assert list(got) == [s["NM"] for s in want], path
    for s in want:
        assert list(got[s["NM"]]) == [c["NM"] for c in s["cols"]], (path, s["NM"])
        for c in s["cols"]:
            x = got[s["NM"]][c["NM"]]
            x = x if c["TY"] == "str" else x.ravel().tolist()
            assert list(x) == list(c["values"]), (path, s["NM"], c["NM"])
            values += len(x)
    assert viewed.same(path, got) == values, path
    print(os.path.basename(path), len(got), "sections", values, "values:", *got)
