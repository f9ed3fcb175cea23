/* program_priv.h -- the code that expressions are compiled to, and the registers it runs on.
 *
 * A program is straight-line: every instruction writes one register that no other writes. A
 * register is a constant, a parameter, an input column or a temporary; temporaries share slots of
 * one strip of rows once nobody reads them any more, but never their validity bits, because other
 * registers may point to those. A scalar register stands for one value: its data is one value
 * (BOOL: whole words, all ones or all zeros), its validity is NULL or words of zeros, so that both
 * can be read as those of a vector by whoever works on bits. */
#ifndef EXPR_PROGRAM_PRIV_H
#define EXPR_PROGRAM_PRIV_H
#include "base/vec.h"
#include "expr/expr_priv.h"
#include "expr/in_set.h"
#include "expr/program.h"
#include "func/cast.h"
#include "func/like.h"

enum opcode {
    OP_BINARY,  /* kernel(a, b), cannot fail */
    OP_CHECKED, /* kernel(a, b), flags are looked into */
    OP_DIVIDE,  /* the same, and a zero divisor gives NULL */
    OP_UNARY,   /* kernel(a), cannot fail */
    OP_UNARY_CHECKED,
    OP_UNARY_TRY, /* a flagged slot becomes NULL */
    OP_PRECISION, /* kernel(a): the digits of a DECIMAL result are counted */
    OP_CALL,      /* a function of func */
    OP_AND,
    OP_OR,
    OP_NOT,
    OP_LAZY_BOOL, /* a, then operands that run on undecided rows only */
    OP_IS_NULL,
    OP_IS_NOT_NULL,
    OP_IS_TRUE,
    OP_IS_FALSE,
    OP_DISTINCT, /* a: where the values differ; b, c: the values */
    OP_NULLIF,   /* a: the value; b: where it is to vanish */
    OP_CASE,
    OP_COALESCE,
    OP_IN,
    OP_LIKE /* a text, b pattern, c escape (REG_NONE: none) */
};

enum instr_flag {
    INSTR_SCALAR = 1, /* all operands are scalars: run once */
    INSTR_A_SCALAR = 2,
    INSTR_B_SCALAR = 4,
    INSTR_NEGATE = 8,
    INSTR_TRY = 16, /* OP_CALL: a cast that gives NULL */
};

enum { REG_NONE = UINT16_MAX, REGS_MAX = UINT16_MAX - 1 };

struct instr {
    uint8_t op, flags;
    uint8_t phys, in_phys; /* of out; of a and b */
    uint16_t out, a, b, c;
    kernel_fn *kernel;
    const void
        *detail; /* by opcode: struct call_detail, arms_detail, in_detail, like; kernel param */
    const struct expr *expr;
};

struct call_detail {
    func_eval_fn *eval;
    bool strict;
    uint32_t arg_count;
    struct type type;
    const struct type *arg_types;
    const uint16_t *args;
    const bool *scalar;
};

/* An operand: a register, or a program of its own. */
struct arm {
    bool lazy, scalar;
    uint16_t index;
};
/* OP_CASE: condition, value, condition, value, ..., [else]; OP_COALESCE: values; OP_LAZY_BOOL:
 * the lazy operands. */
struct arms_detail {
    uint32_t count;
    bool is_or;
    const struct arm *arms;
};

/* The list of an IN. A list with parameters is made anew for every binding. */
struct in_detail {
    const struct in_set *set; /* NULL: depends on parameters */
    uint32_t bound;           /* then which of the registers' sets */
};

enum reg_kind { REG_CONST, REG_PARAM, REG_INPUT, REG_TEMP };
struct reg_desc {
    uint8_t kind, phys;
    bool scalar;
    uint32_t index; /* constant, parameter, input or slot */
};

struct program_input {
    uint32_t source; /* column of the batch, or for a child: input of its parent */
    uint8_t phys;
    uint16_t reg;
};

struct program {
    struct type type;
    bool nullable, can_raise, sqlite_compat, wants_heap;
    uint16_t root;
    uint32_t strip_rows;              /* a slot holds that many */
    uint32_t gather_rows;             /* and an input buffer that many */
    uint32_t temp_width, input_width; /* bytes per row of the widest; 0: bits only */
    uint32_t reg_count, code_count, slot_count, input_count, temp_count, scalar_count;
    uint32_t child_count, bound_count, call_args_max;
    const struct reg_desc *regs;
    const struct instr *code;
    const struct program_input *inputs;
    const struct value *const *consts;
    const struct program *const *children;
    const struct expr *const *bound; /* the IN lists with parameters */
};

struct reg {
    const void *data;         /* what readers read */
    const uint64_t *validity; /* NULL: all valid */
    void *slot;               /* where the instruction writes; constants: their storage */
    uint64_t *bits;           /* room for its validity */
};

