SELECT [1, 2, 3][1:2], a[:n], a[1:], a[1:-:2], a[lo : hi : st], ARRAY[1], [], {'a': 1, b: [2]}, MAP {'k': 'v', 1 + 1: 2}, MAP {}
