SELECT x, (SELECT sum(c) FROM t WHERE t.a < u.x AND EXISTS (SELECT 1 FROM k WHERE k.s > u.x + t.a)) FROM u LATERAL
