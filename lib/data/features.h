#ifndef REC_FEATURES_H
#define REC_FEATURES_H

#include "data/ratings.h"

/*
 * Side features: what is known of users, items and ratings beside the ratings
 * themselves.  Those of nodes are sparse matrices F (nodes, features); a node of which
 * nothing is known has an empty row.
 *
 *   off    (n_rows + 1)  entries of row r are off[r] .. off[r + 1]
 *   col    (entries)     ascending within a row
 *   value  (entries)     finite
 */
struct rec_sparse {
    uint32_t n_rows, n_cols;
    uint64_t *off;
    uint32_t *col;
    float *value;
};

/* Of users (0) and items (1): F, and its transpose for backward.  No features of a
 * side: n_cols of its F is 0, and nothing is allocated.  { 0 } is empty. */
enum { REC_FEATURES_USERS, REC_FEATURES_ITEMS };
struct rec_features {
    struct rec_sparse f[2], t[2];
};

/*
 * As sections `graph.features.users`, `graph.features.items`: a row an entry, in the
 * order of nodes, and of features within a node
 *
 *   node u32 ->users   feature u32 ->graph.features.users.names   value f32
 *
 * and `graph.features.users.names`, `graph.features.items.names`: id str, a row a
 * feature.  `graph.features.ratings` is a matrix, value f32[k], a row a row of
 * `ratings`, its names in `graph.features.ratings.names`.
 */
extern const char *const rec_features_sections[2];
#define REC_FEATURES_RATINGS "graph.features.ratings"
enum { REC_MAX_RATING_FEATURES = 16 };

/* Empty tables of them, with their columns.  SECTION is one of rec_features_sections,
 * NODES the dictionary `users` or `items`. */
void rec_features_init(struct rec_table *entries, const char *section,
                       const char *nodes);
void rec_features_init_names(struct rec_table *names, const char *section);
/* Appends a row to NAMES. */
enum rec_status rec_features_add_name(struct rec_table *names, const char *s, size_t n,
                                      struct rec_err *err) REC_MUST_USE;

/* The way back: load before rec_reader_run(), get after it. */
enum rec_status rec_features_load(struct rec_reader *r,
                                  struct rec_err *err) REC_MUST_USE;
/* Copies; empty where there are no such sections.  REC_EFORMAT if a section is not as
 * above, or of other nodes than N_USERS and N_ITEMS. */
enum rec_status rec_features_get(struct rec_reader *r, uint32_t n_users,
                                 uint32_t n_items, struct rec_features *out,
                                 struct rec_err *err) REC_MUST_USE;
/* Puts features of ratings into X, which views them; does nothing if there are none. */
enum rec_status rec_features_of_ratings(struct rec_reader *r, struct rec_ratings *x,
                                        struct rec_err *err) REC_MUST_USE;
void rec_features_free(struct rec_features *x);

/* From N entries in any order: a stable counting sort by row. */
enum rec_status rec_sparse_make(uint32_t n_rows, uint32_t n_cols, size_t n,
                                const uint32_t *row, const uint32_t *col,
                                const float *value, struct rec_sparse *out,
                                struct rec_err *err) REC_MUST_USE;
void rec_sparse_free(struct rec_sparse *x);

#endif
