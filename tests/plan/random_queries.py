#!/usr/bin/env python3
"""Random SQL gives the answers SQLite gives, whatever rules, threads and storage units are used.

Each round makes a few small tables (or two of up to 300 rows) and asks queries of them:
  - SQLite against LLKV with sqlite_compat, both as multisets, or in order where the order is total;
  - LLKV with all rules against none, forced joins, each rule off and random sets of them;
  - with one thread and four, small storage units, no pruning, in turns;
  - q against q WHERE p + q WHERE NOT p + q WHERE p IS NULL, and counting against filtering;
  - changes of tables: the tables afterwards.
A difference is made smaller, part by part and row by row, and printed as a script. Errors that
only one side has are counted by text (--errors shows an example of each).

    random_queries.py [--seed N] [--rounds N] [--count N] [--errors] [--no-oracle]
"""
import argparse
import collections
import os
import random
import sqlite3
import subprocess
import sys
import time

from random_sql import Generator, List, Node, Schema

LLKV = os.environ.get("LLKV", "build/llkv")
RULES = """or_factor or_to_in unnest apply_by_cost init_plan mark_to_semi outer_to_inner pushdown
    equality_classes join_order hash_join filter_order prune scan_predicates key_lookup direct_group
    dense_join top_n apply_memo const_fold bool_simplify""".split()
NULL = "\\N"
SLOW_SECONDS = 3
SQLITE_STEPS_MAX = 3_000_000
SHRINK_SECONDS = 60
SIZES = [[], ["--threads", "1"], ["--threads", "4"],
         ["--threads", "4", "--debug-segment-rows", "64", "--debug-vector-rows", "8"],
         ["--threads", "2", "--debug-segment-rows", "64", "--debug-vector-rows", "8",
          "--no-pruning"]]


def canonical(value):
    """One text for a value: true is 1, 0.0 has no sign, reals have twelve digits."""
    if value is None:
        return NULL
    if isinstance(value, float):
        return f"{value + 0.0:.12g}" if value != int(value) or abs(value) > 1e15 \
            else f"{int(value)}.0"
    if value in ("true", "false"):
        return "1" if value == "true" else "0"
    text = str(value)
    if "." in text or "e" in text:
        try:
            return canonical(float(text))
        except (ValueError, OverflowError):
            return text
    return text


class Answer:
    """What a query came to: rows, error, slow, or crash."""

    def __init__(self, kind, rows=(), text=""):
        self.kind, self.rows, self.text = kind, rows, text

    def same(self, other, ordered):
        if self.kind != "rows" or other.kind != "rows":
            return self.kind == other.kind or self.refused() or other.refused()
        if ordered:
            return self.rows == other.rows
        return sorted(self.rows) == sorted(other.rows)

    def show(self, ordered):
        if self.kind != "rows":
            return f"{self.kind} {self.text}"
        rows = self.rows if ordered else sorted(self.rows)
        return f"{len(rows)} rows: " + "  ".join("|".join(r) for r in rows[:20])

    def refused(self):
        """Not supported, which may be found before or after a rule has taken a part away."""
        return "SQLSTATE 0A000" in self.text

    def broken(self):
        return self.kind == "crash" or "XX000" in self.text


def run_script(lines, options):
    try:
        done = subprocess.run([LLKV, "--csv", "--noheader", "--nullvalue", NULL] + options,
                              input="\n".join(lines) + "\n", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=SLOW_SECONDS)
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired as expired:
        return None, (expired.stdout or b"").decode(errors="replace")


def read_answer(lines):
    at = next((i for i, line in enumerate(lines) if line.startswith("Error: ")), None)
    if at is not None:
        return Answer("error", text=" ".join(line.strip() for line in lines[at:])[:400])
    return Answer("rows", [tuple(canonical(v) for v in read_line(line)) for line in lines])


def read_line(line):
    """The values of a line; our texts hold no commas or quotes but may be empty."""
    return [None if v == NULL else v for v in line.split(",")]


def run_llkv(setup, queries, after, options, sets):
    """Answers of queries, which are lists of statements of which the last tells; `after` is what
    follows each. A crash or a time-out costs one query."""
    answers = []
    head = [s + ";" for s in sets + setup]
    while len(answers) < len(queries):
        lines = list(head)
        for i in range(len(answers), len(queries)):
            lines.append(f".print @@{i}")
            lines += [s + ";" for s in queries[i]]
            if after[i]:
                lines += [".print @@after"] + [s + ";" for s in after[i]]
        lines.append(".print @@end")
        code, text = run_script(lines, options)
        blocks = ("\n" + text).split("\n@@")
        if len(blocks) == 1 and code != 0:
            return [Answer("crash", text=f"before the first query: code {code} {text[:300]}")] * len(queries)
        complete = [b for b in blocks[1:-1] if not b.startswith("after")]
        for block in complete:
            answers.append(read_answer(block.split("\n")[1:]))
        if len(answers) < len(queries):
            if code is None:
                answers.append(Answer("slow"))
            else:
                answers.append(Answer("crash", text=f"code {code}"))
    return answers


