/* Includes K_TEMPLATE for i128 with K_EVAL_I and for u128 with K_EVAL_U; then clears K_OP and both.
 */
#define K_ID i128
#define K_TYPE i128
#define K_UTYPE uint32_t
#define K_EVAL K_EVAL_I
#include K_TEMPLATE
#undef K_EVAL
#define K_ID u128
#define K_TYPE u128
#define K_UTYPE uint32_t
#define K_EVAL K_EVAL_U
#include K_TEMPLATE
#undef K_EVAL
#undef K_EVAL_I
#undef K_EVAL_U
#undef K_OP
