#!/usr/bin/env python3
"""Fail if a function does not fit a screen: 70 lines, 6 parameters, 4 levels of blocks.

A flat dispatch table is exempt from the lines: a function in which at least half of the lines are
`case` labels (or the entries of a list of tests). Files of 1,000 lines and more get a warning, which does not fail.
"""
import argparse
import collections
import pathlib
import re
import sys

import csource

LINES_MAX, PARAMETERS_MAX, LEVELS_MAX, FILE_LINES_MAX = 70, 6, 4, 1000
FOLDERS = ("include", "src", "tools", "tests", "bench", "examples", "bindings")
CONTROL = {"if", "for", "while", "switch"}
CASE = re.compile(r"^\s*(case\b|default\s*:|cmocka_unit_test)")
LINKAGE = re.compile(r'\bextern\s*""\s*$')
HEAD = re.compile(r"([A-Za-z_]\w*)\s*$")

Function = collections.namedtuple("Function", "name line lines parameters levels cases")


def word_before(code, at):
    match = HEAD.search(code[max(0, at - 80):at])
    return match[1] if match else ""


def opening(code, close):
    """Where the parenthesis that is closed at `close` was opened."""
    depth = 0
    for at in range(close, -1, -1):
        depth += (code[at] == ")") - (code[at] == "(")
        if depth == 0:
            return at
    return 0


CONSTANT = re.compile(r"const (bool|uint8_t|uint32_t|size_t) \w+$")
CONTEXTS = ("cx", "b", "p", "plan", "call", "ac")  # who is asked, always first


def count_parameters(code, begin, end):
    """Inputs only: neither the context in front, nor results (out..., io_...), nor the constants that
    a caller of an inlined loop specialises it by (a plain type, const by value) count."""
    inner = code[begin + 1:end].strip()
    if inner in ("", "void"):
        return 0
    depth, items, start = 0, [], 0
    for at, char in enumerate(inner):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            items.append(inner[start:at])
            start = at + 1
    items.append(inner[start:])
    items = [item for item in items if not CONSTANT.match(item.strip())]
    names = [re.findall(r"\w+", item)[-1] if re.findall(r"\w+", item) else "" for item in items]
    if names and names[0] in CONTEXTS and len(names) > 1:
        names = names[1:]
    return sum(not re.match(r"(out|out_\w+|io|io_\w+)$", name) for name in names)


def head_of(code, brace):
    """(name, line, parameters) if the brace at file level opens a function body, else None."""
    end = len(code[:brace].rstrip()) - 1
    if end < 0 or code[end] != ")":
        return None
    begin = opening(code, end)
    before = code[:begin].rstrip()
    name = word_before(before, len(before))
    if not name and before.endswith(")"):  # NAME_MACRO(shape)(parameters)
        name = before[opening(before, len(before) - 1):].strip("() ")
    return name, code.count("\n", 0, begin) + 1, count_parameters(code, begin, end)


def is_block(code, brace):
    """Does the brace inside a body open a block (and not an initializer or a struct)?"""
    before = code[:brace].rstrip()
    if not before or before[-1] in ";{}:":
        return True
    if before.endswith(("else", "do")):
        return True
    if before[-1] != ")":
        return False
    begin = opening(before, len(before) - 1)
    name = word_before(before, begin)
    return name in CONTROL or name.endswith("FOREACH")


def functions(text):
    code = csource.without_preprocessor(csource.code_of(text))
    stack, current, deepest = [], None, 0
    for at, char in enumerate(code):
        if char == "{":
            if LINKAGE.search(code[max(0, at - 40):at]):
                stack.append("linkage")
            elif any(kind != "linkage" for kind in stack):
                block = current is not None and stack[-1] != "data" and is_block(code, at)
                stack.append("block" if block else "data")
                deepest = max(deepest, stack.count("block"))
            else:
                current, deepest = head_of(code, at), 0
                begin = code.count("\n", 0, at) + 1
                stack.append("body" if current else "data")
        elif char == "}" and stack:
            if stack.pop() == "body":
                end = code.count("\n", 0, at) + 1
                body = code.split("\n")[begin:end - 1]
                cases = sum(bool(CASE.match(line)) for line in body)
                yield Function(current[0], current[1], len(body), current[2], deepest, cases)
                current = None


def complaints(function):
    if function.lines > LINES_MAX and function.cases * 2 < function.lines:
        yield f"{function.name} has {function.lines} lines; {LINES_MAX} are a screen"
    if function.parameters > PARAMETERS_MAX:
        yield f"{function.name} has {function.parameters} parameters; at most {PARAMETERS_MAX}"
    if function.levels > LEVELS_MAX:
        yield f"{function.name} nests {function.levels} blocks; at most {LEVELS_MAX}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).parents[1])
    root = parser.parse_args().root.resolve()
    failed = False
    for path in csource.files(root, FOLDERS, (".c", ".h")):
        text = path.read_text(errors="replace")
        name = path.relative_to(root)
        for function in functions(text):
            for complaint in complaints(function):
                print(f"{name}:{function.line}: {complaint}")
                failed = True
        if (lines := text.count("\n")) >= FILE_LINES_MAX:
            print(f"{name}: warning: {lines} lines; is it still one idea?")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
