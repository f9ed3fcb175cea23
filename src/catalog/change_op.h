/* change_op.h -- the body of a FRAME_CATALOG op: a byte, then an object (image.h) or an id. */
#ifndef CATALOG_CHANGE_OP_H
#define CATALOG_CHANGE_OP_H

enum change_op {
    CHANGE_OP_PUT = 1, /* made, or put in the place of the one with its id */
    CHANGE_OP_DROP = 2 /* with what belongs to it */
};
#endif
