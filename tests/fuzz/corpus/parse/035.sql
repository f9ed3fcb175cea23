WITH x AS (SELECT 1) INSERT OR IGNORE INTO s.t AS a (b, c) SELECT * FROM x ON CONFLICT (b, lower(c)) WHERE b > 0 DO UPDATE SET b = excluded.b, (c, d) = (1, 2) WHERE a.b < 3 RETURNING *, b + 1 AS e