def restore_sqlite(db, statements):
    for statement in statements:
        try:
            db.execute(statement)
        except sqlite3.Error:
            pass  # an UPDATE or INSERT that meets a constraint: LLKV refuses it, too


def open_sqlite(setup):
    db = sqlite3.connect(":memory:", isolation_level=None)
    restore_sqlite(db, setup)
    return db


def run_sqlite(db, statements):
    steps = [0]

    def tick():
        steps[0] += 1
        return steps[0] > SQLITE_STEPS_MAX // 1000
    db.set_progress_handler(tick, 1000)
    try:
        for statement in statements:
            cursor = db.execute(statement)
        return Answer("rows", [tuple(canonical(v) for v in row) for row in cursor.fetchall()])
    except sqlite3.Error as error:
        text = str(error)
        return Answer("slow" if "interrupted" in text else "error", text=text)
    finally:
        db.set_progress_handler(None, 0)


def settings(compat, disabled):
    return [f"SET sqlite_compat = {str(compat).lower()}", f"SET disabled_rules = '{disabled}'"]


class Question:
    """A query, or a change with what its table holds afterwards."""

    def __init__(self, node, ordered=False, table=None):
        self.node, self.ordered, self.table = node, ordered, table

    def statements(self, lite=False):
        text = self.node.text(lite)
        return [text] if self.table is None else [text, f"SELECT * FROM {self.table}"]

    def restore(self, schema):
        return [] if self.table is None else schema.restore(self.table)


class Case:
    """Two ways to answer a question, which must agree."""

    def __init__(self, schema, views, question, left, right, compat=True):
        self.schema, self.views, self.question, self.compat = schema, views, question, compat
        self.left, self.right = left, right  # "sqlite" or (options, disabled rules)

    def setup(self, lite=False):
        return self.schema.statements() + [f"CREATE VIEW {name} AS {node.text(lite)}"
                                           for name, node in self.views]

    def answer(self, side):
        if side == "sqlite":
            db = open_sqlite(self.setup(True))
            answer = run_sqlite(db, self.question.statements(True))
            db.close()
            return answer
        options, disabled = side
        return run_llkv(self.setup(), [self.question.statements()], [[]], options,
                        [f"SET disabled_rules = '{disabled}'"])[0]

    def differs(self):
        left = self.answer(self.left)
        if left.broken():
            return True
        if self.left == self.right:
            return False
        right = self.answer(self.right)
        if "slow" in (left.kind, right.kind):
            return False
        if "sqlite" in (self.left, self.right) and "error" in (left.kind, right.kind):
            return False
        return not left.same(right, self.question.ordered)

    def script(self):
        lines = [s + ";" for s in self.setup()] + [s + ";" for s in self.question.statements()]
        return "\n".join(lines)


def nodes_below(node):
    """Nodes nearest first."""
    queue = collections.deque(node.children())
    while queue:
        found = queue.popleft()
        yield found
        queue.extend(found.children())


def try_node(node, still, deadline):
    """One smaller form of a node that shows the difference, in place."""
    if isinstance(node, List):
        for i in range(len(node.items) - 1, -1, -1):
            if len(node.items) <= node.least or time.time() > deadline:
                break
            item = node.items.pop(i)
            if still():
                return True
            node.items.insert(i, item)
        return False
    before = node.parts, node.lite
    size = len(node.text())
    for text in node.simple:
        if len(text) < size:
            node.parts, node.lite = [text], None
            if still():
                return True
            node.parts, node.lite = before
    if node.sort in "irtbqfo":
        for found in [n for n in nodes_below(node) if n.sort == node.sort][:12]:
            if time.time() > deadline:
                break
            node.parts, node.lite = found.parts, found.lite
            if len(node.text()) < size and still():
                return True
            node.parts, node.lite = before
    return False


