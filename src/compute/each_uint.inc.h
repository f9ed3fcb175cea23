/* As each_int.inc.h, for unsigned types. */
#define K_ID u8
#define K_PHYS PHYS_U8
#define K_TYPE uint8_t
#define K_UTYPE uint8_t
#define K_BITS 8
#define K_WIDE uint16_t
#include K_TEMPLATE
#define K_ID u16
#define K_PHYS PHYS_U16
#define K_TYPE uint16_t
#define K_UTYPE uint16_t
#define K_BITS 16
#define K_WIDE uint32_t
#include K_TEMPLATE
#define K_ID u32
#define K_PHYS PHYS_U32
#define K_TYPE uint32_t
#define K_UTYPE uint32_t
#define K_BITS 32
#define K_WIDE uint64_t
#include K_TEMPLATE
#ifndef K_UP_TO_32
#define K_ID u64
#define K_PHYS PHYS_U64
#define K_TYPE uint64_t
#define K_UTYPE uint64_t
#define K_BITS 64
#include K_TEMPLATE
#endif
