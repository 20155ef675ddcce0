#ifndef REC_GCN_H
#define REC_GCN_H

#include "data/graph.h"
#include "nn/chunks.h"
#include "nn/dropout.h"
#include "nn/nodefeatures.h"
#include "nn/param.h"

/*
 * A graph convolutional network (Kipf & Welling 2017) that predicts ratings.
 * N nodes, D width, L layers, A^ = D^-1/2 (A + I) D^-1/2, identity features:
 *
 *   H1 = relu(A^ W1 + b1)               W1 (N, D)    b (D)
 *   Hl = relu(A^ H(l-1) Wl + bl)        Wl (D, D)    l = 2 .. L
 *   rating(u, i) = [HL_u ; HL_i] w + c  w (2, D): first row users, second items
 *   loss = mean over the E training ratings of (rating(u, i) - r)^2
 *
 * With side features F_U (U, P) and F_I (I, Q) W1 is W1 + F V in the first line: rows
 * of F_U times the first P rows of V (P + Q, D) for users, of F_I times the others for
 * items; that is X W with X = [identity, F].
 *
 * The rating is a sum s_u + s_i + c of one number a node: two gathers an edge, and the
 * gradient of the last layer is one number a node as well.
 */
enum { REC_GCN_MAX_LAYERS = 8, REC_GCN_MAX_WIDTH = 4096 };

struct rec_gcn {
    uint32_t n_nodes, n_users, width, n_layers;
    struct rec_param w[REC_GCN_MAX_LAYERS]; /* W1 .. WL */
    struct rec_param b[REC_GCN_MAX_LAYERS]; /* b1 .. bL */
    struct rec_param out;                   /* w */
    struct rec_param c;                     /* c (1, 1) */
    struct rec_param v;                     /* V; empty without features */
    struct rec_features known;              /* views of somebody's features */
    /* what computed it, if known: only that can make bits differ; see rec_gcn_write()
     */
    const char *path, *kernels;
};

/* Forward's results that backward needs, and scratch.  All (N, D) or (N). */
struct rec_gcn_state {
    rec_real *h[REC_GCN_MAX_LAYERS]; /* Hl */
    rec_real *p[REC_GCN_MAX_LAYERS]; /* A^ H(l-1); NULL for l = 1 */
    rec_real *table;                 /* W1 + F V; NULL without features */
    rec_real *s;                     /* a node's share of a rating */
    rec_real *g;                     /* gradient of s */
    rec_real *dh, *dp;
    rec_real *part;          /* chunk sums */
    double *loss;            /* one a chunk */
    struct rec_dropout drop; /* on H1 .. HL, in forward and backward; none unless set */
};

/* LEARN: with gradients and moments, for training. */
enum rec_status rec_gcn_make(struct rec_gcn *m, const struct rec_graph *g,
                             uint32_t width, uint32_t n_layers, bool learn,
                             struct rec_err *err) REC_MUST_USE;
/* Adds V to a model just made: FEATURES, which may be NULL or empty, must outlive it.
 * After a failure free it. */
enum rec_status rec_gcn_know(struct rec_gcn *m, const struct rec_features *features,
                             bool learn, struct rec_err *err) REC_MUST_USE;
/*
 * Glorot-uniform W (Glorot & Bengio 2010: limit sqrt(6 / (rows + cols)); W1 and V are
 * one matrix), zero b, w and
 * c uniform in +-1/sqrt(2D).
 */
void rec_gcn_init(struct rec_gcn *m, uint64_t seed);
void rec_gcn_free(struct rec_gcn *m);

/* Its tensors one after another: index 0, 1, ... until NULL. */
struct rec_param *rec_gcn_param(struct rec_gcn *m, uint32_t index);

/* LEARN: room for loss and backward as well, over these chunks; NULL: forward only. */
enum rec_status rec_gcn_state_make(struct rec_gcn_state *s, const struct rec_gcn *m,
                                   const struct rec_chunks *learn,
                                   struct rec_err *err) REC_MUST_USE;
/* Values of all its tensors. */
uint64_t rec_gcn_n_values(uint64_t n_nodes, uint64_t width, uint64_t n_layers);
/* Bytes that rec_gcn_make() to learn, without features, and rec_gcn_state_make() take.
 */
uint64_t rec_gcn_bytes(const struct rec_graph *g, uint32_t width, uint32_t n_layers,
                       const struct rec_chunks *learn);
void rec_gcn_state_free(struct rec_gcn_state *s);

/* H1 .. HL and s. */
void rec_gcn_forward(const struct rec_gcn *m, const struct rec_graph *g,
                     const struct rec_chunks *c, struct rec_gcn_state *s);
/* After forward: the loss, and the gradient of s (and of c, added to dc). */
double rec_gcn_loss(struct rec_gcn *m, const struct rec_graph *g,
                    const struct rec_chunks *c, struct rec_gcn_state *s);
/* After loss: sets the gradient of W1, which has no other, and adds into the rest. */
void rec_gcn_backward(struct rec_gcn *m, const struct rec_graph *g,
                      const struct rec_chunks *c, struct rec_gcn_state *s);

/* After forward: the rating of a user and an item. */
static inline double rec_gcn_rating(const struct rec_gcn *m,
                                    const struct rec_gcn_state *s, uint32_t user,
                                    uint32_t item)
{
    return (double)s->s[user] + (double)s->s[m->n_users + item] + (double)m->c.x[0];
}

/* Sections `model` (its settings; path and kernels, if they are known) and `model.W1`
 * ... */
enum rec_status rec_gcn_write(struct rec_gcn *m, struct rec_writer *w, const char *by,
                              struct rec_err *err) REC_MUST_USE;
/* After rec_reader_run() with sections model* loaded; the graph must be the one of
 * training, and the ratings, which may be NULL if there were none, have its features.
 */
enum rec_status rec_gcn_read(struct rec_gcn *m, struct rec_reader *r,
                             const struct rec_graph *g,
                             const struct rec_ratings *ratings,
                             struct rec_err *err) REC_MUST_USE;

#endif
