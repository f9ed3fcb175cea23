SELECT * FROM a, LATERAL (SELECT a.x) b(y), range(3) WITH ORDINALITY r(i, n), LATERAL unnest(a.l) u, s.f(1, x => 2)
