/* Includes K_TEMPLATE once per signed type up to 64 bits with K_ID, K_PHYS, K_TYPE, K_UTYPE,
 * K_BITS and K_WIDE (twice as wide; not for 64) set. The template undefines these; K_TEMPLATE
 * stays. */
#define K_ID i8
#define K_PHYS PHYS_I8
#define K_TYPE int8_t
#define K_UTYPE uint8_t
#define K_BITS 8
#define K_WIDE int16_t
#include K_TEMPLATE
#define K_ID i16
#define K_PHYS PHYS_I16
#define K_TYPE int16_t
#define K_UTYPE uint16_t
#define K_BITS 16
#define K_WIDE int32_t
#include K_TEMPLATE
#define K_ID i32
#define K_PHYS PHYS_I32
#define K_TYPE int32_t
#define K_UTYPE uint32_t
#define K_BITS 32
#define K_WIDE int64_t
#include K_TEMPLATE
#ifndef K_UP_TO_32
#define K_ID i64
#define K_PHYS PHYS_I64
#define K_TYPE int64_t
#define K_UTYPE uint64_t
#define K_BITS 64
#include K_TEMPLATE
#endif
