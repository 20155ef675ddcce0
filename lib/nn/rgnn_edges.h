#ifndef REC_RGNN_EDGES_H
#define REC_RGNN_EDGES_H

#include <stdbool.h>

#include "data/ratings.h"

/*
 * The training ratings as the model `rgnn` walks them: E edges, each listed once with
 * its user and once with its item.  The two sides are treated alike; index `side` is
 * REC_USERS or REC_ITEMS, `1 - side` the other one.
 *
 * Edges have numbers 0 .. E - 1: their places in the users' list, which is ordered by
 * (user, slot, item).  A slot is what tells the messages of a node apart: the level
 * of the rating (n_slots = n_levels), or nothing (n_slots = 1).
 */
enum { REC_USERS, REC_ITEMS };

/* Ranges of nodes of about equal work, by the data alone: at[k] .. at[k + 1]. */
enum { REC_RGNN_CHUNKS = 48 };
struct rec_rgnn_cut {
    uint32_t n;
    uint32_t at[REC_RGNN_CHUNKS + 1];
};

struct rec_rgnn_side {
    uint32_t n;      /* nodes */
    uint32_t n_used; /* nodes with an edge */
    uint64_t *off;   /* (n * n_slots + 1)  edges of node v in slot k are
                        off[v * n_slots + k] .. off[v * n_slots + k + 1] */
    uint32_t *to;    /* (E)  the node at the other end */
    uint32_t *edge;  /* (E)  the edge's number */
    float *rating;   /* (E) in units */
    uint32_t *order; /* (E)  places in this list, by (node, time); NULL without times */
    struct rec_rgnn_cut cut;
};

struct rec_rgnn_edges {
    uint32_t n_edges;
    uint32_t n_levels; /* distinct ratings; counted up to REC_RGNN_MANY_LEVELS */
    uint32_t n_slots;
    double unit;     /* ratings are divided by it: a power of two that brings their
                        standard deviation near that of 1 to 5 stars, so that settings
                        do not depend on the scale */
    float low, high; /* the scale: least and largest rating, in units */
    struct rec_rgnn_side side[2];
    int64_t *time; /* (E) by edge number, or NULL */
    uint32_t n_extra;
    float *extra; /* (E, n_extra) features of the ratings, by edge number, or NULL */
};

enum { REC_RGNN_MANY_LEVELS = 65 };

/* How many distinct training ratings there are, at most REC_RGNN_MANY_LEVELS, and
 * which (LEVELS, that many), ascending. */
uint32_t rec_rgnn_levels(const struct rec_ratings *x,
                         float levels[REC_RGNN_MANY_LEVELS]);

/* The unit for ratings of standard deviation SD. */
double rec_rgnn_unit(double sd);
/* Standard deviation of the training ratings; 0 for fewer than two. */
double rec_rgnn_deviation(const struct rec_ratings *x);

/*
 * Lists the rows of part REC_TRAIN, and no others.  BY_LEVEL: a slot for each distinct
 * rating, of which there are fewer than REC_RGNN_MANY_LEVELS; else one slot.  WITH_TIME
 * needs ratings->time.  O(E), and O(E log m) with times, for at most m edges a node.
 * REC_EINPUT if there is no training row.
 */
enum rec_status rec_rgnn_edges_make(const struct rec_ratings *ratings, bool by_level,
                                    bool with_time, struct rec_rgnn_edges *out,
                                    struct rec_err *err) REC_MUST_USE;
void rec_rgnn_edges_free(struct rec_rgnn_edges *g);

/* Cuts N items, of which item k costs COST(CTX, k), into chunks. */
typedef uint64_t rec_rgnn_cost(const void *ctx, uint32_t k);
void rec_rgnn_cut(uint32_t n, rec_rgnn_cost *cost, const void *ctx,
                  struct rec_rgnn_cut *out);

/* Edges of node V of a side are first .. last: its slots lie one after another. */
static inline uint64_t rec_rgnn_first(const struct rec_rgnn_edges *g, int side,
                                      uint32_t v)
{
    return g->side[side].off[(size_t)v * g->n_slots];
}

static inline uint64_t rec_rgnn_last(const struct rec_rgnn_edges *g, int side,
                                     uint32_t v)
{
    return g->side[side].off[((size_t)v + 1) * g->n_slots];
}

#endif
