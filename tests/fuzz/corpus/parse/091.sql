EXECUTE p(1, b := 'x')
