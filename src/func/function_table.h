/* function_table.h -- the table behind function.h, sorted by name. */
#ifndef FUNC_FUNCTION_TABLE_H
#define FUNC_FUNCTION_TABLE_H
#include "func/function.h"

extern const struct function function_table[];
extern const uint32_t function_table_count;
#endif
