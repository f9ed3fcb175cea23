SELECT a AT LOCAL, a COLLATE s.c, 4 !, @ a, TRY(a)
