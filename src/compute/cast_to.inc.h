/* Includes compute/cast.inc.h once per numeric type to cast to, from the type F_... of
 * cast_from.inc.h. */
#define T_ID i8
#define T_TYPE int8_t
#define T_UTYPE uint8_t
#define T_SIGNED 1
#define T_BITS 8
#define T_FLOAT 0
#include "compute/cast.inc.h"
#define T_ID i16
#define T_TYPE int16_t
#define T_UTYPE uint16_t
#define T_SIGNED 1
#define T_BITS 16
#define T_FLOAT 0
#include "compute/cast.inc.h"
#define T_ID i32
#define T_TYPE int32_t
#define T_UTYPE uint32_t
#define T_SIGNED 1
#define T_BITS 32
#define T_FLOAT 0
#include "compute/cast.inc.h"
#define T_ID i64
#define T_TYPE int64_t
#define T_UTYPE uint64_t
#define T_SIGNED 1
#define T_BITS 64
#define T_FLOAT 0
#include "compute/cast.inc.h"
#define T_ID i128
#define T_TYPE i128
#define T_UTYPE u128
#define T_SIGNED 1
#define T_BITS 128
#define T_FLOAT 0
#include "compute/cast.inc.h"
#define T_ID u8
#define T_TYPE uint8_t
#define T_UTYPE uint8_t
#define T_SIGNED 0
#define T_BITS 8
#define T_FLOAT 0
#include "compute/cast.inc.h"
#define T_ID u16
#define T_TYPE uint16_t
#define T_UTYPE uint16_t
#define T_SIGNED 0
#define T_BITS 16
#define T_FLOAT 0
#include "compute/cast.inc.h"
#define T_ID u32
#define T_TYPE uint32_t
#define T_UTYPE uint32_t
#define T_SIGNED 0
#define T_BITS 32
#define T_FLOAT 0
#include "compute/cast.inc.h"
#define T_ID u64
#define T_TYPE uint64_t
#define T_UTYPE uint64_t
#define T_SIGNED 0
#define T_BITS 64
#define T_FLOAT 0
#include "compute/cast.inc.h"
#define T_ID u128
#define T_TYPE u128
#define T_UTYPE u128
#define T_SIGNED 0
#define T_BITS 128
#define T_FLOAT 0
#include "compute/cast.inc.h"
#define T_ID f32
#define T_TYPE float
#define T_UTYPE float
#define T_SIGNED 1
#define T_BITS 32
#define T_FLOAT 1
#include "compute/cast.inc.h"
#define T_ID f64
#define T_TYPE double
#define T_UTYPE double
#define T_SIGNED 1
#define T_BITS 64
#define T_FLOAT 1
#include "compute/cast.inc.h"
