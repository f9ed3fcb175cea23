#!/usr/bin/env python3
"""Write docs/sql/functions.md from the table of functions.

    tools/gen_functions.py > docs/sql/functions.md
    tools/gen_functions.py --check      # fails if the document is not what would be written

The table is read from src/func/function_table.c as text: one record per row or macro.
"""
import argparse
import pathlib
import re
import sys

STRING = r'"(?:[^"\\]|\\.)*"'
RECORD = re.compile(r"^    ([A-Z_0-9]+)\(", re.MULTILINE)
TYPES = {
    "NUMERIC_1": ["number"],
    "NUMERIC_2": ["number", "INTEGER"],
    "NUMERIC_SIGN": ["number"],
    "DAY_PARTS": ["DATE or TIMESTAMP"],
    "DAY_TEXTS": ["DATE or TIMESTAMP"],
    "LAST_DAYS": ["DATE or TIMESTAMP"],
    "PARTS": ["DATE, TIMESTAMP or INTERVAL"],
    "TIME_PARTS": ["DATE, TIMESTAMP, TIME or INTERVAL"],
}
RESULTS = {
    "NUMERIC_1": "the same",
    "NUMERIC_2": "the same",
    "NUMERIC_SIGN": "TINYINT",
    "DAY_TEXTS": "VARCHAR",
    "LAST_DAYS": "DATE",
}
OPERATORS = {"+", "-", "*", "||"}


def closing(text, at):
    """The index behind the bracket that closes the one at `at`."""
    depth, i = 0, at
    while True:
        if text[i] == '"':
            i = re.compile(STRING).match(text, i).end()
            continue
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        i += 1
        if depth == 0:
            return i


def fields(text):
    """The arguments of a macro call, strings joined and without their quotes."""
    out = []
    for part in re.findall(rf"(?:{STRING}\s*)+|[^,\s][^,]*", text):
        strings = re.findall(STRING, part)
        out.append("".join(s[1:-1] for s in strings).replace('\\"', '"').replace("\\\\", "\\")
                   if strings else part.strip())
    return out


def record(macro, parts):
    if macro == "ROW":
        name, low, high, _, rule, result, _, doc, example = parts[:9]
        types = [t.removeprefix("TYPE_") for t in parts[9:]]
        types = ["any" if t == "NULL" else t for t in types] if int(high) else []
        if high == "255":
            types[-1] += " ..."
        elif low != high:
            types = types[: int(low)] + [f"[{t}]" for t in types[int(low):]]
        result = "the widest" if rule == "WIDEST_ARG" else result
        return name, types, result, doc, example
    types = list(TYPES[macro])
    if macro == "NUMERIC_2":
        types[1] = "[INTEGER]"
    return parts[0], types, RESULTS.get(macro, "BIGINT"), parts[-2], parts[-1]


def read_table(text):
    text = text[text.index("const struct function function_table[]"):]
    for match in RECORD.finditer(text):
        end = closing(text, match.end() - 1)
        parts = fields(text[match.end():end - 1])
        if not parts[0].startswith("__"):  # what only the binder calls
            yield record(match[1], parts)


def cell(text):
    return text.replace("|", "\\|")


def form(name, types):
    if name not in OPERATORS:
        return f"{name}({', '.join(types)})"
    return f"{name} {types[0]}" if len(types) == 1 else f"{types[0]} {name} {types[1]}"


def document(records):
    yield "# Functions"
    yield ""
    yield "Every scalar function with its overloads. Unless the text says otherwise, the result is NULL if an argument is."
    yield "`[X]` may be left out, `X ...` may be repeated. This page is made by `tools/gen_functions.py`."
    yield ""
    yield "| call | gives | what | example |"
    yield "|---|---|---|---|"
    for name, types, result, doc, example in records:
        call, _, answer = example.partition(" => ")
        yield (f"| `{cell(form(name, types))}` | {result} | {cell(doc)} "
               f"| `{cell(call)}` is `{cell(answer)}` |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the document instead of writing")
    arguments = parser.parse_args()
    root = pathlib.Path(__file__).resolve().parent.parent
    text = "\n".join(document(read_table((root / "src/func/function_table.c").read_text()))) + "\n"
    if not arguments.check:
        sys.stdout.write(text)
        return 0
    page = root / "docs/sql/functions.md"
    if page.exists() and page.read_text() == text:
        return 0
    print("docs/sql/functions.md is not what tools/gen_functions.py writes")
    return 1


if __name__ == "__main__":
    sys.exit(main())
