SELECT * FROM t PIVOT (sum(a) AS s, max(b) FOR y IN (2000, 2010 AS z) m IN ('x') GROUP BY g) AS p(q)
