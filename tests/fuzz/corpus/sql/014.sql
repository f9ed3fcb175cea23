UPDATE u SET y = t.b FROM t WHERE t.a = u.x
