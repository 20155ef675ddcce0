#ifndef REC_RATINGS_H
#define REC_RATINGS_H

#include "io/reader.h"

/*
 * A view of the sections `users`, `items`, `ratings` and `split` of a loaded stream,
 * checked: user < n_users, item < n_items, ratings finite, as many split rows as
 * ratings, times of type i64.  The arrays belong to the reader.
 */
enum rec_part { REC_TRAIN, REC_VALID, REC_TEST, REC_N_PARTS };

extern const char *const rec_part_names[REC_N_PARTS];

struct rec_features;

struct rec_ratings {
    uint32_t n_users, n_items;
    size_t n;
    /* each NULL if not asked for */
    const uint32_t *user, *item;         /* (n) */
    const float *rating;                 /* (n) */
    const int64_t *time;                 /* (n), or NULL if there are none */
    const uint8_t *source;               /* (n), or NULL if there are none */
    const uint8_t *part;                 /* (n) of enum rec_part */
    const float *extra;                  /* (n, n_extra), see features.h, or NULL */
    uint32_t n_extra;                    /* at most REC_MAX_RATING_FEATURES */
    const struct rec_features *features; /* of users and items, or NULL */
    const struct rec_column *user_ids;   /* (n_users) str, or NULL if not loaded */
    struct rec_table *ratings, *split;   /* the sections, or NULL if not a reader's */
};

/* The time of a pair that is asked for, where none is known; no row of `ratings` means
 * it so. */
#define REC_NO_TIME INT64_MIN

/* What of it is needed; the rest is neither decoded nor checked, and takes no memory.
 */
enum {
    REC_NEED_IDS = 1, /* user and item */
    REC_NEED_RATING = 2,
    REC_NEED_TIME = 4,
    REC_NEED_SOURCE = 8,
    REC_NEED_SPLIT = 16,
    REC_NEED_EDGES = REC_NEED_IDS | REC_NEED_RATING | REC_NEED_SPLIT,
    REC_NEED_ROWS = REC_NEED_IDS | REC_NEED_RATING | REC_NEED_TIME | REC_NEED_SOURCE
};

/* Before rec_reader_run() and after it, with the same needs.  Who wants user_ids loads
 * section `users` as well. */
enum rec_status rec_ratings_load(struct rec_reader *r, int needs,
                                 struct rec_err *err) REC_MUST_USE;
enum rec_status rec_ratings_get(struct rec_reader *r, int needs,
                                struct rec_ratings *out,
                                struct rec_err *err) REC_MUST_USE;

/* Rows of PART. */
size_t rec_ratings_count(const struct rec_ratings *x, enum rec_part part);

/* Frees the reader's sections `ratings` and `split`; what is left of X are numbers and
 * user_ids.  Does nothing to arrays that are not a reader's. */
void rec_ratings_release(struct rec_ratings *x);
/* Keeps the rows of PART alone, in their order, and gives the room of the others back.
 * Does nothing to arrays that are not a reader's. */
void rec_ratings_keep(struct rec_ratings *x, enum rec_part part);

#endif
