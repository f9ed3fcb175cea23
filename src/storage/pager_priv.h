/* pager_priv.h -- how the pagers of this folder report an error to a caller outside. */
#ifndef STORAGE_PAGER_PRIV_H
#define STORAGE_PAGER_PRIV_H
#include "base/compiler.h"
#include "llkv/pager.h"

/* Fill in `error`, which may be NULL; returns `code`. */
llkv_code pager_fail(llkv_error *error, llkv_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
#endif
