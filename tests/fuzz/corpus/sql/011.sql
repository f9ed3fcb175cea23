INSERT INTO t VALUES (10, 'ten', 1, 2), (11, NULL, NULL, NULL); UPDATE t SET b = b || '!', a = a + 100 WHERE a > 2; DELETE FROM t WHERE a IN (SELECT x FROM u); SELECT count(*) FROM t
