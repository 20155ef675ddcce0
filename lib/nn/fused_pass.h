#ifndef REC_FUSED_PASS_H
#define REC_FUSED_PASS_H

/* Under the sanitizers a wide kernel takes minutes to compile: some are enough there.
 */
#ifdef __SANITIZE_ADDRESS__
#define REC_FUSED_FEW
#endif

#include "data/graph.h"
#include "nn/chunks.h"
#include "nn/param.h"
#include "nn/singles.h"

/*
 * Inside fused.c: what its passes work on, and the tables of passes, one for each
 * width and instruction set.  N active nodes, C of them the core (rec_order), users
 * first, then the singles; D width; E edges, both directions; d_n = 1 / sqrt(degree +
 * 1); scale = 2 / ratings.
 *
 * A node has a record that others gather: two numbers and two rows of D bits, in
 * rec_fused_node_bytes() bytes.  fused_width.h lays it out:
 *
 *   rec_real s         its share of a rating
 *   rec_real c         d_n g_n, with g_n the gradient of s
 *   uint32_t z_on[]    where z > 0, of the second layer
 *   uint32_t h_on[]    where h > 0, of the first
 */
struct rec_fused_work {
    const struct rec_graph *g; /* of the core */
    const struct rec_chunks *c;
    const struct rec_singles *singles;
    float single_norm;     /* of a node of one edge */
    const double *ratings; /* (C) sum of a node's ratings */
    rec_real *w;           /* (N, D) W~ = D^-1/2 W1 */
    rec_real *h;           /* (C, D) H1~ = D^-1/2 H1; then dZ1~ */
    rec_real *h_items;     /* its rows of items */
    rec_real *m, *v;       /* (N, D) Adam's moments of W1 */
    void *nodes;           /* (N) records */
    rec_real *y;           /* (items, D) what goes into W2 */
    rec_real *w2, *w2t;    /* (D, D) and its transpose */
    rec_real *b1, *b2;     /* (D) */
    rec_real *out;         /* (2, D) */
    rec_real *part;        /* a chunk's sums: (D, D), (D), (D); see REC_FUSED_PART */
    rec_real *carry;       /* (chunks of singles, 2, D), see fused_single.h */
    double *loss, *sum_g;  /* one a chunk; like `part` core first, then singles */
    double c0, scale;      /* the decoder's constant */
    struct rec_adam_rates rates;
};

/* Tables of `carry`: sums that go into the items' rows of h and of y. */
enum { REC_CARRY_H, REC_CARRY_Y };

/* The number of singles of item N, a node of the core. */
static inline uint32_t rec_fused_singles(const struct rec_fused_work *k, uint32_t n)
{
    const uint32_t *at = k->singles->at + (n - k->g->n_users);

    return at[1] - at[0];
}

/* A chunk's sums: sum of g y z_on' (D, D), of g z_on (D), of dZ1 (D). */
#define REC_FUSED_PART(d) ((size_t)(d) * ((d) + 2))

static inline size_t rec_fused_node_bytes(uint32_t d)
{
    return 2 * sizeof(rec_real) + 2 * sizeof(uint32_t) * ((d + 31) / 32);
}

/*
 * The passes, in order; each is called for every chunk of users, of singles (counted
 * from 0) or of items.  Those of singles run beside those of users.  Bytes moved at the
 * least, with R = 4D a row, n nodes of the side, S singles of q items, e = E / 2 edges
 * of the core, r the bytes of a record:
 *
 *   hidden         both     e (4 + R) + n (2 R + 12)    w; writes h
 *                  singles  S R + q 4 R                 w; h, y of items
 *   share_items    items    e (4 + R) + n (2 R + r)     h; writes records, y
 *                  singles  q R                         y
 *   share_users    users    e (4 + R + r) + n (R + r)   h; reads and writes records
 *                  singles  S (R + r + 4) + q (2 R + r) w, h, records
 *   back_items     items    e (4 + r) + n (2 R + r)     records, y; writes h
 *                  singles  S r                         records
 *   update_users   users    e (4 + r + R) + n (8 R + r) records; h, w, m, v
 *                  singles  S (6 R + r) + q (2 R + r)   records; h, w, m, v; writes y
 *   update_items   items    e (4 + R) + n 7 R           h; w, m, v
 *                  singles  q R                         y
 *
 * where a gathered row is counted once an edge, cached or not.
 */
typedef void rec_fused_pass(const struct rec_fused_work *k, uint32_t chunk);

struct rec_fused_passes {
    uint32_t width;
    rec_fused_pass *hidden_users, *hidden_singles, *hidden_items;
    rec_fused_pass *share_items, *share_users, *share_singles;
    rec_fused_pass *back_items;
    rec_fused_pass *update_users, *update_singles, *update_items;
    /* s[names[n]] of nodes FROM .. TO, after share_users; of users without edges */
    void (*shares)(const struct rec_fused_work *k, uint32_t from, uint32_t to,
                   const uint32_t *names, rec_real *s);
    void (*lonely_shares)(const struct rec_fused_work *k, uint32_t from, uint32_t to,
                          const uint32_t *names, rec_real *s);
};

/* Those of the set in use for a width; NULL if there are none. */
const struct rec_fused_passes *rec_fused_find(uint32_t width);

/* One table a set of instructions; each ends with width 0. */
extern const struct rec_fused_passes rec_fused_base[];
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define REC_FUSED_X86 1
extern const struct rec_fused_passes rec_fused_avx2[], rec_fused_avx512[];
#endif

#endif
