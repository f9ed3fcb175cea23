SELECT * FROM t FULL JOIN u ON t.a = u.x, k CROSS JOIN (VALUES (1, 'a'), (2, NULL)) q(n, m)
