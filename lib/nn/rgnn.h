#ifndef REC_RGNN_H
#define REC_RGNN_H

#include "nn/nodefeatures.h"
#include "nn/param.h"
#include "nn/rgnn_features.h"

/*
 * A graph network that predicts ratings as a residual on shrunken biases: one table of
 * messages for each level of the rating (as in van den Berg, Kipf & Welling 2018,
 * "Graph convolutional matrix completion"), no layer behind them, and held-out folds:
 * an edge is predicted from a graph, biases and time kernels without its fold.
 *
 * E training edges, U users, I items, D width, F features, B bases.  In a view, n_u
 * edges of user u and n_i of item i:
 *
 *   h_u = sum over u's edges (i, k) of Y[i, k] / sqrt(n_u)      Y (I * B, D)
 *   h_i = sum over i's edges (u, k) of Z[u, k] / sqrt(n_i)      Z (U * B, D)
 *   s   = base + alpha.x + sum_d m_d h_u h_i + w_u.h_u + w_i.h_i
 *   loss = mean over the fold of (s - r)^2 + penalty (|h_u|^2 + |h_i|^2)
 *
 * With side features F_U (U, P) and F_I (I, Q) rows of F_U V_u, V_u (P, D), and of F_I
 * V_i are added to h_u and h_i, in every view and for nodes without edges as well, and
 * rows of F_U c_u and F_I c_i to s; the loss has 1e-4 (|c_u|^2 + |c_i|^2) more.
 *
 * k is the level of the rating, B the number of levels; with the basis cl, count and
 * level-free, B is 2 and an edge sends Y[i, 0] + rho Y[i, 1], rho the
 * residual of the biases.  m is 1 / (1 - p) or, with probability p, 0; 1 without
 * dropout.  A node without edges has h = 0: its base is left.
 */
enum { REC_RGNN_MAX_WIDTH = 1024, REC_RGNN_MAX_MEMBERS = 64 };
#define REC_RGNN_C_PENALTY 1e-4

/* What it learns from, made once: all views of it. */
struct rec_rgnn_data {
    struct rec_rgnn_edges g;
    bool by_level; /* else basis cl */
    uint32_t n_bases, n_folds;
    uint8_t *fold;     /* (E) by edge number; 1 throughout if there are no folds */
    uint8_t *skip[2];  /* (E) the same by place; that of users is `fold` itself */
    uint32_t *row[2];  /* (E) by place: which row of the other side's table it takes */
    uint32_t *list[2]; /* (E) places by (fold, node) */
    uint64_t *at[2];   /* (folds * nodes + 1) those of a fold and node in the list */
    struct rec_rgnn_taus taus;
    struct rec_rgnn_bias bias;
    struct rec_rgnn_features x; /* empty without folds */
    struct rec_features known;  /* of nodes: views of the ratings' */
};

struct rec_rgnn {
    uint32_t width;
    struct rec_param table[2]; /* of users Z, of items Y */
    struct rec_param w[2];     /* (1, D) */
    struct rec_param alpha;    /* (1, F) */
    struct rec_param v[2];     /* (P, D), (Q, D); empty without features */
    struct rec_param c[2];     /* (P, 1), (Q, 1) */
};

struct rec_rgnn_state {
    rec_real *h[2];      /* (nodes, D) */
    rec_real *g[2];      /* (nodes, D) gradient of h times 1/sqrt(n) */
    rec_real *dot[2];    /* (nodes) w.h, and F c */
    rec_real *square[2]; /* (nodes) |h|^2 */
    rec_real *dh[2];     /* (nodes, D) gradient of h; NULL without features */
    rec_real *sum[2];    /* (nodes) sum of the gradients of s; the same */
    rec_real *delta;     /* (E) gradient of s, by edge number */
    rec_real *rho;       /* (E) by edge number; NULL but for basis cl */
    rec_real *part;      /* chunk sums: (chunks, D + F) */
    double *loss;        /* (chunks, 2) */
    uint64_t *bits;      /* of dropout, drawn by the loss: see nn/rgnn_mask.h */
};

