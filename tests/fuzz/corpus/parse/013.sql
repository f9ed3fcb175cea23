SELECT * FROM 'file.csv', t INDEXED BY i, u NOT INDEXED, memory.main.v
