SELECT string_agg(y, ',' ORDER BY z), bool_and(w), bit_or(x), stddev(x), any_value(y), first(y) FROM u
