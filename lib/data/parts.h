#ifndef REC_PARTS_H
#define REC_PARTS_H

#include "data/number.h"
#include "io/spool.h"

/*
 * The inside of rec_number once it has spilled.  Rows are dealt to parts by hash;
 * rec_parts_number() gives each different string an id, any one of its own, and then
 * the tapes hold:
 *
 *   who          a byte for each row: its part
 *   part.rows    of each row of the part: varint length, bytes; then read and given up
 *   part.ids     of each row of the part: varint id * 2 + (1 if it is the first of its
 *                string)
 *   part.strings of each different string, in byte order, or in the order of the first
 *                rows: varint id, varint length, bytes
 *
 * The first N_SEEDS rows, all different, have their ids before: in `rows` their id is
 * in front, and in `ids` they are left out.
 */
struct rec_part {
    uint64_t n_rows, n_seeds; /* seeds are not counted as rows */
    struct rec_tape rows, ids, strings;
};

struct rec_parts {
    struct rec_spool *spool;
    unsigned level; /* how often the rows were dealt before */
    unsigned bits;  /* 2^bits parts */
    struct rec_part *part;
    struct rec_tape who;
    uint64_t n_rows, n_seeds;
};

struct rec_parts_plan {
    enum rec_number_order order;
    uint64_t share;   /* bytes for the strings of one part */
    uint64_t next_id; /* seeds have those before */
};

enum rec_status rec_parts_init(struct rec_parts *p, struct rec_spool *spool,
                               unsigned level, unsigned bits,
                               struct rec_err *err) REC_MUST_USE;
enum rec_status rec_parts_add_seed(struct rec_parts *p, uint32_t id, const void *s,
                                   size_t n, struct rec_err *err) REC_MUST_USE;
enum rec_status rec_parts_add(struct rec_parts *p, const void *s, size_t n,
                              struct rec_err *err) REC_MUST_USE;
enum rec_status rec_parts_number(struct rec_parts *p, struct rec_parts_plan *plan,
                                 struct rec_err *err) REC_MUST_USE;
void rec_parts_free(struct rec_parts *p);

/* ---- after rec_parts_number(): reading, as often as wanted ---- */

/* To the beginning of the seeds and rows; WITH_STRINGS of the strings too. */
enum rec_status rec_parts_rewind(struct rec_parts *p, bool with_strings,
                                 struct rec_err *err) REC_MUST_USE;
/* The next seed's part, or the next row's part, id and whether it is a first one. */
enum rec_status rec_parts_seed(struct rec_parts *p, struct rec_part **part,
                               struct rec_err *err) REC_MUST_USE;
enum rec_status rec_parts_row(struct rec_parts *p, struct rec_part **part, uint32_t *id,
                              bool *is_new, struct rec_err *err) REC_MUST_USE;

/* The next entry of a tape of strings; TEXT is filled anew. */
struct rec_parts_string {
    uint32_t id;
    struct rec_buf text;
};
enum rec_status rec_parts_read_string(struct rec_tape *t, struct rec_parts_string *s,
                                      struct rec_err *err) REC_MUST_USE;

/* All strings in byte order, by a heap of the parts' next ones.  { 0 } is empty. */
struct rec_merge_run {
    struct rec_tape *tape;
    uint64_t head; /* the first eight bytes, big-endian, zeros behind the end */
    struct rec_parts_string next;
};

struct rec_merge {
    struct rec_merge_run *runs, **heap;
    uint32_t n_runs, n_heap;
    bool begun;
};

enum rec_status rec_merge_begin(struct rec_merge *m, struct rec_parts *p,
                                struct rec_err *err) REC_MUST_USE;
/* The next string, the merge's own until the next call, or NULL behind the last. */
enum rec_status rec_merge_next(struct rec_merge *m, const struct rec_parts_string **s,
                               struct rec_err *err) REC_MUST_USE;
void rec_merge_free(struct rec_merge *m);

#endif