/* The dropout of one step, a function of (seed, step, edge number, column). */
struct rec_rgnn_drop {
    double p; /* in steps of 1/65536; 0 is none */
    uint64_t seed, step;
};

/*
 * For training N_FOLDS (1 .. REC_RGNN_MAX_FOLDS) folds are dealt by SEED; 0 makes the
 * one view that predicts.  LAMBDA of users and items; NaN is replaced by what
 * rec_rgnn_lambdas() finds.  TAUS NULL: rec_rgnn_taus_choose().  Side features are the
 * ratings'; those of nodes must outlive OUT.
 */
enum rec_status rec_rgnn_data_make(const struct rec_ratings *ratings, bool by_level,
                                   bool with_time, uint32_t n_folds, uint64_t seed,
                                   const double lambda[2],
                                   const struct rec_rgnn_taus *taus,
                                   struct rec_rgnn_data *out,
                                   struct rec_err *err) REC_MUST_USE;
void rec_rgnn_data_free(struct rec_rgnn_data *x);
/* Edges of a fold. */
uint64_t rec_rgnn_fold_edges(const struct rec_rgnn_data *x, uint32_t fold);

enum rec_status rec_rgnn_make(const struct rec_rgnn_data *x, uint32_t width, bool learn,
                              struct rec_rgnn *out, struct rec_err *err) REC_MUST_USE;
/* Tables and v normal with standard deviation SD, w and c zero, alpha by ridge. */
void rec_rgnn_init(struct rec_rgnn *m, const struct rec_rgnn_data *x, uint64_t seed,
                   double sd);
void rec_rgnn_free(struct rec_rgnn *m);
/* Y, Z, w_u, w_i, alpha, those of V_u, c_u, V_i, c_i that there are, NULL. */
struct rec_param *rec_rgnn_param(struct rec_rgnn *m, uint32_t index);
/* How many there are. */
uint32_t rec_rgnn_n_params(const struct rec_rgnn *m);
/* Its tensors are called "Y.2" and so on if it is member K = 1, the second of several.
 * After rec_rgnn_init(), which draws by the name. */
void rec_rgnn_number(struct rec_rgnn *m, uint32_t k);

enum rec_status rec_rgnn_state_make(const struct rec_rgnn_data *x,
                                    const struct rec_rgnn *m, bool learn,
                                    struct rec_rgnn_state *out,
                                    struct rec_err *err) REC_MUST_USE;
void rec_rgnn_state_free(struct rec_rgnn_state *s);

/* h, dot and square in the view without FOLD; FOLD = n_folds is all edges. */
void rec_rgnn_forward(const struct rec_rgnn *m, const struct rec_rgnn_data *x,
                      uint32_t fold, struct rec_rgnn_state *s);
/*
 * After forward: the loss of the fold, which has edges.  *mse (or NULL) is its first
 * term.  LEARN: also the gradients of s and of the users' h, and adds into dalpha and
 * dw_u.
 */
double rec_rgnn_loss(struct rec_rgnn *m, const struct rec_rgnn_data *x, uint32_t fold,
                     double penalty, const struct rec_rgnn_drop *drop, bool learn,
                     struct rec_rgnn_state *s, double *mse);
/* After a loss that learns, with the same dropout: adds into dw_i, dV and dc and sets
 * dY and dZ, which have no others. */
void rec_rgnn_backward(struct rec_rgnn *m, const struct rec_rgnn_data *x, uint32_t fold,
                       double penalty, const struct rec_rgnn_drop *drop,
                       struct rec_rgnn_state *s);

/* After a forward of all edges: s, in units, of a user and an item, from a row of
 * features.  UINT32_MAX is a user or an item without edges. */
double rec_rgnn_rating(const struct rec_rgnn *m, const struct rec_rgnn_state *s,
                       uint32_t user, uint32_t item, double base, const rec_real *x);

#endif
