#ifndef REC_ENCODE_H
#define REC_ENCODE_H

#include "data/dict.h"
#include "io/writer.h"

/*
 * From `raw` to numbers: dictionaries `users` and `items` (row number -> id) and the
 * table `ratings` (user u32, item u32, and the other columns of `raw` as they are),
 * rows in the same order.
 */
enum rec_order {
    REC_ORDER_SORTED, /* by bytes, as scikit-learn's LabelEncoder */
    REC_ORDER_FIRST   /* by first sight */
};

/*
 * All is kept in memory, if the limit on it (base/mem.h) allows; else from some block
 * on in temporary files, see spill.h, and what is written is the same.  { 0 } is empty.
 */
struct rec_encoder {
    struct rec_dict users, items;
    struct rec_table ratings; /* once spilled, its columns without rows */
    struct rec_spill *spill;  /* NULL: all is in memory */
};

/* Takes the next rows of `raw`; its signature is rec_block_fn's, CTX the encoder. */
enum rec_status rec_encode_block(void *ctx, const struct rec_table *raw,
                                 struct rec_err *err);

/*
 * After the last block, while all is in memory: renumbers the ratings and makes the
 * dictionaries' sections.
 */
enum rec_status rec_encode_finish(struct rec_encoder *e, enum rec_order order,
                                  struct rec_table *users, struct rec_table *items,
                                  struct rec_err *err) REC_MUST_USE;

/* What was encoded, and bytes in temporary files. */
struct rec_encoded {
    uint64_t ratings, users, items, spilled;
};

/* After the last block: writes the three sections, made BY this tool. */
enum rec_status rec_encode_write(struct rec_encoder *e, enum rec_order order,
                                 const char *by, struct rec_writer *w,
                                 struct rec_encoded *out,
                                 struct rec_err *err) REC_MUST_USE;

void rec_encoder_free(struct rec_encoder *e);

#endif