struct registers {
    const struct program *program;
    const struct value *params;
    struct arena *heap; /* of the outermost program */
    struct arena own_heap;
    struct reg *regs;
    struct vector *inputs; /* this strip's input columns, for the children */
    struct func_arg *call_args;
    uint16_t *positions; /* of the rows an arm runs on */
    struct registers **children;
    const struct in_set **bound;
    void *result; /* rows_max values */
    uint64_t *result_validity;
    uint32_t rows_max, strip_rows, gather_rows;
};

/* All zeros and all ones, for scalars that are read as words. */
extern const uint64_t program_zeros[VEC_WORDS_MAX];
extern const uint64_t program_ones[VEC_WORDS_MAX];

/* compile_ops.c and compile_lazy.c, called by compile.c ------------------------------------- */

struct memo {
    const struct expr *expr;
    uint16_t reg, next;
};
enum { MEMO_BUCKETS = 32, MEMO_END = UINT16_MAX };

struct compiler {
    struct cx *cx;
    const struct program_options *options;
    struct compiler *parent; /* of a child program */
    bool can_raise, wants_heap;
    uint32_t call_args_max, temp_count, scalar_count;
    VEC(struct instr) code;
    VEC(struct reg_desc) regs;
    VEC(uint16_t) last_use; /* per register: code index */
    VEC(struct program_input) inputs;
    VEC(uint32_t) columns; /* per input: batch column */
    VEC(const struct value *) consts;
    VEC(const struct program *) children;
    VEC(const struct expr *) bound;
    VEC(struct memo) memos;
    uint16_t buckets[MEMO_BUCKETS];
};

/* The register that holds `e`, code for it emitted if there is none yet. */
NODISCARD llkv_code compile_node(struct compiler *c, const struct expr *e, uint16_t *out_reg);
/* Append an instruction; its `out` becomes a new temporary (scalar if the flag says so). */
NODISCARD llkv_code compile_emit(struct compiler *c, struct instr instr, uint16_t *out_reg);
/* A constant register. `value` lives as long as the program. */
NODISCARD llkv_code compile_const(struct compiler *c, const struct value *value, uint16_t *out_reg);
NODISCARD llkv_code compile_null(struct compiler *c, struct type type, uint16_t *out_reg);
NODISCARD llkv_code compile_bool(struct compiler *c, bool value, uint16_t *out_reg);
/* A program of its own for an operand that runs on some rows only. */
NODISCARD llkv_code compile_child(struct compiler *c, const struct expr *e, uint16_t *out_child);
/* The instruction about to be emitted reads `reg`. */
void compile_use(struct compiler *c, uint16_t reg);
static inline bool compile_scalar(const struct compiler *c, uint16_t reg)
{
    return c->regs.items[reg].scalar;
}
NODISCARD llkv_code compile_compare(struct compiler *c, const struct expr *e, enum compare_op op,
                                    uint16_t a, uint16_t b, uint16_t *out_reg);
/* compile_ops.c: strict operators, casts, calls, IN, LIKE */
NODISCARD llkv_code compile_operator(struct compiler *c, const struct expr *e, uint16_t *out_reg);
/* compile_lazy.c: AND, OR, CASE, COALESCE */
NODISCARD llkv_code compile_lazy(struct compiler *c, const struct expr *e, uint16_t *out_reg);

/* run.c, interpret.c and lazy.c ------------------------------------------------------------- */

/* Run the code for the `n` rows that the inputs of the registers hold. */
NODISCARD llkv_code program_interpret(struct cx *cx, const struct program *program,
                                      struct registers *r, uint32_t n);
/* Rows of columns, which are indexed by the program's input sources: n of them, those at `sel`, or
 * the first ones if it is NULL. */
struct rows {
    const struct vector *columns;
    const uint16_t *sel;
    uint32_t n;
};
/* Evaluate for those rows. The result is dense, in the registers. */
NODISCARD llkv_code program_run_rows(struct cx *cx, const struct program *program,
                                     struct registers *r, struct rows rows, struct vector *out);
NODISCARD llkv_code program_lazy_bool(struct cx *cx, struct registers *r, const struct instr *in,
                                      uint32_t n);
NODISCARD llkv_code program_case(struct cx *cx, struct registers *r, const struct instr *in,
                                 uint32_t n);
NODISCARD llkv_code program_coalesce(struct cx *cx, struct registers *r, const struct instr *in,
                                     uint32_t n);
/* Words of three-valued logic; `bits` takes the validity, which is returned: NULL if all valid. */
const uint64_t *program_and(uint64_t *restrict out, uint64_t *restrict bits, const struct reg *a,
                            const struct reg *b, uint32_t n);
const uint64_t *program_or(uint64_t *restrict out, uint64_t *restrict bits, const struct reg *a,
                           const struct reg *b, uint32_t n);
#endif
