SELECT (a).b.c, f(x).y, (a.b).g(1, 2), a.f(2).h(), t.s[1].u, ROW(1), ROW(), (1, 2), list_transform(l, lambda x, i: x + i)
