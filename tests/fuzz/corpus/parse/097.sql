SET a.b = ON
