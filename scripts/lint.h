/* lint.h -- what clang's analyzer cannot see from one file: a failure that was recorded is never
 * LLKV_OK. scripts/lint.sh includes it in front of the files of src/. */
#ifndef LINT_H
#define LINT_H
#include "base/cx.h"

#define cx_fail(cx, code, ...) ((void)cx_fail(cx, code, __VA_ARGS__), (llkv_code)(code))
#define cx_fail_at(cx, code, ...) ((void)cx_fail_at(cx, code, __VA_ARGS__), (llkv_code)(code))
#define cx_while(cx, code, ...) ((void)cx_while(cx, code, __VA_ARGS__), (llkv_code)(code))
#define cx_place(cx, code, offset) ((void)cx_place(cx, code, offset), (llkv_code)(code))
#define cx_hint(...) ((void)cx_hint(__VA_ARGS__), LLKV_INTERNAL)
#define cx_nomem(cx) ((void)cx_nomem(cx), LLKV_NOMEM)
#endif
