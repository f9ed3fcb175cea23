"""Random SQL, as trees that can be made smaller.

A Node knows its text in LLKV's dialect and, where that differs, in SQLite's (which has no ANY, no
EXCEPT ALL, no parentheses around the arms of set operations). Every Node has a sort: what may stand
in its place. So a query shrinks by putting a part of a Node, or a constant, in the place of the
Node; whether the smaller query still means something, running it tells.

Sorts: i r t b are expressions (integer, real, text, condition), q a query, f an item of FROM, o a
clause that may go, l a list.
"""

SMALLEST = {"i": ["1", "NULL"], "r": ["0.5"], "t": ["'a'"], "b": ["(1 = 1)", "(1 = 0)"], "o": [""],
            "q": [], "f": [], "l": [], "w": []}
TEXTS = ["a", "b", "ab", "B", "abc", ""]
COLUMNS = [("k", "i"), ("a", "i"), ("b", "i"), ("r", "r"), ("s", "t")]
TYPES = {"i": "INTEGER", "r": "REAL", "t": "TEXT"}


class Node:
    """Text and Nodes in a row; `lite` instead of `parts` for SQLite."""

    __slots__ = ("sort", "parts", "lite", "simple")

    def __init__(self, sort, parts, lite=None, simple=None):
        self.sort = sort
        self.parts = parts if isinstance(parts, list) else [parts]
        self.lite = lite
        self.simple = SMALLEST[sort] if simple is None else simple

    def text(self, lite=False):
        parts = self.lite if lite and self.lite is not None else self.parts
        return "".join(p if isinstance(p, str) else p.text(lite) for p in parts)

    def children(self):
        return [p for p in self.parts if isinstance(p, Node)]


class List(Node):
    """Nodes with something between them; members can be taken out."""

    __slots__ = ("items", "between", "least")

    def __init__(self, items, between=", ", least=1):
        super().__init__("l", [])
        self.items = items
        self.between = between
        self.least = least

    def text(self, lite=False):
        return self.between.join(item.text(lite) for item in self.items)

    def children(self):
        return list(self.items)


class Scope:
    """What an expression may name: frames from the inside out, each a list of (alias, columns),
    where columns are (name, sort). `grouped` is the frame that aggregates work on, then frames[0]
    holds the grouped columns and `keys` the grouped expressions."""

    def __init__(self, frames, grouped=None, keys=()):
        self.frames = frames
        self.grouped = grouped
        self.keys = list(keys)


def has_aggregate(node):
    """Outside of subqueries."""
    names = ("count(", "sum(", "min(", "max(", "avg(", "total(")
    return node.sort != "q" and (
        isinstance(node.parts[0] if node.parts else None, str) and node.parts[0].startswith(names)
        or any(has_aggregate(child) for child in node.children()))


def nameable(frames):
    """The frames without names that stand alone: below, they could mean something else."""
    return [[(alias, columns) for alias, columns in frame if alias] for frame in frames]


