/* program.h -- an expression compiled to straight-line code over registers, run strip by strip.
 *
 * A program is immutable and shared by workers; each worker has registers of its own. Input columns
 * are positions in the batch. Lazy arms (CASE, COALESCE, AND/OR operands that can raise) are
 * programs of their own, run on the rows that need them only. An error is raised for live rows
 * only, for the first in batch order. */
#ifndef EXPR_PROGRAM_H
#define EXPR_PROGRAM_H
#include "expr/expr.h"

struct program;
struct registers;

struct program_options {
    /* Where a column lies in the batches the program will see; `layout[i]` is the IU of column i.
     */
    const iu_id *layout;
    uint32_t layout_count;
    bool sqlite_compat;
};

/* Compile into cx->arena. */
NODISCARD llkv_code program_compile(struct cx *cx, const struct expr *e,
                                    const struct program_options *options,
                                    const struct program **out_program);
struct type program_type(const struct program *program);
bool program_nullable(const struct program *program);

/* Registers for batches of at most `rows_max` rows, from cx->arena; parameters are bound here:
 * `params` has one value per parameter number and must outlive the registers. Parameters may be
 * changed in place between runs if registers_rebind is called. */
NODISCARD llkv_code registers_new(struct cx *cx, const struct program *program,
                                  const struct value *params, uint32_t rows_max,
                                  struct registers **out_registers);
NODISCARD llkv_code registers_rebind(struct cx *cx, struct registers *registers);

/* Evaluate for the live rows of `in`. The result is dense: in->live rows, FLAT or CONST (or the
 * input column itself, any shape, if the program is a bare column and nothing is selected away). It
 * lies in the registers, valid until the next run. */
NODISCARD llkv_code program_run(struct cx *cx, const struct program *program,
                                struct registers *registers, const struct batch *in,
                                struct vector *out);
/* Keep the live rows for which the program is true: narrows io->sel and io->live. `sel` has room
 * for VEC_ROWS_MAX + 64 positions and becomes io->sel (unless all rows stay); it may be io->sel's
 * own storage. */
NODISCARD llkv_code program_select(struct cx *cx, const struct program *program,
                                   struct registers *registers, struct batch *io, uint16_t *sel);
#endif
