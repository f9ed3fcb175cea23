/* compute/order.inc.h -- template: a kernel_order_fn by K_ORDER(x, y). Slots may be unaligned. */
static int CONCAT(order_, K_ID)(const void *a, const void *b)
{
    K_TYPE x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return K_ORDER(x, y);
}
#include "compute/undef_type.inc.h"
