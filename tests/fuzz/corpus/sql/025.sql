SELECT ?, ?2, $3, :name, ? + 1
