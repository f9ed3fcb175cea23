PRAGMA s.x = ON
