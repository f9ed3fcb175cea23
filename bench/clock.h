/* clock.h -- time, and what processors did meanwhile, in nanoseconds.
 *
 * Owns:    nothing.
 * Threads: any. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H
#include <stdint.h>

uint64_t clock_ns(void);
/* Processor time of this process, all its threads. */
uint64_t clock_own_cpu_ns(void);
/* What all processors together have worked since the start; 0 if the system does not tell. */
uint64_t clock_machine_cpu_ns(void);
#endif
