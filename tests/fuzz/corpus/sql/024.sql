SELECT upper(b), lower(b), substr(b, 2, 3), replace(b, 'o', '0'), trim(b), lpad(b, 10, '*'), instr(b, 'e'), length(b), round(d, 1), coalesce(c, 0), nullif(a, 2), greatest(a, 3), hex(o) FROM t, k
