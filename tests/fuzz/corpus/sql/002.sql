SELECT y, count(*), sum(x), avg(x), min(z), max(w), count(DISTINCT x) FILTER (WHERE w) FROM u GROUP BY y HAVING count(*) > 1 ORDER BY 2
