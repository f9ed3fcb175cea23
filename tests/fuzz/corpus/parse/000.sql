SELECT DISTINCT ON (a, b) a, t.*, * EXCLUDE (c) REPLACE (d + 1 AS d) RENAME (e AS f) FROM t
