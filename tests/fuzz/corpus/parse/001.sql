SELECT * EXCLUDE c, COLUMNS(*), COLUMNS('x.*') + 1, COLUMNS(lambda c: c LIKE 'a%') FROM t
