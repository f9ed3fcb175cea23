SELECT a AS select, b AS "from", c AS 'it''s', LEFT(a, 1), RIGHT(a, 1), replace(a, b, c), if(a, b, c), "left"(a) FROM t
