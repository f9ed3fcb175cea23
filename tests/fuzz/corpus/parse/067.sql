CREATE OR REPLACE MACRO f(a, b INT := 2) AS a + b, (a) AS a
