SELECT date, time, timestamp, interval, lambda, window, over, filter, nulls, at, array, map, row, first, values FROM date