class Schema:
    """Tables with NULLs and duplicates, indexes, views and changes."""

    def __init__(self, rng, large):
        self.rng = rng
        self.large = large
        self.tables = []  # (name, column declarations, rows)
        self.extra = []   # statements behind the rows
        for i in range(rng.randint(2, 4)):
            self.tables.append(self.make_table(f"t{i}"))
        for name, _, _ in self.tables:
            self.make_extra(name)
        self.sources = [(name, COLUMNS) for name, _, _ in self.tables]

    def make_table(self, name):
        rng = self.rng
        key = rng.choice(["", "", " PRIMARY KEY", " UNIQUE", " NOT NULL"])
        rest = [rng.choice(["", "", "", " NOT NULL"]) for _ in COLUMNS[1:]]
        if self.large:
            count, top = rng.choice([0, 3, 40, 150, 300]), rng.choice([20, 60])
        else:
            count, top = rng.choice([0, 1, 2, 3, 4, 5, 6]), rng.choice([1, 2, 3, 5])
        rows = [[self.value(j, i, top, (key, *rest)[j]) for j in range(len(COLUMNS))]
                for i in range(count)]
        declared = [f"{n} {TYPES[t]}{c}" for (n, t), c in zip(COLUMNS, (key, *rest))]
        return name, declared, rows

    def value(self, column, row, top, constraint):
        rng = self.rng
        if constraint in (" PRIMARY KEY", " UNIQUE"):
            return "NULL" if constraint == " UNIQUE" and rng.random() < 0.1 else str(row)
        if constraint == "" and rng.random() < 0.25:
            return "NULL"
        sort = COLUMNS[column][1]
        if sort == "i":
            return str(rng.randint(-1, top))
        if sort == "r":
            return str(rng.randint(-4, 4 * top) / 4)
        return f"'{rng.choice(TEXTS)}'"

    def make_extra(self, name):
        rng = self.rng
        if rng.random() < 0.3:
            columns = ", ".join(rng.sample(["k", "a", "b", "s"], rng.randint(1, 2)))
            self.extra.append(f"CREATE INDEX {name}_i ON {name}({columns})")
        if rng.random() < 0.15:
            self.extra.append(f"DELETE FROM {name} WHERE a = {rng.randint(0, 3)}")
        if rng.random() < 0.15:
            self.extra.append(f"UPDATE {name} SET b = a, r = r + 1 WHERE b = {rng.randint(0, 3)}")
        if rng.random() < 0.1:
            self.extra.append(f"INSERT INTO {name} SELECT k + 1000, a, b, r, s FROM {name} "
                              f"WHERE k > {rng.randint(0, 5)}")

    def statements(self):
        out = []
        for name, declared, rows in self.tables:
            out.append(f"CREATE TABLE {name} ({', '.join(declared)})")
            out += self.inserts(name, rows)
        return out + self.extra

    @staticmethod
    def inserts(name, rows):
        out = []
        for at in range(0, len(rows), 50):
            values = ", ".join(f"({', '.join(row)})" for row in rows[at:at + 50])
            out.append(f"INSERT INTO {name} VALUES {values}")
        return out

    def restore(self, name):
        """What puts back the rows of a table."""
        rows = next(rows for table, _, rows in self.tables if table == name)
        return [f"DELETE FROM {name}"] + self.inserts(name, rows) + [
            s for s in self.extra if not s.startswith("CREATE") and s.split(" WHERE")[0].find(name) > 0]


