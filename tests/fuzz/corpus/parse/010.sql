SELECT * FROM (a JOIN (b JOIN c ON p) ON q) AS j(x, y), ((SELECT 1) UNION SELECT 2) k
