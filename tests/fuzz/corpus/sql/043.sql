SELECT count(*) FROM t a, t b, t c WHERE a.a = b.a AND b.a = c.a AND (a.c = 1 OR b.c = 2 AND c.d > 0)
