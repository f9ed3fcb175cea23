COPY t (a, b) FROM 'x.csv' (FORMAT csv, HEADER, DELIMITER '|', NULL 'NA', FORCE_NOT_NULL (a, b), FORCE_QUOTE *, ESCAPE = '"', SKIP 3, columns {'a': 'INT'})
