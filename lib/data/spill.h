#ifndef REC_SPILL_H
#define REC_SPILL_H

#include "data/encode.h"
#include "data/number.h"
#include "io/spool.h"

/*
 * What rec_encode_block() keeps when memory is not enough: ids go to rec_number, the
 * columns of `ratings` to tapes.  Those of users and items hold only the numbers that
 * were given before it was begun.
 */
struct rec_spill {
    struct rec_number *ids[2]; /* users, items */
    struct rec_spool *spool;
    struct rec_tape cols[REC_MAX_COLUMNS];
    uint64_t n_coded; /* rows with a number on the tape */
    uint64_t n_rows;
};

/*
 * Takes what E holds: its dictionaries and the rows of its ratings are emptied, the
 * ratings' columns stay.  BUDGET bytes are there for the ids.
 */
enum rec_status rec_spill_begin(struct rec_encoder *e, uint64_t budget,
                                struct rec_spill **out,
                                struct rec_err *err) REC_MUST_USE;
enum rec_status rec_spill_block(struct rec_spill *s, const struct rec_table *raw,
                                struct rec_err *err) REC_MUST_USE;

/* RATINGS gives the columns. */
enum rec_status rec_spill_write(struct rec_spill *s, const struct rec_table *ratings,
                                enum rec_order order, struct rec_writer *w,
                                struct rec_err *err) REC_MUST_USE;
uint64_t rec_spill_bytes(const struct rec_spill *s);
void rec_spill_free(struct rec_spill *s);

#endif
