CREATE VIEW vv AS SELECT v.a, u.* FROM v JOIN u ON v.a = u.x; SELECT * FROM vv; DROP VIEW vv
