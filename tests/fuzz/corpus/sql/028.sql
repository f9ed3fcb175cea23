SET default_null_order = 'nulls_first'; SELECT b FROM t ORDER BY b; RESET default_null_order; SHOW default_null_order
