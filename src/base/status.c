#include "llkv/status.h"

const char *llkv_code_text(llkv_code code)
{
    switch (code) {
#define X(name, text, adbc, sqlstate)                                                              \
    case LLKV_##name: return text;
        LLKV_STATUS_LIST(X)
#undef X
    }
    return "unknown code";
}

const char *llkv_code_sqlstate(llkv_code code)
{
    switch (code) {
#define X(name, text, adbc, sqlstate)                                                              \
    case LLKV_##name: return sqlstate;
        LLKV_STATUS_LIST(X)
#undef X
    }
    return "XX000";
}

int llkv_code_adbc(llkv_code code)
{
    switch (code) {
#define X(name, text, adbc, sqlstate)                                                              \
    case LLKV_##name: return adbc;
        LLKV_STATUS_LIST(X)
#undef X
    }
    return 9; /* ADBC_STATUS_INTERNAL */
}
