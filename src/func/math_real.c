#include <math.h>
#include <time.h>

#include "base/hash.h"
#include "func/func_impl.h"

/* Functions of reals. Outside of a function's domain: an error, NULL under sqlite_compat. */

typedef double real_fn(double x);

static void map(struct func_call *call, real_fn *fn)
{
    double *out = call->out;
    for (uint32_t i = 0; i < call->n; i++)
        out[i] = fn(arg_f64(call, 0, i));
}

#define REAL_MAP(name, fn)                                                                         \
    llkv_code func_##name(struct func_call *call)                                                  \
    {                                                                                              \
        map(call, fn);                                                                             \
        return LLKV_OK;                                                                            \
    }
REAL_MAP(exp, exp)
REAL_MAP(sin, sin)
REAL_MAP(cos, cos)
REAL_MAP(tan, tan)
REAL_MAP(atan, atan)
REAL_MAP(sinh, sinh)
REAL_MAP(cosh, cosh)
REAL_MAP(tanh, tanh)
REAL_MAP(asinh, asinh)

static double to_degrees(double x)
{
    return x * (180.0 / 3.14159265358979323846);
}

static double to_radians(double x)
{
    return x * (3.14159265358979323846 / 180.0);
}

static double cotangent(double x)
{
    return 1.0 / tan(x);
}

/* The library's root may be off by one digit; a step of Newton's makes cubes come out whole. */
static double cube_root(double x)
{
    double root = cbrt(x);
    double square = 3 * root * root;
    if (!isfinite(root) || !(square > 0)) return root;
    double better = root - (root * root * root - x) / square;
    return isfinite(better) ? better : root;
}
REAL_MAP(cbrt, cube_root)
REAL_MAP(degrees, to_degrees)
REAL_MAP(radians, to_radians)
REAL_MAP(cot, cotangent)

/* ---- with a domain ---- */

struct domain {
    bool (*outside)(double x);
    const char *sqlstate, *message;
};

static llkv_code map_domain(struct func_call *call, real_fn *fn, const struct domain *domain)
{
    double *out = call->out;
    for (uint32_t i = 0; i < call->n; i++) {
        double x = arg_f64(call, 0, i);
        out[i] = fn(x);
        if (LIKELY(!domain->outside(x)) || !call_live(call, i)) continue;
        if (!call->sqlite_compat)
            return cx_fail_at(call->cx, LLKV_DATA, call->at, domain->sqlstate, "%s",
                              domain->message);
        call_null(call, i);
    }
    return LLKV_OK;
}

static bool is_negative(double x)
{
    return x < 0;
}
static bool is_not_positive(double x)
{
    return x <= 0;
}
static bool is_beyond_one(double x)
{
    return x < -1 || x > 1;
}
static bool is_below_one(double x)
{
    return x < 1;
}

static const struct domain root_domain = {is_negative, "2201F",
                                          "the square root of a negative number"};
static const struct domain log_domain = {is_not_positive, "2201E",
                                         "the logarithm of a number that is not positive"};
static const struct domain arc_domain = {is_beyond_one, "22003",
                                         "the argument must be between -1 and 1"};
static const struct domain acosh_domain = {is_below_one, "22003",
                                           "the argument must be at least 1"};

#define REAL_DOMAIN(name, fn, domain)                                                              \
    llkv_code func_##name(struct func_call *call)                                                  \
    {                                                                                              \
        return map_domain(call, fn, &(domain));                                                    \
    }
REAL_DOMAIN(sqrt, sqrt, root_domain)
REAL_DOMAIN(ln, log, log_domain)
REAL_DOMAIN(log10, log10, log_domain)
REAL_DOMAIN(log2, log2, log_domain)
REAL_DOMAIN(asin, asin, arc_domain)
REAL_DOMAIN(acos, acos, arc_domain)
REAL_DOMAIN(atanh, atanh, arc_domain)
REAL_DOMAIN(acosh, acosh, acosh_domain)

/* ---- of two ---- */

llkv_code func_pow(struct func_call *call)
{
    double *out = call->out;
    for (uint32_t i = 0; i < call->n; i++)
        out[i] = pow(arg_f64(call, 0, i), arg_f64(call, 1, i));
    return LLKV_OK;
}

llkv_code func_atan2(struct func_call *call)
{
    double *out = call->out;
    for (uint32_t i = 0; i < call->n; i++)
        out[i] = atan2(arg_f64(call, 0, i), arg_f64(call, 1, i));
    return LLKV_OK;
}

/* log(base, x) */
llkv_code func_log_base(struct func_call *call)
{
    double *out = call->out;
    for (uint32_t i = 0; i < call->n; i++) {
        double base = arg_f64(call, 0, i);
        double x = arg_f64(call, 1, i);
        out[i] = log(x) / log(base);
        bool bad = base <= 0 || x <= 0 || (base >= 1 && base <= 1);
        if (LIKELY(!bad) || !call_live(call, i)) continue;
        if (!call->sqlite_compat)
            return cx_fail_at(call->cx, LLKV_DATA, call->at, "2201E", "%s", log_domain.message);
        call_null(call, i);
    }
    return LLKV_OK;
}

llkv_code func_mod_real(struct func_call *call)
{
    double *out = call->out;
    for (uint32_t i = 0; i < call->n; i++) {
        double divisor = arg_f64(call, 1, i);
        out[i] = fmod(arg_f64(call, 0, i), divisor);
        if (call->sqlite_compat && !(divisor < 0 || divisor > 0)) call_null(call, i);
    }
    return LLKV_OK;
}

/* ---- tests, constants, random numbers ---- */

llkv_code func_isnan(struct func_call *call)
{
    for (uint32_t i = 0; i < call->n; i++)
        call_set_bool(call, i, isnan(arg_f64(call, 0, i)) != 0);
    return LLKV_OK;
}

llkv_code func_isinf(struct func_call *call)
{
    for (uint32_t i = 0; i < call->n; i++)
        call_set_bool(call, i, isinf(arg_f64(call, 0, i)) != 0);
    return LLKV_OK;
}

llkv_code func_isfinite(struct func_call *call)
{
    for (uint32_t i = 0; i < call->n; i++)
        call_set_bool(call, i, isfinite(arg_f64(call, 0, i)) != 0);
    return LLKV_OK;
}

llkv_code func_pi(struct func_call *call)
{
    for (uint32_t i = 0; i < call->n; i++)
        call_set_f64(call, i, 3.14159265358979323846);
    return LLKV_OK;
}

/* Seeded per call from the clock and from where the result goes; a counter hashed from there on. */
llkv_code func_random(struct func_call *call)
{
    struct timespec now = {0};
    (void)timespec_get(&now, TIME_UTC);
    uint64_t state = hash_mix((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec,
                              (uint64_t)(uintptr_t)call->out);
    for (uint32_t i = 0; i < call->n; i++) {
        state += UINT64_C(0x9e3779b97f4a7c15);
        call_set_f64(call, i, (double)(hash_u64(state) >> 11) * 0x1p-53);
    }
    return LLKV_OK;
}
