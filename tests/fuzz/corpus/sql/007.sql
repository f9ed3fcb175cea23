SELECT a, (SELECT max(y) FROM u WHERE u.x = t.a) FROM t WHERE a NOT IN (1, 2, NULL)
