SELECT ?, ?3, $4, :name, @name, $other, #1, DEFAULT
