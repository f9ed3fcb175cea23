SELECT a FROM t WHERE (a, b) IN (SELECT x, y FROM u) AND (a, 1) = (2, 1)
