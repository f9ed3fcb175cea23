SELECT E'\n\u00e4', $$dollar$$, X'00ff', 0x1F, 1_000, 1e3, .5, "a", `b` FROM t
