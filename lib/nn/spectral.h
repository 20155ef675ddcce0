#ifndef REC_SPECTRAL_H
#define REC_SPECTRAL_H

#include "nn/byvector.h"
#include "nn/itempairs.h"
#include "nn/learner.h"
#include "nn/pairs01.h"

/*
 * Ranking by a graph filter in closed form, without training.  R is the 0/1 matrix of
 * training (U users, I items), d_u and d_i its degrees (0 counts as 1), r a user's row
 * of it, V and s the first K right singular vectors and values of
 * Rn = d_u^-a R d_i^-.5.  The scores of the user are
 *
 *   gfcf      a = .5    S = r Rn'Rn + .3 (r d_i^-.5 V)(d_i^.5 V)'
 *             (Shen et al. 2021, "How powerful is graph convolution for
 *             recommendation?")
 *   reshaped  a = .35   S = ct (r Rn'Rn / s_1^2) d_i^.1 + (r V) W1' + (r d_i^-.5 V) W2'
 *             lambda = s^2 / s_1^2, h = lambda exp(-.8 lambda), ct = h_K / lambda_K,
 *             W1 = d_i^.1 V diag(h - ct lambda), W2 = d_i^.5 V diag(.4 exp(-.8 lambda))
 *
 * Its linear part goes through G = R' d_u^-2a R (I, I), which is sparse and is kept:
 * 8 bytes for each pair of items that some user has both of.  A new user needs nothing
 * but her row; who has nothing gets d_i, how many have an item.
 */
enum rec_spectral_filter { REC_SPECTRAL_GFCF, REC_SPECTRAL_RESHAPED };
enum { REC_SPECTRAL_MAX_RANK = 1024 };

struct rec_spectral_opts {
    uint32_t rank; /* K; 0: by rec_spectral_rank() */
    enum rec_spectral_filter filter;
    uint64_t seed;
};

struct rec_spectral {
    struct rec_spectral_opts opts;
    struct rec_pairs01 r;
    float *by[2];          /* d_u^-a (U), d_i^-.5 (I) */
    struct rec_param v, s; /* (I, K), (K, 1) */
    double loss;           /* share of |Rn|^2 that V leaves */
    /* to rank, empty before rec_spectral_ready() */
    struct rec_by_vector rank;
    struct rec_item_pairs g;
    float *lin; /* (I) what r d_i^-.5 G is multiplied with */
};

/* V and s of the training ratings; PART as in rec_pairs01_make(). */
enum rec_status rec_spectral_make(struct rec_spectral *m,
                                  const struct rec_ratings *ratings,
                                  const uint8_t *part,
                                  const struct rec_spectral_opts *opts,
                                  struct rec_err *err) REC_MUST_USE;
void rec_spectral_free(struct rec_spectral *m);
/* As if it had been made with rank K, which is not above its own. */
void rec_spectral_cut(struct rec_spectral *m, uint32_t k);

enum rec_status rec_spectral_ready(struct rec_spectral *m,
                                   struct rec_err *err) REC_MUST_USE;
/* Bytes of room for a block of B users. */
size_t rec_spectral_scratch(const struct rec_spectral *m, uint32_t b);
/* OUT (B, I) of USER (B). */
void rec_spectral_scores(const struct rec_spectral *m, const uint32_t *user, uint32_t b,
                         void *scratch, float *out);
/* OUT (I) for a row of items ITEM (N), ascending. */
enum rec_status rec_spectral_fold_in(const struct rec_spectral *m, const uint32_t *item,
                                     uint32_t n, float *out,
                                     struct rec_err *err) REC_MUST_USE;

/*
 * The rank of 64, 128, 256 and 448, as far as there are so many users and items, with
 * the best NDCG@20 on held-out items of up to 2000 users: the validation ratings, or if
 * there are none a run of a fifth of each user's training items in the order of ids.
 * (A random fifth was seen to choose badly on items that hang together.)  Appends a
 * line for each to SAID.
 */
enum rec_status rec_spectral_rank(const struct rec_ratings *ratings,
                                  struct rec_spectral_opts *opts, struct rec_buf *said,
                                  struct rec_err *err) REC_MUST_USE;

/* For rec_train(), with nothing left to train; M must stay where it is. */
struct rec_learner rec_spectral_learner(struct rec_spectral *m);

/* Sections `model`, `model.V`, `model.s`, and the way back; the ratings must be those
 * of training. */
enum rec_status rec_spectral_write(const struct rec_spectral *m, struct rec_writer *w,
                                   const char *by, struct rec_err *err) REC_MUST_USE;
enum rec_status rec_spectral_read(struct rec_spectral *m, struct rec_reader *r,
                                  const struct rec_ratings *ratings,
                                  struct rec_err *err) REC_MUST_USE;

#endif
