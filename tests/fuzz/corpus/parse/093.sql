SET SESSION search_path = a, 'b'
