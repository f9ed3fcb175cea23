/* value_print.h -- a value as text in an error message. */
#ifndef TABLE_VALUE_PRINT_H
#define TABLE_VALUE_PRINT_H
#include "arrow/vector.h"

enum { VALUE_PRINT_BYTES = 100 };
/* NUL-terminated; long texts are cut. Returns the length. */
size_t value_print(const struct value *value, char out[VALUE_PRINT_BYTES]);
#endif
