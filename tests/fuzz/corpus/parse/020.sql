PIVOT (SELECT * FROM t) ON a || b
