/* Ends a stanza of each_int.inc.h and its like. */
#undef K_FN
#undef K_ID
#undef K_PHYS
#undef K_TYPE
#undef K_UTYPE
#undef K_BITS
#undef K_WIDE
