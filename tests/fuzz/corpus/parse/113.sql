ANALYZE t (a, b)
