EXPLAIN SELECT t.b, count(*) FROM t JOIN u ON t.a = u.x GROUP BY t.b ORDER BY 2
