#ifndef REC_ROWTAPE_H
#define REC_ROWTAPE_H

#include "io/spool.h"
#include "io/table.h"

/*
 * Rows of a table on a tape (io/spool.h): added once, then read from the beginning
 * block by block, as often as wanted.  { 0 } is empty.
 */
struct rec_rowtape {
    struct rec_tape tape; /* again and again: varint rows, varint bytes, payload */
    struct rec_buf payload;
    struct rec_table
        block; /* the rows that were read last; the reader may change them */
};

/* LIKE has the columns. */
void rec_rowtape_init(struct rec_rowtape *t, struct rec_spool *spool,
                      const struct rec_table *like);
enum rec_status rec_rowtape_add(struct rec_rowtape *t, const struct rec_table *rows,
                                struct rec_err *err) REC_MUST_USE;
enum rec_status rec_rowtape_rewind(struct rec_rowtape *t,
                                   struct rec_err *err) REC_MUST_USE;
/* Into t->block; no rows are the end. */
enum rec_status rec_rowtape_next(struct rec_rowtape *t,
                                 struct rec_err *err) REC_MUST_USE;
void rec_rowtape_free(struct rec_rowtape *t);

#endif
