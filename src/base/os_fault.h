/* os_fault.h -- mapped files whose pages cannot be read.
 *
 * A page of a mapped file that is behind its end by now (somebody cut it), or that the medium does
 * not give back, is not an error of a call but the signal SIGBUS, which ends the process. For a
 * guarded range a handler puts a page of zeros there instead and counts; who has read from mapped
 * files compares the count before and after, and takes a difference for LLKV_IO.
 *
 * The handler is installed with the first guard. Signals that are not about guarded ranges go to
 * whoever handled them before. Threads: any. */
#ifndef BASE_OS_FAULT_H
#define BASE_OS_FAULT_H
#include <stdint.h>

#include <stdbool.h>

/* False: there are too many guarded ranges. */
bool os_fault_guard(const void *data, uint64_t bytes);
/* Before the range is unmapped. One that is not guarded is allowed. */
void os_fault_unguard(const void *data);
/* Pages of guarded ranges that could not be read so far. */
uint64_t os_fault_count(void);
#endif
