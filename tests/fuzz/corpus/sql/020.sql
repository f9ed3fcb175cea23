SELECT i, s, f, p, v, o, m FROM k ORDER BY i
