SELECT range, range * 2 FROM range(5) r JOIN generate_series(1, 10, 2) g ON true
