SELECT t.a, u.y FROM t LEFT JOIN u ON t.a = u.x AND u.w WHERE u.y IS NOT NULL
