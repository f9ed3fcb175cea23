/* compute/decimal_to.inc.h -- template: the decimal casts from the type F_... to every other. */
#define D_ID i8
#include "compute/decimal_pair.inc.h"
#define D_ID i16
#include "compute/decimal_pair.inc.h"
#define D_ID i32
#include "compute/decimal_pair.inc.h"
#define D_ID i64
#include "compute/decimal_pair.inc.h"
#define D_ID i128
#include "compute/decimal_pair.inc.h"
#define D_ID u8
#include "compute/decimal_pair.inc.h"
#define D_ID u16
#include "compute/decimal_pair.inc.h"
#define D_ID u32
#include "compute/decimal_pair.inc.h"
#define D_ID u64
#include "compute/decimal_pair.inc.h"
#define D_ID u128
#include "compute/decimal_pair.inc.h"
#if !F_FLOAT
#define D_ID f32
#define D_TO_REAL cast_to_f32
#include "compute/decimal_pair.inc.h"
#define D_ID f64
#define D_TO_REAL cast_to_f64
#include "compute/decimal_pair.inc.h"
#endif