def shrink_rows(schema, still, deadline):
    for table in schema.tables:
        rows = table[2]
        step = max(1, len(rows) // 2)
        while step >= 1 and time.time() < deadline:
            at = 0
            while at < len(rows):
                taken = rows[at:at + step]
                del rows[at:at + step]
                if not still():
                    rows[at:at] = taken
                    at += step
            step //= 2


def shrink_list(items, still):
    for i in range(len(items) - 1, -1, -1):
        item = items.pop(i)
        if not still():
            items.insert(i, item)


def shrink(case):
    """Make the case smaller in place while it differs."""
    deadline = time.time() + SHRINK_SECONDS
    still = case.differs
    shrink_list(case.views, still)
    shrink_list(case.schema.extra, still)
    shrink_list(case.schema.tables, still)
    shrink_rows(case.schema, still, deadline)
    roots = [node for _, node in case.views] + [case.question.node]
    again = True
    while again and time.time() < deadline:
        again = False
        for root in roots:
            for node in [root] + list(nodes_below(root)):
                while time.time() < deadline and try_node(node, still, deadline):
                    again = True
    shrink_rows(case.schema, still, deadline)
    shrink_list(case.views, still)
    shrink_list(case.schema.tables, still)
    for _, declared, _ in case.schema.tables:
        for i, text in enumerate(declared):
            bare = " ".join(text.split()[:2])
            declared[i] = bare
            if not still():
                declared[i] = text


class Run:
    def __init__(self, args):
        self.args = args
        self.queries = self.bad = self.compared = 0
        self.errors = collections.Counter()
        self.examples = {}

    def note_error(self, side, answer, query, setup):
        text = answer.text.split(" at line")[0].split(" SQLSTATE")[0]
        key = f"{side}: " + " ".join(w if not any(c.isdigit() for c in w) else "#"
                                     for w in text.split())
        self.errors[key] += 1
        if key not in self.examples or len(query) < len(self.examples[key][0]):
            self.examples[key] = query, setup, answer.text

    def report(self, seed, case):
        self.bad += 1
        size = len(case.question.node.text())
        if not case.differs():
            print(f"-- seed {seed}: a difference that does not repeat: {case.left} {case.right}")
            print(case.script(), flush=True)
            return
        shrink(case)
        print(f"-- seed {seed}: {case.left} differs from {case.right} ({size} characters before)")
        print("\n".join(s + ";" for s in settings(case.compat, "")[:1]))
        print(case.script())
        print(f"-- {case.left}: {case.answer(case.left).show(case.question.ordered)}")
        print(f"-- {case.right}: {case.answer(case.right).show(case.question.ordered)}", flush=True)

    @staticmethod
    def without_refused(schema, views):
        """Views that LLKV or SQLite does not take are left out everywhere."""
        kept = []
        for name, node in views:
            case = Case(schema, kept + [(name, node)], Question(Node("q", f"SELECT 1 FROM {name} WHERE 1 = 0")),
                        None, None)
            if "error" in (case.answer("sqlite").kind, case.answer(([], "")).kind):
                schema.sources = [s for s in schema.sources if s[0] != name]
            else:
                kept.append((name, node))
        return kept

    def round(self, seed):
        rng = random.Random(seed)
        schema = Schema(rng, large=seed % 10 == 9)
        generator = Generator(rng, schema)
        compat = seed % 6 != 5  # in turns LLKV's own dialect, compared with itself only
        views = []
        for i in range(0 if schema.large else rng.choice([0, 0, 1, 2])):
            views.append((f"v{i}", generator.view(f"v{i}")))
        views = self.without_refused(schema, views)
        generator.lateral = not compat
        questions = []
        for _ in range(self.args.count):
            sub = rng.choice([0, 1, 1, 2, 2, 3])
            if rng.random() < 0.12:
                node, table = generator.change(min(sub, 2))
                questions.append(Question(node, table=table))
            else:
                node, ordered = generator.top(min(sub, 1) if schema.large else sub)
                questions.append(Question(node, ordered))
        questions.sort(key=lambda q: q.table is not None)
        self.compare(seed, rng, schema, views, questions, compat)
        self.partition(seed, rng, schema, views, generator, compat)

    def sides(self, rng):
        base = rng.choice(SIZES)
        sides = [(base, ""), (rng.choice(SIZES), "all"), (rng.choice(SIZES), "apply_by_cost")]
        off = rng.choice(RULES)
        sides.append((base, f"apply_by_cost,{off}"))
        sides.append((base, ",".join(r for r in RULES if rng.random() < 0.5)))
        return sides

    def compare(self, seed, rng, schema, views, questions, compat):
        sides = self.sides(rng)
        case = Case(schema, views, questions[0], None, None)
        setup = case.setup()
        answers = []
        for options, disabled in sides:
            asked = [q.statements() if not any(a[i].kind == "slow" for a in answers) else ["SELECT 0"]
                     for i, q in enumerate(questions)]
            found = run_llkv(setup, asked, [q.restore(schema) for q in questions], options,
                             settings(compat, disabled))
            answers.append([a if text != ["SELECT 0"] else Answer("slow")
                            for a, text in zip(found, asked)])
        db = open_sqlite(case.setup(True)) if compat and not self.args.no_oracle else None
        bad_before = self.bad
        for i, question in enumerate(questions):
            self.queries += 1
            first = answers[0][i]
            wrong = [(sides[0], sides[0])] if first.broken() else []
            for side, answer in zip(sides[1:], answers[1:]):
                if answer[i].broken():
                    wrong.append((side, side))
                elif "slow" not in (first.kind, answer[i].kind) and \
                        not first.same(answer[i], question.ordered):
                    wrong.append((sides[0], side))
            lite = run_sqlite(db, question.statements(True)) if db else Answer("slow")
            if db and question.table:
                restore_sqlite(db, question.restore(schema))
            if lite.kind == "rows" and first.kind == "rows":
                self.compared += 1
                if not lite.same(first, question.ordered):
                    wrong.append(("sqlite", sides[0]))
            if lite.kind == "error":
                self.note_error("sqlite", lite, question.statements(True)[0], setup)
            if first.kind == "error":
                self.note_error("llkv" if lite.kind == "rows" else "both", first,
                                question.statements()[0], setup)
            elif first.kind == "slow":
                self.note_error("llkv", Answer("error", text="slow" if lite.kind == "rows" else "slow, both"),
                                question.statements()[0], setup)
            if wrong and self.bad - bad_before < 3:
                import copy
                left, right = wrong[0]
                self.report(seed, copy.deepcopy(Case(schema, views, question, left, right, compat)))
        if db:
            db.close()

    def partition(self, seed, rng, schema, views, generator, compat):
        """Every row satisfies p, NOT p, or p IS NULL; and counting is filtering."""
        setup = Case(schema, views, None, None, None).setup()
        made, queries = [], []
        for _ in range(self.args.count // 8):
            items, source, p = (n.text() for n in generator.parts(1 if schema.large else 2))
            body = f"SELECT {items} FROM {source}"
            made.append((body, p))
            queries += [[body], [f"{body} WHERE {p}"], [f"{body} WHERE NOT {p}"],
                        [f"{body} WHERE {p} IS NULL"],
                        [f"SELECT count(*) FROM {source} WHERE {p}"],
                        [f"SELECT coalesce(sum(CASE WHEN {p} THEN 1 ELSE 0 END), 0) FROM {source}"]]
        answers = run_llkv(setup, queries, [[]] * len(queries), rng.choice(SIZES), settings(compat, ""))
        for i, (body, p) in enumerate(made):
            self.queries += 6
            whole, yes, no, unknown, count, total = answers[6 * i:6 * i + 6]
            if any(a.kind != "rows" for a in answers[6 * i:6 * i + 6]):
                continue
            wrong = None
            if sorted(whole.rows) != sorted(yes.rows + no.rows + unknown.rows):
                wrong = f"{len(whole.rows)} rows, but parts of {len(yes.rows)}, {len(no.rows)}, {len(unknown.rows)}"
            if not count.rows == total.rows == [(str(len(yes.rows)),)]:
                wrong = f"counted {count.rows}, summed {total.rows}, filtered {len(yes.rows)}"
            if wrong:
                self.bad += 1
                print(f"-- seed {seed}: {wrong}")
                print("\n".join(s + ";" for s in setup))
                print(f"{body} WHERE {p};", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=60, help="queries of a round")
    parser.add_argument("--errors", action="store_true", help="show the errors met")
    parser.add_argument("--no-oracle", action="store_true", help="without SQLite")
    parser.add_argument("--verbose", action="store_true", help="time of each round")
    parser.add_argument("--stop-after", type=int, default=20, help="differences")
    args = parser.parse_args()
    args.no_oracle = args.no_oracle or sqlite3.sqlite_version_info < (3, 39)
    run = Run(args)
    for seed in range(args.seed, args.seed + args.rounds):
        start = time.time()
        run.round(seed)
        if args.verbose:
            print(f"-- seed {seed}: {time.time() - start:.1f} s", file=sys.stderr, flush=True)
        if run.bad >= args.stop_after:
            break
    if args.errors:
        for key, count in run.errors.most_common():
            query, _, text = run.examples[key]
            print(f"{count:6} {key}\n         {query[:600]}\n         {text}")
    print(f"seeds from {args.seed}: {run.queries} queries, {run.compared} compared with SQLite, "
          f"{sum(run.errors.values())} errors, {run.bad} differences")
    return 1 if run.bad else 0


if __name__ == "__main__":
    sys.exit(main())
