/* compute/min_max_int.inc.h -- template: min_max.inc.h for an integer type. */
#define K_ORD K_TYPE
#define K_KEY(x) (x)
#define K_UNKEY(key) (key)
#define K_KEY_MIN ((K_TYPE)((K_TYPE)-1 < (K_TYPE)1 ? (K_UTYPE)1 << (K_BITS - 1) : 0))
#define K_KEY_MAX ((K_TYPE) ~(K_UTYPE)K_KEY_MIN)
#include "compute/min_max.inc.h"
