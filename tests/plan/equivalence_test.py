#!/usr/bin/env python3
"""Random queries over small random tables give the same rows whatever rules are on.

Reference: all rules off. Compared: all on, joins forced where repeated runs would be cheaper, each
rule off, each rule alone, random sets; and SQLite, where both mean the same. On a difference the
query is printed with the script that shows it, after parts that do not matter were taken away.

    equivalence_test.py [--seed N] [--rounds N] [--queries N]
"""
import argparse
import os
import random
import sqlite3
import subprocess
import sys

LLKV = os.environ.get("LLKV", "build/llkv")
RULES = """or_factor or_to_in unnest apply_by_cost init_plan mark_to_semi outer_to_inner pushdown
    equality_classes join_order hash_join filter_order prune scan_predicates key_lookup direct_group dense_join
    top_n apply_memo const_fold bool_simplify""".split()
SECONDS_MAX = 60
TOO_SLOW = []
COLUMNS = ["a", "b", "c", "d"]


class Tables:
    """A few tables with NULLs, duplicates, and sometimes no rows."""

    def __init__(self, rng):
        self.statements = []
        self.names = ["t0", "t1", "t2", "t3"]
        for name in self.names:
            key = rng.choice(["a INTEGER PRIMARY KEY", "a INTEGER NOT NULL", "a INTEGER"])
            self.statements.append(
                f"CREATE TABLE {name} ({key}, b INTEGER, c INTEGER NOT NULL, d INTEGER)")
            rows = rng.choice([0, 1, 2, 3, 5, 8, 12])
            for i in range(rows):
                a = i if "KEY" in key else rng.randint(0, 5)
                row = [a, self.value(rng), rng.randint(0, 4), self.value(rng)]
                values = ", ".join("NULL" if v is None else str(v) for v in row)
                self.statements.append(f"INSERT INTO {name} VALUES ({values})")

    @staticmethod
    def value(rng):
        return None if rng.random() < 0.25 else rng.randint(0, 5)


