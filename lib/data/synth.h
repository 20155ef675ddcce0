#ifndef REC_SYNTH_H
#define REC_SYNTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/*
 * Invented ratings in the shape of a product review file, from a model that is known.
 *
 *   U users, I items, R ratings; every user and every item occurs, R rows in all.
 *
 * A row is
 *
 *   A2CX7LUOHB2NDG,B00000J4GE,5.0,1341100800\n      user, item, rating, timestamp
 *
 *   user       'A' and a 64-bit number in base 36, no zeros in front: nearly always 12
 *              or 13 digits.  The number is a keyed permutation of the user's index.
 *   item       10 characters, ascending with the item's index: ten digits for one item
 *              in fifty, "B00" and seven digits in base 36 for the others
 *   rating     1.0 .. 5.0
 *   timestamp  a whole day of 1998-12 .. 2014-07; days grow denser with the third
 *              power of the time since the start
 *
 * Rows come grouped by item in ascending order of ids, or, if SHUFFLED, the same rows
 * in a keyed random order.
 *
 * Ratings.  With all parameters independent and standard normal, and D = 4,
 *
 *   m = s_u b_u + s_i b_i + s_t (p_u . q_i) / sqrt(D)         known from user and item
 *   rating = 1 + (how many of four cuts are below m + noise * z),     z ~ N(0, 1)
 *
 * where s_u^2 + s_i^2 + s_t^2 + noise^2 = 1; the first three are 35, 45 and 20 % of
 * what the noise leaves.  The cuts are the normal quantiles at .109 .164 .243 .446, so
 * that about 55 % of the ratings are five, the mean is near 4.0 and the standard
 * deviation near 1.35, whatever the noise.
 *
 * Floor.  From m follow P(rating <= k), hence the conditional mean and variance of each
 * row's rating.  noise_floor is the root of the average conditional variance: the RMSE
 * to expect of a model that knows every parameter.  bias_floor is the RMSE to expect of
 * one that knows b_u and b_i only and takes the rest for noise.  Both belong to the
 * rows made; a model that must learn its parameters stays above.  (The normal
 * distribution function is tabulated, and ratings are drawn from the same table.)
 *
 * Activity and popularity follow power laws, the r-th largest of n having
 *
 *   LO + c ((r + h)^-g - .98 (n + h)^-g)
 *
 * ratings: LO = 1, g = .9 for items, and LO = 2, g = .5 for users with more than one.
 * c makes the sum exact and h keeps the largest near a bound: A = t R/U for a user and
 * N = t R/I for an item, t = sqrt(U I / R), so that A N <= R.  Under that bound rows
 * can be dealt to users with few repeated pairs (user, item): 2 in 10,000 rows at 4.2 M
 * users, 440 k items and 10 M ratings, 3 in 100 at 6040, 3706 and 1 M, and more as R
 * comes near U I.  Repeats differ in rating or day, but for rare accidents.
 *
 * Popularity does not follow the order of ids: items of neighbouring popularity lie in
 * 65536 groups (one item each up to that number) that are in keyed random order.
 *
 * Memory does not grow with U, I or R, and any row can be made without the others.
 * Same options: same bytes, for any number of threads.
 */
struct rec_synth_opts {
    uint64_t n_users;   /* 1 .. 2^32 - 2 */
    uint64_t n_items;   /* 1 .. 2^32 - 2 */
    uint64_t n_ratings; /* at least U and I, at most U I and 2^48 */
    uint64_t seed;
    double singletons; /* share of users with one rating, or REC_SYNTH_AUTO */
    double noise;      /* 0 .. 1, as above */
    bool shuffled;
};

/*
 * SINGLETONS is met by the nearest number of users that the counts allow; the others
 * have two ratings or more.  REC_SYNTH_AUTO is 0.7 while R/U is at most 5 and falls as
 * 3.5 U/R above, where files of heavy users have hardly any singletons.
 */
#define REC_SYNTH_AUTO (-1.0)
#define REC_SYNTH_NOISE 0.65

struct rec_synth_report {
    double noise_floor;
    double bias_floor;
    double mean, sd;       /* of the ratings written */
    uint64_t n_rated[5];   /* how many ones, twos, ... fives */
    uint64_t n_singletons; /* users with one rating */
    uint64_t most_by_user; /* ratings of the most active user */
    uint64_t most_of_item; /* ratings of the most popular item */
};

/* Takes the next N bytes of the file, whole rows; anything but REC_OK ends the work. */
typedef enum rec_status rec_synth_write_fn(void *ctx, const void *text, size_t n,
                                           struct rec_err *err);

/*
 * Makes the file and hands it to WRITE, in order and from the calling thread.  *REPORT
 * is set on success only.
 *
 * Errors: REC_EUSAGE if the options contradict each other; REC_ESYSTEM without memory
 * (about 13 MiB); what WRITE returns.
 */
enum rec_status rec_synth(const struct rec_synth_opts *o, rec_synth_write_fn *write,
                          void *ctx, struct rec_synth_report *report,
                          struct rec_err *err) REC_MUST_USE;

#endif