class Generator:
    def __init__(self, rng, schema):
        self.rng = rng
        self.schema = schema
        self.last = 0
        self.common = []  # (name, columns) of WITH
        self.lateral = False  # what SQLite has not
        self.around = []      # the grouped frames of the queries around, or None
        self.joins_max = 1 if schema.large else 4

    def alias(self):
        self.last += 1
        return f"x{self.last}"

    def chance(self, p):
        return self.rng.random() < p

    # Expressions

    def columns(self, sort, scope):
        """Texts of the columns of a sort, from the nearest frame that has some, mostly."""
        found = []
        for frame in scope.frames:
            here = [f"{alias}.{name}" if alias else name
                    for alias, columns in frame for name, s in columns if s == sort]
            if here:
                found.append(here)
        return found

    def column(self, sort, scope):
        found = self.columns(sort, scope)
        if scope.keys and self.chance(0.4):
            keys = [key for s, key in scope.keys if s == sort]
            if keys:
                return Node(sort, self.rng.choice(keys))
        if not found:
            return self.constant(sort)
        at = 0
        while at + 1 < len(found) and self.chance(0.35):
            at += 1
        return Node(sort, self.rng.choice(found[at]))

    def constant(self, sort):
        rng = self.rng
        if self.chance(0.04):
            return Node(sort, "NULL")
        if sort == "i":
            return Node(sort, str(rng.choice([-1, 0, 0, 1, 1, 2, 2, 3, 4])))
        if sort == "r":
            return Node(sort, str(rng.randint(-2, 8) / 4))
        return Node(sort, f"'{rng.choice(TEXTS)}'")

    def leaf(self, sort, scope):
        if sort == "b":
            return self.compare(scope, 0, 0)
        if scope.grouped and self.chance(0.5):
            return self.aggregate(sort, scope, 0)
        return self.column(sort, scope) if self.chance(0.75) else self.constant(sort)

    def expression(self, sort, scope, depth, sub):
        """An expression; `sub` is how deep subqueries may still nest."""
        if depth <= 0 and sort != "b":
            return self.leaf(sort, scope)
        if sort == "b":
            return self.condition(scope, depth, sub)
        pick = self.rng.random()
        if pick < 0.3:
            return self.leaf(sort, scope)
        if sub > 0 and pick < 0.5:
            return self.scalar_query(sort, scope, sub)
        if pick < 0.62:
            return self.conditional(sort, scope, depth, sub)
        make = {"i": self.integer, "r": self.real, "t": self.string}[sort]
        return make(scope, depth - 1, sub)

    def conditional(self, sort, scope, depth, sub):
        def one(s=sort):
            return self.expression(s, scope, depth - 1, sub)
        pick = self.rng.random()
        if pick < 0.3:
            return Node(sort, ["coalesce(", one(), ", ", one(), ")"])
        if pick < 0.45:
            return Node(sort, ["nullif(", one(), ", ", one(), ")"])
        if pick < 0.6:
            base = self.rng.choice("irt")
            return Node(sort, ["CASE ", one(base), " WHEN ", one(base), " THEN ", one(), " WHEN ",
                               one(base), " THEN ", one(), Node("o", [" ELSE ", one()]), " END"])
        return Node(sort, ["CASE WHEN ", one("b"), " THEN ", one(),
                           Node("o", [" WHEN ", one("b"), " THEN ", one()]),
                           Node("o", [" ELSE ", one()]), " END"])

    def integer(self, scope, depth, sub):
        rng = self.rng

        def one(s="i"):
            return self.expression(s, scope, depth, sub)
        pick = rng.random()
        if pick < 0.45:
            return Node("i", ["(", one(), f" {rng.choice('+-+-*')} ", one(), ")"])
        if pick < 0.55:
            return Node("i", ["(", one(), f" {rng.choice('/%')} ", one(), ")"])
        if pick < 0.65:
            return Node("i", ["(- ", one(), ")"])
        if pick < 0.75:
            return Node("i", ["abs(", one(), ")"])
        if pick < 0.85:
            return Node("i", ["length(", one("t"), ")"])
        if pick < 0.92:
            return Node("i", ["CAST(", one("r"), " AS INTEGER)"])
        return Node("i", ["CASE WHEN ", one("b"), " THEN 1 ELSE 0 END"])

    def real(self, scope, depth, sub):
        rng = self.rng

        def one(s="r"):
            return self.expression(s, scope, depth, sub)
        pick = rng.random()
        if pick < 0.4:
            return Node("r", ["(", one(), f" {rng.choice('+-')} ", one(), ")"])
        if pick < 0.5:
            return Node("r", ["(", one(), " * ", self.constant("r"), ")"])
        if pick < 0.7:
            return Node("r", ["(", one("i"), f" {rng.choice('+-')} ", one(), ")"])
        if pick < 0.8:
            return Node("r", ["CAST(", one("i"), " AS REAL)"])
        if pick < 0.9:
            return Node("r", ["abs(", one(), ")"])
        return Node("r", ["(- ", one(), ")"])

    def string(self, scope, depth, sub):
        def one(s="t"):
            return self.expression(s, scope, depth, sub)
        pick = self.rng.random()
        if pick < 0.35:
            return Node("t", ["(", one(), " || ", one(), ")"])
        if pick < 0.6:
            return Node("t", ["substr(", one(), f", {self.rng.randint(1, 2)}, ",
                              f"{self.rng.randint(0, 2)})"])
        if pick < 0.75:
            return Node("t", [f"{self.rng.choice(['upper', 'lower'])}(", one(), ")"])
        return Node("t", ["CAST(", one("i"), " AS TEXT)"])

    def aggregate(self, sort, scope, sub):
        """Over the rows of a group. Its argument names at least one column of them."""
        rng = self.rng
        inner = Scope([scope.grouped] + scope.frames[1:])
        if self.around and self.around[-1] and self.chance(0.06):
            around, self.around = self.around[-1], []
            value = self.aggregate(sort, Scope([[]], around), 0)  # of the query around
            self.around = [around]
            return value

        def argument(s):
            found = [f"{alias}.{name}" if alias else name for alias, columns in scope.grouped
                     for name, t in columns if t == s]
            if not found:
                return None
            node = Node(s, rng.choice(found), simple=[])
            if s in "ir" and self.chance(0.25):
                node = Node(s, ["(", node, f" {rng.choice('+-')} ", self.leaf(s, inner), ")"],
                            simple=[])
            elif self.chance(0.1):
                node = Node(s, ["CASE WHEN ", self.condition(inner, 0, 0), " THEN ", node, " END"],
                            simple=[])
            return node
        names = {"i": ["count", "sum", "min", "max", "count", "*"], "t": ["min", "max"],
                 "r": ["sum", "min", "max", "avg", "total"]}[sort]
        name = rng.choice(names)
        filtered = Node("o", "")
        if self.chance(0.12):
            where = self.condition(inner, 0, sub if self.chance(0.15) else 0)
            filtered = Node("o", [" FILTER (WHERE ", where, ")"])
        if name == "*":
            # A condition on outer columns alone would make it an aggregate of the outer query.
            mine = argument(rng.choice("irt"))
            if filtered.parts != [""] and mine is not None:
                filtered = Node("o", [" FILTER (WHERE coalesce(", mine, ", NULL) IS NOT NULL AND ", where, ")"])
            return Node(sort, ["count(*)", filtered if mine is not None else ""])
        over = sort
        if name == "count":
            over = rng.choice("irt")
        elif sort == "r" and name in ("avg", "total"):
            over = rng.choice("ir")
        value = argument(over)
        if value is None:
            return Node(sort, ["count(*)"]) if sort == "i" else self.constant(sort)
        distinct = Node("o", "DISTINCT " if self.chance(0.2) else "")
        return Node(sort, [f"{name}(", distinct, value, ")", filtered])

    # Conditions

    def operator(self):
        return self.rng.choice(["=", "=", "=", "<", ">", "<=", ">=", "<>"])

    def compare(self, scope, depth, sub):
        sort = self.rng.choice("iiirt")
        right = sort
        if sort == "i" and self.chance(0.15):
            right = "r"
        return Node("b", ["(", self.expression(sort, scope, depth, sub), f" {self.operator()} ",
                          self.expression(right, scope, depth, sub), ")"])

    def condition(self, scope, depth, sub):
        pick = self.rng.random()
        if depth > 0 and pick < 0.25:
            word = self.rng.choice([" AND ", " OR ", " OR "])
            arms = [self.condition(scope, depth - 1, sub) for _ in range(self.rng.randint(2, 3))]
            return Node("b", ["(", List(arms, word), ")"])
        if depth > 0 and pick < 0.33:
            return Node("b", ["(NOT ", self.condition(scope, depth - 1, sub), ")"])
        if depth > 0 and pick < 0.37:
            return self.common_arms(scope, depth)
        if sub > 0 and pick < 0.65:
            return self.query_condition(scope, depth, sub)
        if pick < 0.85:
            return self.compare(scope, depth - 1, sub)
        return self.test(scope, depth - 1, sub)

    def common_arms(self, scope, depth):
        common = self.compare(scope, 0, 0).text()
        return Node("b", ["((", Node("b", common), " AND ", self.compare(scope, 0, 0), ") OR (",
                          Node("b", common), " AND ", self.condition(scope, depth - 1, 0), "))"])

    def test(self, scope, depth, sub):
        rng = self.rng
        sort = rng.choice("iirt")
        negated = rng.choice(["", "NOT "])

        def one(s=sort, d=depth):
            return self.expression(s, scope, d, sub)
        pick = rng.random()
        if pick < 0.3:
            return Node("b", ["(", one(), f" IS {negated}NULL)"])
        if pick < 0.55:
            items = List([self.constant(sort) if self.chance(0.7) else one(d=0)
                          for _ in range(rng.randint(1, 4))])
            return Node("b", ["(", one(), f" {negated}IN (", items, "))"])
        if pick < 0.7:
            return Node("b", ["(", one(), f" {negated}BETWEEN ", one(), " AND ", one(), ")"])
        if pick < 0.78:
            pattern = rng.choice(["a%", "%b", "_", "%", "a_c", ""])
            return Node("b", ["(", one("t"), f" {negated}LIKE '{pattern}')"])
        if pick < 0.88:
            return Node("b", ["(", one(), f" IS {negated}DISTINCT FROM ", one(), ")"])
        if pick < 0.94:
            return Node("b", ["(", one("b"), f" IS {negated}{rng.choice(['TRUE', 'FALSE'])})"])
        return Node("b", ["((", one("i"), ", ", one(), f") {self.operator()} (", one("i"), ", ",
                          one(), "))"])

    def query_condition(self, scope, depth, sub):
        before, self.around = self.around, [scope.grouped]
        node = self.query_condition_inside(scope, depth, sub)
        self.around = before
        return node

    def query_condition_inside(self, scope, depth, sub):
        rng = self.rng
        negated = rng.choice(["", "NOT "])
        pick = rng.random()
        if pick < 0.35:
            sorts = [rng.choice("irt") for _ in range(rng.randint(1, 2))]
            return Node("b", [f"({negated}EXISTS (", self.query(sorts, nameable(scope.frames), sub - 1), "))"])
        sort = rng.choice("iirt")
        scope = Scope(scope.frames, None, scope.keys)  # no aggregate: SQLite's ANY has its own
        value = self.expression(sort, scope, 0 if self.chance(0.7) else depth - 1, 0)
        if pick < 0.7:
            return Node("b", ["(", value, f" {negated}IN (",
                              self.query([sort], nameable(scope.frames), sub - 1), "))"])
        if pick < 0.78:
            other = self.expression("i", scope, 0, 0)
            return Node("b", ["((", value, ", ", other, f") {negated}IN (",
                              self.query([sort, "i"], nameable(scope.frames), sub - 1), "))"])
        query = self.query([sort], nameable(scope.frames), sub - 1)
        return self.quantified(value, query)

    def quantified(self, value, query):
        operator = self.operator()
        every = self.chance(0.4)
        name = self.alias()
        found, empty = ("0", "1") if every else ("1", "0")
        end = "min" if every else "max"
        test = [value, f" {operator} {name}.c1"]
        lite = (["(SELECT CASE WHEN count(*) = 0 THEN ", empty, f" WHEN {end}("] + test +
                [f") = {found} THEN {found} WHEN count(*) > count("] + test +
                [f") THEN NULL ELSE {empty} END FROM (", query, f") AS {name})"])
        return Node("b", ["(", value, f" {operator} {'ALL' if every else 'ANY'} (", query, "))"],
                    lite)

    # Queries

    def scalar_query(self, sort, scope, sub):
        """At most one row: an aggregate, or the first of a total order."""
        before, self.around = self.around, [scope.grouped]
        node = self.scalar_query_inside(sort, scope, sub)
        self.around = before
        return node

    def scalar_query_inside(self, sort, scope, sub):
        frames = nameable(scope.frames)
        if self.chance(0.75):
            return Node(sort, ["(", self.one_group(sort, frames, sub - 1), ")"])
        return Node(sort, ["(", self.query([sort], frames, sub - 1, limit=1), ")"])

    def one_group(self, sort, outer, sub):
        source, frame = self.source(outer, sub)
        inside = Scope([[]] + outer, frame)
        value = self.aggregate(sort, inside, sub)
        if self.chance(0.4):
            value = self.expression(sort, inside, 1, sub)
        if not has_aggregate(value):
            self.around = []
            value = self.aggregate(sort, inside, 0)
        having = Node("o", "")
        if self.chance(0.15):
            # SQLite wants an aggregate in the query for HAVING: there is one.
            having = Node("o", [" HAVING ", self.condition(inside, 1, sub)])
        return Node("q", ["SELECT ", value, " AS c1 FROM ", source, self.where(frame, outer, sub),
                          having])

    def where(self, frame, outer, sub):
        if self.chance(0.25):
            return Node("o", "")
        scope = Scope([frame] + outer)
        arms = []
        for _ in range(self.rng.choice([1, 1, 2, 3])):
            if outer and any(outer) and self.chance(0.4):
                arms.append(self.link(frame, outer))
            else:
                arms.append(self.condition(scope, self.rng.choice([0, 1, 2]), sub))
        return Node("o", [" WHERE ", List(arms, " AND ")])

    def link(self, frame, outer):
        """A comparison of an inner with an outer column."""
        sort = self.rng.choice("iiirt")
        left, right = self.column(sort, Scope([frame])), self.column(sort, Scope(outer))
        if self.chance(0.5):
            left, right = right, left
        operator = "=" if self.chance(0.7) else self.operator()
        return Node("b", ["(", left, f" {operator} ", right, ")"])

    def query(self, sorts, outer, sub, limit=None):
        """A query of columns c1, c2 ... of these sorts."""
        pick = self.rng.random()
        if pick < 0.04:
            body = self.values(sorts, outer)
        elif pick < 0.18:
            body = self.set_operation(sorts, outer, sub)
        elif pick < 0.42:
            body = self.grouped(sorts, outer, sub)
        elif pick < 0.5:
            body = self.using(sorts, outer, sub)
        else:
            body = self.plain(sorts, outer, sub)
        if limit is not None or self.chance(0.1):
            order = [Node("l", f"{i + 1}{self.rng.choice(['', ' DESC'])}")
                     for i in range(len(sorts))]
            count = limit if limit is not None else self.rng.randint(0, 4)
            offset = Node("o", f" OFFSET {self.rng.randint(0, 2)}" if self.chance(0.3) else "")
            body = Node("q", [body, " ORDER BY ", ", ".join(n.text() for n in order),
                              f" LIMIT {count}", offset])
        if sub > 0 and self.chance(0.05):
            body = self.with_common(sorts, outer, sub, limit)
        return body

    def with_common(self, sorts, outer, sub, limit):
        """WITH before a query that may read it twice."""
        inside = [self.rng.choice("irt") for _ in range(2)] + ["i"]
        definition = self.query(inside, [], sub - 1)
        name = f"w{self.alias()}"
        columns = [(f"c{i + 1}", s) for i, s in enumerate(inside)]
        self.common.append((name, columns))
        body = self.query(sorts, outer, sub - 1, limit)
        self.common.pop()
        if body.text().startswith("WITH"):
            body = Node("q", ["SELECT * FROM (", body, f") AS {self.alias()}"])
        return Node("q", [Node("o", [f"WITH {name} AS (", definition, ") "]), body])

    def values(self, sorts, outer):
        """VALUES; in SQLite, whose column names are not found in subqueries, SELECTs."""
        scope = Scope(outer)
        names = ", ".join(f"column{i + 1} AS c{i + 1}" for i in range(len(sorts)))
        parts, lite = [f"SELECT {names} FROM (VALUES "], []
        for r in range(self.rng.randint(1, 3)):
            parts.append(", (" if r > 0 else "(")
            lite.append(" UNION ALL SELECT " if r > 0 else "SELECT ")
            for i, sort in enumerate(sorts):
                value = self.expression(sort, scope, 1, 0)
                parts += [", " if i > 0 else "", value]
                lite += [", " if i > 0 else "", value, f" AS c{i + 1}"]
            parts.append(")")
        alias = self.alias()
        return Node("q", parts + [f") AS {alias}"],
                    ["SELECT * FROM ("] + lite + [f") AS {alias}"])

    def select_list(self, sorts, scope, sub):
        depth = self.rng.choice([0, 1, 1, 2])
        items = [Node("l", [self.expression(s, scope, depth, sub), f" AS c{i + 1}"])
                 for i, s in enumerate(sorts)]
        return List(items)

    def plain(self, sorts, outer, sub):
        source, frame = self.source(outer, sub)
        scope = Scope([frame] + outer)
        distinct = Node("o", "DISTINCT " if self.chance(0.12) else "")
        return Node("q", ["SELECT ", distinct, self.select_list(sorts, scope, sub), " FROM ", source,
                          self.where(frame, outer, sub)])

    def grouped(self, sorts, outer, sub):
        source, frame = self.source(outer, sub)
        scope = Scope([frame])
        plain, keys, texts = [], [], []
        for _ in range(self.rng.choice([0, 1, 1, 1, 2, 2, 3])):
            sort = self.rng.choice("iirt")
            found = [(a, n) for a, columns in frame for n, s in columns if s == sort]
            if not found:
                continue
            alias, name = self.rng.choice(found)
            text = f"{alias}.{name}" if alias else name
            if sort == "i" and self.chance(0.25):
                key = f"({text} + {self.column('i', scope).text()})"
                keys.append((sort, key))
                texts.append(Node("l", key))
            else:
                plain.append((alias, [(name, sort)]))
                texts.append(Node("l", text))
        inside = Scope([plain] + outer, frame, keys)
        where = self.where(frame, outer, sub)
        having = Node("o", "")
        items = self.select_list(sorts, inside, sub)
        if not texts:
            sort = sorts[0]
            self.around = []
            items.items[0] = Node("l", [self.aggregate(sort, inside, 0), " AS c1"])
            if not has_aggregate(items.items[0]):
                return self.plain(sorts, outer, sub)
            return Node("q", ["SELECT ", items, " FROM ", source, where])
        if self.chance(0.3):
            having = Node("o", [" HAVING ", self.condition(inside, 1, sub)])
        distinct = Node("o", "DISTINCT " if self.chance(0.06) else "")
        return Node("q", ["SELECT ", distinct, items, " FROM ", source, where, " GROUP BY ",
                          List(texts), having])

    def using(self, sorts, outer, sub):
        """Joins by USING or NATURAL, where a bare name means both columns."""
        rng = self.rng
        names = rng.sample(["k", "a", "b"], rng.randint(1, 2))
        sources = [rng.choice(self.schema.tables)[0] for _ in range(rng.choice([2, 2, 3]))]
        aliases = [self.alias() for _ in sources]
        merged = (None, [(n, "i") for n in names])
        frame = [merged, merged]
        frame += [(alias, COLUMNS) for alias in aliases]
        parts = [f"{sources[0]} AS {aliases[0]}"]
        for source, alias in zip(sources[1:], aliases[1:]):
            kind = rng.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "LEFT JOIN"])
            parts.append(f" {kind} {source} AS {alias} USING ({', '.join(names)})")
        scope = Scope([frame] + outer)
        source = Node("f", parts)
        return Node("q", ["SELECT ", self.select_list(sorts, scope, sub), " FROM ", source,
                          self.where(frame, outer, sub)])

    def set_operation(self, sorts, outer, sub):
        rng = self.rng
        kind = rng.choice(["UNION ALL", "UNION ALL", "UNION", "UNION", "EXCEPT", "INTERSECT",
                           "EXCEPT ALL", "INTERSECT ALL"])
        arms = [self.query(sorts, outer, sub - 1) for _ in range(2)]
        names = [self.alias() for _ in range(2)]
        columns = ", ".join(f"c{i + 1}" for i in range(len(sorts)))
        if kind.endswith("ALL") and kind != "UNION ALL":
            def numbered(arm, name):
                return [f"SELECT {columns}, row_number() OVER (PARTITION BY {columns}) AS n FROM (",
                        arm, f") AS {name}"]
            lite = ([f"SELECT {columns} FROM ("] + numbered(arms[0], names[0]) +
                    [f" {kind[:-4]} "] + numbered(arms[1], names[1]) + [f") AS {self.alias()}"])
        else:
            lite = ["SELECT * FROM (", arms[0], f") AS {names[0]} {kind} SELECT * FROM (", arms[1],
                    f") AS {names[1]}"]
        plain = Node("q", ["(", arms[0], f") {kind} (", arms[1], ")"], lite)
        name = self.alias()
        # In SQLite an ORDER BY could not follow otherwise.
        return Node("q", [f"SELECT {columns} FROM (", plain, f") AS {name}"]) \
            if self.chance(0.3) else plain

    # FROM

    def relation(self, outer, sub):
        """One item: (Node, columns, alias)."""
        rng = self.rng
        alias = self.alias()
        if self.common and self.chance(0.6):
            name, columns = rng.choice(self.common)
            return Node("f", f"{name} AS {alias}"), columns, alias
        if sub > 0 and self.chance(0.15):
            sorts = [rng.choice("irt") for _ in range(rng.randint(1, 2))] + ["i"]
            query = self.query(sorts, outer, sub - 1)
            columns = [(f"c{i + 1}", s) for i, s in enumerate(sorts)]
            return Node("f", ["(", query, f") AS {alias}"]), columns, alias
        name, columns = rng.choice(self.schema.sources)
        return Node("f", f"{name} AS {alias}"), columns, alias

    def source(self, outer, sub):
        """(Node, frame)"""
        rng = self.rng
        first, columns, alias = self.relation(outer, sub)
        frame = [(alias, columns)]
        tree, reach = first, list(frame)
        count = min(rng.choice([0, 0, 0, 1, 1, 1, 2, 2, 3]), self.joins_max)
        for _ in range(count):
            if self.lateral and sub > 0 and self.chance(0.3):
                tree, added = self.lateral_item(tree, frame, outer, sub)
                reach = [added] if ", LATERAL" in tree.parts else reach + [added]
                frame.append(added)
                continue
            more, columns, alias = self.relation(outer, sub)
            added = (alias, columns)
            pick = 1.0 if self.schema.large else rng.random()
            if pick < 0.22:
                tree = Node("f", [tree, ", ", more])
                reach = [added]
            elif pick < 0.28:
                tree = Node("f", [tree, " CROSS JOIN ", more])
                reach = reach + [added]
            else:
                kinds = ["JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN"]
                if len(reach) == len(frame):
                    kinds += ["RIGHT JOIN", "FULL JOIN"]
                on = self.on(reach, added, outer, sub)
                tree = Node("f", [tree, f" {rng.choice(kinds)} ", more, " ON ", on])
                reach = reach + [added]
            frame.append(added)
        return tree, frame

    def lateral_item(self, tree, frame, outer, sub):
        """A derived table that names those before it."""
        sorts = [self.rng.choice("irt"), "i"]
        query = self.query(sorts, [frame] + outer, sub - 1)
        alias = self.alias()
        added = (alias, [(f"c{i + 1}", s) for i, s in enumerate(sorts)])
        if self.chance(0.5):
            return Node("f", [tree, ", LATERAL", " (", query, f") AS {alias}"]), added
        kind = self.rng.choice(["JOIN", "LEFT JOIN"])
        on = self.condition(Scope([[added]] + outer), 1, 0)
        return Node("f", [tree, f" {kind} LATERAL (", query, f") AS {alias} ON ", on]), added

    def on(self, reach, added, outer, sub):
        rng = self.rng
        arms = []
        if self.chance(0.75):
            sort = rng.choice("iiiirt")
            left, right = self.column(sort, Scope([reach])), self.column(sort, Scope([[added]]))
            arms.append(Node("b", ["(", left, f" {'=' if self.chance(0.85) else self.operator()} ",
                                   right, ")"]))
        if not arms or self.chance(0.3):
            scope = Scope([reach + [added]] + outer)
            more = self.condition(scope, 1, sub if self.chance(0.3) else 0)
            # SQLite loses padded rows where the condition of a FULL JOIN is a constant.
            arms.append(more if "x" in more.text() else self.link([added], [reach]))
        return List(arms, " AND ")

    # Statements

    def top(self, sub):
        """(Node, ordered): a whole query, with a total order or none."""
        sorts = [self.rng.choice("iirt") for _ in range(self.rng.randint(1, 4))]
        pick = self.rng.random()
        if pick < 0.75:
            return self.query(sorts, [], sub), False
        if pick < 0.87:
            return self.ordered(sorts, sub), True
        body = self.query(sorts, [], sub)
        order = ", ".join(f"{i + 1}{self.rng.choice(['', ' DESC', ''])}" for i in range(len(sorts)))
        name = self.alias()
        columns = ", ".join(f"{name}.c{i + 1}" for i in range(len(sorts)))
        limit = Node("o", f" LIMIT {self.rng.randint(0, 9)}" if self.chance(0.5) else "")
        return Node("q", [f"SELECT {columns} FROM (", body, f") AS {name} ORDER BY {order}",
                          limit]), True

    def ordered(self, sorts, sub):
        """ORDER BY expressions, then all columns."""
        source, frame = self.source([], sub)
        scope = Scope([frame])
        first = [self.rng.choice("irt") for _ in range(self.rng.randint(1, 2))]
        keys = [Node("l", ["nullif(", self.expression(s, scope, 1, sub), ", NULL)",
                           Node("o", self.rng.choice(["", " DESC", " ASC"]))]) for s in first]
        rest = ", ".join(str(i + 1) for i in range(len(sorts)))
        limit = Node("o", f" LIMIT {self.rng.randint(0, 9)}" if self.chance(0.5) else "")
        return Node("q", ["SELECT ", self.select_list(sorts, scope, sub), " FROM ", source,
                          self.where(frame, [], sub), " ORDER BY ", List(keys), ", " + rest, limit])

    def parts(self, sub):
        """(select, from, condition) for what must hold of any condition."""
        source, frame = self.source([], sub)
        scope = Scope([frame])
        items = self.select_list([self.rng.choice("irt") for _ in range(2)], scope, 0)
        return items, source, self.condition(scope, 2, sub)

    def view(self, name):
        sorts = [self.rng.choice("irt") for _ in range(2)] + ["i"]
        query = self.query(sorts, [], 1)
        self.schema.sources.append((name, [(f"c{i + 1}", s) for i, s in enumerate(sorts)]))
        return query

    def change(self, sub):
        """(statement, table): a change of a table."""
        rng = self.rng
        table = rng.choice(self.schema.tables)[0]
        frame = [(table, COLUMNS)]
        scope = Scope([frame])
        pick = rng.random()
        where = Node("o", [" WHERE ", self.condition(scope, rng.choice([0, 1, 2]), sub)])
        if pick < 0.3:
            return Node("w", [f"DELETE FROM {table}", where]), table
        if pick < 0.65:
            names = rng.sample(COLUMNS, rng.randint(1, 3))
            sets = List([Node("l", [f"{n} = ", self.expression(s, scope, 1, sub)])
                         for n, s in names])
            return Node("w", [f"UPDATE {table} SET ", sets, where]), table
        verb = rng.choice(["INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE", "REPLACE"])
        names = [c for c in COLUMNS if c[0] == "k" or self.chance(0.8)]
        rng.shuffle(names)
        listed = ", ".join(n for n, _ in names)
        if self.chance(0.3):
            rows = [Node("l", ["(", List([self.expression(s, Scope([]), 1, sub)
                                          for _, s in names]), ")"]) for _ in range(3)]
            return Node("w", [f"{verb} INTO {table} ({listed}) VALUES ", List(rows)]), table
        order = ", ".join(str(i + 1) for i in range(len(names)))
        query = self.plain([s for _, s in names], [], sub)
        return Node("w", [f"{verb} INTO {table} ({listed}) ", query, f" ORDER BY {order}"]), table