class Generator:
    """Queries of integer columns. A scope is a list of (alias, column names)."""

    def __init__(self, rng):
        self.rng = rng
        self.next_alias = 0

    def alias(self):
        self.next_alias += 1
        return f"r{self.next_alias}"

    def column(self, scopes):
        """A column, mostly of the innermost scope."""
        rng = self.rng
        depth = 0
        while depth + 1 < len(scopes) and rng.random() < 0.3:
            depth += 1
        scope = scopes[depth] or next((s for s in scopes if s), None)
        if not scope:
            return str(rng.randint(0, 5))
        alias, columns = rng.choice(scope)
        return f"{alias}.{rng.choice(columns)}"

    def scalar(self, scopes, depth):
        rng = self.rng
        pick = rng.random()
        if pick < 0.55:
            return self.column(scopes)
        if pick < 0.75:
            return str(rng.randint(0, 5))
        if pick < 0.82:
            return f"({self.scalar(scopes, depth)} + {self.scalar(scopes, depth)})"
        if pick < 0.87:
            return f"coalesce({self.column(scopes)}, {rng.randint(0, 5)})"
        if pick < 0.91:
            return (f"CASE WHEN {self.condition(scopes, 0)} THEN {self.column(scopes)} "
                    f"ELSE {self.scalar(scopes, 0)} END")
        return self.scalar_query(scopes, depth) if depth > 0 else self.column(scopes)

    def aggregate(self, scopes):
        rng = self.rng
        name = rng.choice(["count", "sum", "min", "max", "count", "count(*)", "count(DISTINCT"])
        if name == "count(*)":
            return name
        if name == "count(DISTINCT":
            return f"count(DISTINCT {self.column(scopes)})"
        return f"{name}({self.column(scopes)})"

    def source(self, scopes, depth):
        """(text, [(alias, columns)]) of one item of FROM."""
        rng = self.rng
        alias = self.alias()
        pick = rng.random()
        if depth > 0 and pick < 0.15:
            text, columns = self.derived(scopes, depth - 1)
            return f"({text}) AS {alias}", [(alias, columns)]
        if pick < 0.2:
            rows = ", ".join(f"({rng.randint(0, 5)}, {rng.choice(['NULL', '1', '2', '3'])})"
                             for _ in range(rng.randint(1, 3)))
            return (f"(SELECT column1 AS a, column2 AS b FROM (VALUES {rows}) AS v{alias}) "
                    f"AS {alias}", [(alias, ["a", "b"])])
        return f"t{rng.randint(0, 3)} AS {alias}", [(alias, COLUMNS)]

    def derived(self, scopes, depth):
        rng = self.rng
        pick = rng.random()
        outer = scopes[1:]
        if pick < 0.35:
            text, inner = self.source(outer, depth)
            mine = [inner] + outer
            key = self.column([inner])
            return (f"SELECT {key} AS k, {self.aggregate([inner])} AS v FROM {text}"
                    f"{self.where(mine, depth)} GROUP BY {key}{self.having([inner])}", ["k", "v"])
        if pick < 0.55:
            arms = []
            for _ in range(2):
                text, inner = self.source(outer, 0)
                mine = [inner] + outer
                arms.append(f"SELECT {self.column([inner])} AS k, {self.column([inner])} AS v "
                            f"FROM {text}{self.where(mine, 0)}")
            op = rng.choice(["UNION ALL", "UNION", "EXCEPT", "INTERSECT"])
            return f" {op} ".join(arms), ["k", "v"]
        text, inner = self.from_items(outer, depth)
        mine = [inner] + outer
        distinct = "DISTINCT " if rng.random() < 0.3 else ""
        return (f"SELECT {distinct}{self.scalar(mine, 0)} AS k, {self.column([inner])} AS v "
                f"FROM {text}{self.where(mine, depth)}", ["k", "v"])

    def having(self, scopes):
        if self.rng.random() < 0.7:
            return ""
        return f" HAVING {self.aggregate(scopes)} {self.operator()} {self.rng.randint(0, 3)}"

    def from_items(self, outer, depth):
        rng = self.rng
        scopes = [[]] + outer
        text, scope = self.source(scopes, depth)
        for _ in range(rng.choice([0, 0, 1, 1, 2, 3])):
            more, added = self.source(scopes, depth)
            both = scope + added
            pick = rng.random()
            if pick < 0.4:
                text = f"{text}, {more}" if "JOIN" not in text else f"{text} CROSS JOIN {more}"
            else:
                kind = rng.choice(["JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN",
                                   "FULL JOIN"])
                left = f"{scope[0][0]}.{rng.choice(scope[0][1])}"
                right = f"{added[0][0]}.{rng.choice(added[0][1])}"
                on = f"{left} = {right}"
                if rng.random() < 0.4:
                    on += f" AND {self.simple([both])}"
                if "," in text and "JOIN" not in text:
                    text = text.replace(", t", " CROSS JOIN t").replace(", (", " CROSS JOIN (") \
                        if "VALUES" not in text else text
                if "," in text and "JOIN" not in text:
                    continue
                text = f"{text} {kind} {more} ON {on}"
            scope = both
        return text, scope

    def operator(self):
        return self.rng.choice(["=", "=", "=", "<", ">", "<=", ">=", "<>"])

    def simple(self, scopes):
        rng = self.rng
        pick = rng.random()
        column = self.column(scopes)
        if pick < 0.35:
            return f"{column} {self.operator()} {rng.randint(0, 5)}"
        if pick < 0.7:
            return f"{column} {self.operator()} {self.column(scopes)}"
        if pick < 0.8:
            return f"{column} IS {rng.choice(['', 'NOT '])}NULL"
        if pick < 0.9:
            return f"{column} {rng.choice(['', 'NOT '])}IN ({rng.randint(0, 5)}, {rng.randint(0, 5)})"
        return f"{column} BETWEEN {rng.randint(0, 3)} AND {rng.randint(2, 5)}"

    def condition(self, scopes, depth):
        rng = self.rng
        pick = rng.random()
        if pick < 0.12:
            arms = " OR ".join(self.condition(scopes, depth - 1) for _ in range(rng.randint(2, 3)))
            return f"({arms})"
        if pick < 0.18:
            common = self.simple(scopes)
            return (f"(({common} AND {self.simple(scopes)}) OR "
                    f"({common} AND {self.condition(scopes, 0)}))")
        if pick < 0.23:
            return f"NOT ({self.condition(scopes, depth - 1)})"
        if depth > 0 and pick < 0.6:
            return self.subquery_condition(scopes, depth)
        if pick < 0.66:
            return f"{self.scalar(scopes, depth)} {self.operator()} {self.scalar(scopes, depth)}"
        return self.simple(scopes)

    def subquery_condition(self, scopes, depth):
        rng = self.rng
        pick = rng.random()
        text = self.query(scopes, depth - 1)
        negated = rng.choice(["", "NOT "])
        if pick < 0.4:
            return f"{negated}EXISTS ({text})"
        value = self.scalar(scopes, 0)
        if pick < 0.8:
            return f"{value} {negated}IN ({text})"
        return f"{value} {self.operator()} {self.scalar_query(scopes, depth)}"

    def scalar_query(self, scopes, depth):
        """At most one row, by an aggregate or a LIMIT over a total order of the value."""
        rng = self.rng
        source, inner = self.from_items(scopes, depth - 1)
        mine = [inner] + scopes
        where = self.where(mine, depth - 1)
        if rng.random() < 0.12:
            value = self.column([inner])
            return f"(SELECT {value} FROM {source}{where} ORDER BY 1 NULLS FIRST LIMIT 1)"
        value = self.aggregate([inner])
        if rng.random() < 0.3:
            value = rng.choice([f"{value} + 1", f"coalesce({value}, 3)",
                                f"{value} + {self.aggregate([inner])}"])
        return f"(SELECT {value} FROM {source}{where}{self.having([inner])})"

    def where(self, scopes, depth):
        rng = self.rng
        count = rng.choice([0, 1, 1, 2, 3])
        if count == 0:
            return ""
        return " WHERE " + " AND ".join(self.condition(scopes, depth) for _ in range(count))

    def query(self, outer, depth):
        """One column, for IN and EXISTS."""
        rng = self.rng
        text, scope = self.from_items(outer, depth)
        mine = [scope] + outer
        pick = rng.random()
        where = self.where(mine, depth)
        if pick < 0.12:
            return f"SELECT {self.aggregate([scope])} FROM {text}{where}{self.having([scope])}"
        if pick < 0.24:
            key = self.column([scope])
            return f"SELECT {key} FROM {text}{where} GROUP BY {key}{self.having([scope])}"
        distinct = "DISTINCT " if rng.random() < 0.15 else ""
        if pick < 0.3:
            more, other = self.source([[]] + outer, 0)
            op = rng.choice(["UNION ALL", "UNION", "EXCEPT", "INTERSECT"])
            return (f"SELECT {self.column([scope])} FROM {text}{where} {op} "
                    f"SELECT {self.column([other])} FROM {more}{self.where([other] and [other] + outer, 0)}")
        return f"SELECT {distinct}{self.scalar(mine, 0)} FROM {text}{where}"

    def top(self):
        rng = self.rng
        text, scope = self.from_items([], 2)
        where = self.where([scope], 2)
        pick = rng.random()
        if pick < 0.25:
            keys = [self.column([scope]) for _ in range(rng.randint(1, 2))]
            values = [self.aggregate([scope]) for _ in range(rng.randint(1, 2))]
            return (f"SELECT {', '.join(keys + values)} FROM {text}{where} "
                    f"GROUP BY {', '.join(keys)}{self.having([scope])}")
        items = [self.scalar([scope], rng.choice([0, 2])) for _ in range(rng.randint(1, 3))]
        distinct = "DISTINCT " if rng.random() < 0.15 else ""
        return f"SELECT {distinct}{', '.join(items)} FROM {text}{where}"


