PIVOT t ON y IN (2000, 2010), z USING sum(a), count(*) GROUP BY g
