SELECT a, sum(b) FROM t WHERE c GROUP BY ROLLUP (a, (b, c)), CUBE (d), GROUPING SETS ((a), (), ROLLUP (b)), e HAVING sum(b) > 1 AND GROUPING(a) = 0
