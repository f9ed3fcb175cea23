SELECT i + 1, i * 2, -i, abs(i), s % -1, s / 0, f * 1e38, p + v, p - p, m + v, length(o) FROM k
