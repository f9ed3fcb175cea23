SELECT a IN (), a IN t, a NOT IN s.f(1, 2), a IN [1, 2], (a, b) IN ((1, 2), (3, 4)), (a, b) IN (SELECT 1, 2), a IN ?
