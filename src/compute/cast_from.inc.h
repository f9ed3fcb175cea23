/* Includes F_TEMPLATE once per numeric type with F_ID, F_TYPE, F_UTYPE, F_SIGNED, F_BITS and
 * F_FLOAT set, and clears them. */
#define F_ID i8
#define F_TYPE int8_t
#define F_UTYPE uint8_t
#define F_SIGNED 1
#define F_BITS 8
#define F_FLOAT 0
#include "compute/cast_from_one.inc.h"
#define F_ID i16
#define F_TYPE int16_t
#define F_UTYPE uint16_t
#define F_SIGNED 1
#define F_BITS 16
#define F_FLOAT 0
#include "compute/cast_from_one.inc.h"
#define F_ID i32
#define F_TYPE int32_t
#define F_UTYPE uint32_t
#define F_SIGNED 1
#define F_BITS 32
#define F_FLOAT 0
#include "compute/cast_from_one.inc.h"
#define F_ID i64
#define F_TYPE int64_t
#define F_UTYPE uint64_t
#define F_SIGNED 1
#define F_BITS 64
#define F_FLOAT 0
#include "compute/cast_from_one.inc.h"
#define F_ID i128
#define F_TYPE i128
#define F_UTYPE u128
#define F_SIGNED 1
#define F_BITS 128
#define F_FLOAT 0
#include "compute/cast_from_one.inc.h"
#define F_ID u8
#define F_TYPE uint8_t
#define F_UTYPE uint8_t
#define F_SIGNED 0
#define F_BITS 8
#define F_FLOAT 0
#include "compute/cast_from_one.inc.h"
#define F_ID u16
#define F_TYPE uint16_t
#define F_UTYPE uint16_t
#define F_SIGNED 0
#define F_BITS 16
#define F_FLOAT 0
#include "compute/cast_from_one.inc.h"
#define F_ID u32
#define F_TYPE uint32_t
#define F_UTYPE uint32_t
#define F_SIGNED 0
#define F_BITS 32
#define F_FLOAT 0
#include "compute/cast_from_one.inc.h"
#define F_ID u64
#define F_TYPE uint64_t
#define F_UTYPE uint64_t
#define F_SIGNED 0
#define F_BITS 64
#define F_FLOAT 0
#include "compute/cast_from_one.inc.h"
#define F_ID u128
#define F_TYPE u128
#define F_UTYPE u128
#define F_SIGNED 0
#define F_BITS 128
#define F_FLOAT 0
#include "compute/cast_from_one.inc.h"
#define F_ID f32
#define F_TYPE float
#define F_UTYPE float
#define F_SIGNED 1
#define F_BITS 32
#define F_FLOAT 1
#include "compute/cast_from_one.inc.h"
#define F_ID f64
#define F_TYPE double
#define F_UTYPE double
#define F_SIGNED 1
#define F_BITS 64
#define F_FLOAT 1
#include "compute/cast_from_one.inc.h"
