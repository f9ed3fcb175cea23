"""What the checkers share: finding the C files, and reading C without its comments and strings."""
import pathlib
import re

TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL)


def files(root, folders, suffixes):
    """The files below `root`/`folders` with one of `suffixes`, sorted, without build products."""
    found = []
    for folder in folders:
        for path in (pathlib.Path(root) / folder).rglob("*"):
            if path.is_file() and path.name.endswith(suffixes) and "node_modules" not in path.parts:
                found.append(path)
    return sorted(found)


def blank(match):
    text = match[0]
    lines = "\n" * text.count("\n")
    if text.startswith("/"):
        return " " + lines
    return text[0] * 2 + lines


def code_of(text):
    """`text` with comments blanked and literals emptied; line numbers stay."""
    return TOKEN.sub(blank, text)


def without_preprocessor(code):
    """`code` with preprocessor lines blanked, continuations too; line numbers stay."""
    out, directive = [], False
    for line in code.split("\n"):
        directive = directive or line.lstrip().startswith("#")
        out.append("" if directive else line)
        directive = directive and line.endswith("\\")
    return "\n".join(out)
