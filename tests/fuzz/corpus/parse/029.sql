SELECT a GLOB b, a REGEXP b, a MATCH b, a SIMILAR TO b ESCAPE '!', a ~ b, a !~* b, a ~~~ b, a @> b, a <@ b, a && b, a ^@ b
