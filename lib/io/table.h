#ifndef REC_TABLE_H
#define REC_TABLE_H

#include "io/column.h"

/*
 * A section of the container in memory: named columns of equal length.
 *
 * Its header in the stream is text, one line for the section and one a column:
 *
 *   @SEC ID:3  NM:ratings  KD:table  BY:rec-encode  ...
 *   @COL NM:user  TY:u32  FI:shuffle  RF:users
 *
 * Fields are split by tabs.  After BY may come any KEY:value pairs ("attributes"),
 * e.g. US:4929, the number of users.
 */
enum rec_kind {
    REC_KIND_TABLE,
    REC_KIND_DICT,   /* one str column: row number -> the user's id */
    REC_KIND_CSR,    /* edges in row order */
    REC_KIND_MATRIX, /* one f32[D] column */
    REC_KIND_PARAMS, /* key, value: two str columns */
    REC_KIND_LOG,
    REC_N_KINDS
};

enum { REC_MAX_COLUMNS = 32, REC_ATTRS_BYTES = 512 };

/* A frame ends at so many rows, or before the row that makes it larger than this; well
 * under REC_FRAME_MAX_BYTES. */
enum { REC_FRAME_ROWS = 1 << 16, REC_FRAME_TARGET_BYTES = 16 << 20 };

struct rec_table {
    char name[REC_NAME_BYTES];
    char by[REC_NAME_BYTES]; /* the tool that made it */
    enum rec_kind kind;
    char attrs[REC_ATTRS_BYTES]; /* KEY:value, tab-separated */
    uint32_t n_cols;
    struct rec_column cols[REC_MAX_COLUMNS];
    size_t n_rows;
};

extern const char *const rec_kind_names[REC_N_KINDS];

/* An empty table without columns; NAME must be a valid name. */
void rec_table_init(struct rec_table *t, const char *name, enum rec_kind kind);
/* Adds a column and returns its number; REF may be NULL.  At most REC_MAX_COLUMNS. */
uint32_t rec_table_add(struct rec_table *t, const char *name, enum rec_type type,
                       uint32_t width, enum rec_filter filter, const char *ref);
enum rec_status rec_table_reserve(struct rec_table *t, size_t n,
                                  struct rec_err *err) REC_MUST_USE;
/* Drops the rows and keeps the room. */
void rec_table_clear(struct rec_table *t);
void rec_table_free(struct rec_table *t);

/* The column of this name, or NULL. */
const struct rec_column *rec_table_find(const struct rec_table *t, const char *name);
/* The column, which must be of this type and width; REC_EFORMAT if it is not there. */
enum rec_status rec_table_column(const struct rec_table *t, const char *name,
                                 enum rec_type type, uint32_t width,
                                 const struct rec_column **out,
                                 struct rec_err *err) REC_MUST_USE;

void rec_table_set_attr(struct rec_table *t, const char *key, uint64_t value);
bool rec_table_attr(const struct rec_table *t, const char *key, uint64_t *out);

/* The header text, appended to OUT, and the way back. */
enum rec_status rec_table_write_header(const struct rec_table *t, uint32_t id,
                                       struct rec_buf *out,
                                       struct rec_err *err) REC_MUST_USE;
enum rec_status rec_table_read_header(struct rec_table *t, uint32_t *id,
                                      const char *text, size_t n,
                                      struct rec_err *err) REC_MUST_USE;

/* The fewest bits that a row of these columns takes in a frame, at least 1. */
size_t rec_table_least_bits(const struct rec_table *t);
/*
 * How many rows from FIRST on go into one frame: depends on the rows alone.  *bytes is
 * what they take there, roughly; BYTES may be NULL.
 */
size_t rec_table_frame_rows(const struct rec_table *t, size_t first, size_t *bytes);

/* Payload of a DATA frame: of each column u32 bytes, then the column's bytes. */
enum rec_status rec_table_encode(const struct rec_table *t, size_t first, size_t n,
                                 struct rec_buf *out, struct rec_err *err) REC_MUST_USE;
/*
 * Into rows FIRST .. of T, which has room.  REC_PART_FIXED, the columns of numbers, may
 * be decoded for different rows at the same time; REC_PART_TEXT must be filled in
 * order.
 */
enum { REC_PART_FIXED = 1, REC_PART_TEXT = 2, REC_PART_ALL = 3 };
enum rec_status rec_table_decode(struct rec_table *t, size_t first, size_t n,
                                 const uint8_t *data, size_t bytes, int parts,
                                 struct rec_err *err) REC_MUST_USE;

#endif
