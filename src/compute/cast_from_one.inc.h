/* One stanza of cast_from.inc.h. */
#include F_TEMPLATE
#undef F_ID
#undef F_TYPE
#undef F_UTYPE
#undef F_SIGNED
#undef F_BITS
#undef F_FLOAT
