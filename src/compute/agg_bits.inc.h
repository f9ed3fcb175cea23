/* compute/agg_bits.inc.h -- template: the three aggregates of bits for the type K_TYPE. */
#define A_TYPE K_TYPE
#define A_FN(name) CONCAT4(and, K_ID, name)
#define A_ADD(s, x) bits_combine((s), (x), BITS_AND)
#include "compute/agg_each.inc.h"
#include "compute/agg_groups.inc.h"
#undef A_FN
#undef A_ADD
#define A_FN(name) CONCAT4(or, K_ID, name)
#define A_ADD(s, x) bits_combine((s), (x), BITS_OR)
#include "compute/agg_each.inc.h"
#include "compute/agg_groups.inc.h"
#undef A_FN
#undef A_ADD
#define A_FN(name) CONCAT4(xor, K_ID, name)
#define A_ADD(s, x) bits_combine((s), (x), BITS_XOR)
#include "compute/agg_each.inc.h"
#include "compute/agg_groups.inc.h"
#undef A_FN
#undef A_ADD
#undef A_TYPE
#include "compute/undef_type.inc.h"
