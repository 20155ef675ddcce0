#ifndef REC_SENTENCE_H
#define REC_SENTENCE_H

#include "eval/judge.h"

/*
 * A comparison in words, the same for errors and for rankings.
 *
 *   test: rgnn (RMSE 0.9000) beats biases (0.9500): better by 0.0500 (0.0400 to 0.0600)
 *   test: a.rec is better than b.rec by 0.0500 RMSE (0.0400 to 0.0600)     (as_peers)
 *
 * It says apart what no interval tells: that figures are equal, or that the rows are
 * those of one user, and there is none.
 */
struct rec_comparison {
    const char *part, *name, *base, *metric; /* "test", "RMSE" */
    double x, y;                             /* the figures of NAME and BASE */
    struct rec_figure d;                     /* x - y, with its interval */
    bool more_is_better;
    bool as_peers;
    uint32_t replicates;
    const char *unit; /* what is drawn: "user" */
};

enum { REC_SENTENCE_BYTES = 640 };

/* What the comparison says, and in words. */
enum rec_verdict rec_sentence(const struct rec_comparison *c,
                              char text[REC_SENTENCE_BYTES]);

#endif
