#ifndef REC_PAIRS_H
#define REC_PAIRS_H

#include "data/dict.h"
#include "eval/baseline.h"
#include "nn/kind.h"

/*
 * Ratings of pairs of a user and an item, in the ids of the ratings, from a trained
 * model.  Known is who has a training rating; of others only what the rest tells:
 *
 *   model   both are known
 *   user    the item is not: the user's bias
 *   item    the user is not: the item's bias
 *   mean    neither is: the mean training rating
 *
 * A kind of model with pairs() makes all of them itself.  One that has only rating()
 * makes the first; the others are then mu + b_u, mu + b_i and mu of baseline.h, with
 * the shrinkage that shrink.h chooses.
 */
enum rec_basis { REC_BASIS_MODEL, REC_BASIS_USER, REC_BASIS_ITEM, REC_BASIS_MEAN };

extern const char *const rec_basis_names[REC_BASIS_MEAN + 1];

#define REC_UNKNOWN UINT32_MAX

static inline enum rec_basis rec_basis_of(uint32_t user, uint32_t item)
{
    return (enum rec_basis)((item == REC_UNKNOWN ? REC_BASIS_USER : 0) |
                            (user == REC_UNKNOWN ? REC_BASIS_ITEM : 0));
}

/* { 0 } is empty. */
struct rec_pairs {
    struct rec_reader *r;
    struct rec_ratings x;
    struct rec_trained t;
    struct rec_dict ids[2];   /* of users, of items (REC_USERS, REC_ITEMS) */
    uint8_t *known[2];        /* whether there is a training rating */
    float low, high;          /* of the training ratings */
    bool clip;                /* ratings to low .. high; false by default */
    struct rec_biases biases; /* empty for kinds that have pairs() */
};

/*
 * A stream with a trained model.  OUT is to be closed also after a failure.
 * REC_EFORMAT for one that predicts no ratings.
 */
enum rec_status rec_pairs_open(const char *path, struct rec_pairs *out,
                               struct rec_err *err) REC_MUST_USE;
void rec_pairs_close(struct rec_pairs *p);

/* Whether its ratings depend on the time of a pair. */
bool rec_pairs_timed(const struct rec_pairs *p);

/* Completes P, whose x and t are there: all but ids.  For models that come from no
 * file. */
enum rec_status rec_pairs_ready(struct rec_pairs *p, struct rec_err *err) REC_MUST_USE;

/* The numbers of N users or items (SIDE), or REC_UNKNOWN; number k is that of LEN[k]
 * bytes at ID[k].  For a kind without pairs() those without training ratings are
 * unknown as well. */
void rec_pairs_find(const struct rec_pairs *p, int side, const char *const *id,
                    const uint32_t *len, size_t n, uint32_t *out);

/*
 * Rates the pairs user, item (and time, unless NULL or REC_NO_TIME) of Q, whose n
 * counts them; OUT (n). The rating of a pair depends on that pair alone.  On all
 * threads.  REC_ENUMERIC if a rating is no finite number.
 */
enum rec_status rec_pairs_rate(struct rec_pairs *p, const struct rec_ratings *q,
                               double *out, struct rec_err *err) REC_MUST_USE;

/* What a rating is made from, by who has training ratings. */
static inline enum rec_basis rec_pairs_basis(const struct rec_pairs *p, uint32_t user,
                                             uint32_t item)
{
    bool u = user != REC_UNKNOWN && p->known[REC_USERS][user] != 0;
    bool i = item != REC_UNKNOWN && p->known[REC_ITEMS][item] != 0;

    return rec_basis_of(u ? user : REC_UNKNOWN, i ? item : REC_UNKNOWN);
}

#endif
