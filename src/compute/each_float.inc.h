/* As each_int.inc.h, for floats; K_UTYPE is the unsigned integer of the same width. */
#define K_ID f32
#define K_PHYS PHYS_F32
#define K_TYPE float
#define K_UTYPE uint32_t
#define K_BITS 32
#include K_TEMPLATE
#define K_ID f64
#define K_PHYS PHYS_F64
#define K_TYPE double
#define K_UTYPE uint64_t
#define K_BITS 64
#include K_TEMPLATE
