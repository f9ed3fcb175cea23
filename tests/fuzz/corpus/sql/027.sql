SET sqlite_compat = true; SELECT a, b + 1, '12abc' + 1, 5 / 2, 5 % 0, [a] FROM t GROUP BY a
