CALL f(1, a => 2)
