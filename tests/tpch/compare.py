#!/usr/bin/env python3
"""Compare expected/ with DuckDB: compare.py [libduckdb.so] (by default the one `make bench` has fetched).

Equal are equal texts, and numbers that differ by less than 1e-9 of their size.
"""
import csv
import ctypes
import io
import pathlib
import sys
import tempfile

import tpch_test

PEER = (tpch_test.HERE / "../../build/bench/peers/node_modules/@duckdb/node-bindings-linux-x64/"
        "libduckdb.so")


class Result(ctypes.Structure):
    _fields_ = [(f"field{i}", ctypes.c_uint64) for i in range(8)]


class DuckDb:
    def __init__(self, path):
        self.library = library = ctypes.CDLL(str(path))
        library.duckdb_result_error.restype = ctypes.c_char_p
        library.duckdb_column_count.restype = ctypes.c_uint64
        library.duckdb_row_count.restype = ctypes.c_uint64
        library.duckdb_value_varchar.restype = ctypes.c_void_p
        library.duckdb_value_varchar.argtypes = [ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64]
        library.duckdb_free.argtypes = [ctypes.c_void_p]
        database, self.connection = ctypes.c_void_p(), ctypes.c_void_p()
        if (library.duckdb_open(None, ctypes.byref(database)) != 0 or
                library.duckdb_connect(database, ctypes.byref(self.connection)) != 0):
            sys.exit("DuckDB does not open")

    def text(self, result, column, row):
        value = self.library.duckdb_value_varchar(ctypes.byref(result), column, row)
        if value is None:
            return ""
        text = ctypes.string_at(value).decode()
        self.library.duckdb_free(value)
        return text

    def rows(self, sql):
        result, library = Result(), self.library
        if library.duckdb_query(self.connection, sql.encode(), ctypes.byref(result)) != 0:
            sys.exit(library.duckdb_result_error(ctypes.byref(result)).decode())
        columns = range(library.duckdb_column_count(ctypes.byref(result)))
        return [[self.text(result, column, row) for column in columns]
                for row in range(library.duckdb_row_count(ctypes.byref(result)))]


def same(mine, theirs):
    if mine == theirs:
        return True
    try:
        a, b = float(mine), float(theirs)
    except ValueError:
        return False
    return abs(a - b) <= 1e-9 * max(1, abs(b))


def main():
    peer = DuckDb(sys.argv[1] if len(sys.argv) > 1 else PEER)
    for statement in tpch_test.schema().split(";")[:-1]:
        peer.rows(statement)
    with tempfile.TemporaryDirectory() as folder:
        copies = tpch_test.copy_all(tpch_test.unpack(folder), " (DELIMITER '|', HEADER false)")
        for statement in copies.split(";")[:-1]:
            peer.rows(statement)
    bad = 0
    for name, text in tpch_test.expected().items():
        mine = list(csv.reader(io.StringIO(text)))[1:]
        mine = [row if row else [""] for row in mine]
        theirs = peer.rows((tpch_test.HERE / "queries" / (name + ".sql")).read_text())
        equal = len(mine) == len(theirs) and all(
            len(a) == len(b) and all(map(same, a, b)) for a, b in zip(mine, theirs))
        bad += not equal
        print(name, len(theirs), "rows", "" if equal else "DIFFERENT")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