def run_llkv(setup, queries, disabled):
    """The rows of every query, sorted; None for an error."""
    script = [s + ";" for s in setup]
    script.append(f"SET disabled_rules = '{disabled}';")
    for i, query in enumerate(queries):
        script.append(f"SELECT 'mark{i}' AS m;")
        script.append(query + ";")
    try:
        done = subprocess.run([LLKV, "--csv", "--nullvalue", "NULL"], input="\n".join(script),
                              capture_output=True, text=True, timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return TOO_SLOW, ""
    if done.returncode < 0 or "INTERNAL" in done.stderr or "XX000" in done.stderr:
        return None, done.stderr or f"signal {-done.returncode}"
    results = []
    lines = None
    for line in done.stdout.splitlines():
        if line.startswith("mark") and lines is not None:
            lines.pop()  # the header m
            results.append(lines)
            lines = []
        elif line.startswith("mark"):
            lines = []
        elif lines is not None:
            lines.append(line)
    if lines is not None:
        results.append(lines)
    return [sorted(r[1:]) if r else None for r in results], done.stderr


def run_sqlite(setup, queries):
    db = sqlite3.connect(":memory:")
    for statement in setup:
        if not statement.startswith("SET"):
            db.execute(statement)
    results = []
    for query in queries:
        try:
            rows = db.execute(query).fetchall()
            results.append(sorted(",".join("NULL" if v is None else str(v) for v in row)
                                  for row in rows))
        except sqlite3.Error:
            results.append(None)
    return results


def configurations(rng):
    forced = "apply_by_cost"
    yield ""
    yield forced
    for rule in RULES:
        if rule != forced:
            yield f"{forced},{rule}"
    for rule in RULES:
        yield ",".join(r for r in RULES if r not in (rule, "unnest" if rule != "apply_by_cost"
                                                     else "", "pushdown"))
    for _ in range(4):
        yield ",".join(r for r in RULES if rng.random() < 0.4)


def report(seed, setup, query, disabled, expected, got):
    print(f"seed {seed}: rows differ with disabled_rules = '{disabled}'")
    print("\n".join(s + ";" for s in setup))
    print(query + ";")
    print("expected", str(expected)[:1000])
    print("got     ", str(got)[:1000])


def show_failure(seed, setup, queries, disabled):
    """The first query that ends the command or is an internal error."""
    print(f"seed {seed}: failed with disabled_rules = '{disabled}'")
    for query in queries:
        alone, errors = run_llkv(setup, [query], disabled)
        if alone is None or len(alone) != 1:
            print("\n".join(s + ";" for s in setup))
            print(query + ";")
            print(errors)
            return


def one_round(seed, count, oracle):
    rng = random.Random(seed)
    tables = Tables(rng)
    if seed % 3 == 0:
        tables.statements.insert(0, "SET sqlite_compat = true")
    generator = Generator(rng)
    queries = [generator.top() for _ in range(count)]
    reference, _ = run_llkv(tables.statements, queries, "all")
    if reference is TOO_SLOW:
        return 0, 0  # nothing but nested loops: not a question of right or wrong
    if reference is None or len(reference) != count:
        show_failure(seed, tables.statements, queries, "all")
        return 1, 0
    bad = 0
    if oracle:
        for i, rows in enumerate(run_sqlite(tables.statements, queries)):
            if rows is not None and reference[i] is not None and rows != reference[i]:
                report(seed, tables.statements, queries[i], "all", rows, reference[i])
                bad += 1
    for disabled in configurations(rng):
        results, _ = run_llkv(tables.statements, queries, disabled)
        if results is TOO_SLOW:
            continue
        if results is None or len(results) != count:
            show_failure(seed, tables.statements, queries, disabled)
            bad += 1
            continue
        for i in range(count):
            if results[i] != reference[i] and reference[i] is not None:
                report(seed, tables.statements, queries[i], disabled, reference[i], results[i])
                if results[i] is None:
                    print(run_llkv(tables.statements, [queries[i]], disabled)[1])
                bad += 1
                break
        if bad > 3:
            break
    return bad, sum(r is not None for r in reference)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--no-oracle", action="store_true")
    args = parser.parse_args()
    bad = total = 0
    oracle = not args.no_oracle and sqlite3.sqlite_version_info >= (3, 39)
    for seed in range(args.seed, args.seed + args.rounds):
        wrong, ran = one_round(seed, args.queries, oracle)
        bad += wrong
        total += ran
    print(f"{total} queries, {bad} differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
