#ifndef REC_RECOMMENDING_H
#define REC_RECOMMENDING_H

#include "eval/listtext.h"
#include "eval/newcomers.h"

/*
 * Whole answers of rec-recommend, batch by batch, to the text T: the first K items, or
 * as many as there are.  *SHORT_LISTS counts the lists of fewer.
 */

/* For USER (N); with SEEN also what they have. */
enum rec_status rec_recommend_users(const struct rec_catalog *c, const uint32_t *user,
                                    uint32_t n, uint32_t k, bool seen,
                                    struct rec_list_text *t, uint64_t *short_lists,
                                    struct rec_err *err) REC_MUST_USE;
/* For people that are new, folded in. */
enum rec_status rec_recommend_new(const struct rec_catalog *c,
                                  const struct rec_newcomers *x, uint32_t k, bool seen,
                                  struct rec_list_text *t, uint64_t *short_lists,
                                  struct rec_err *err) REC_MUST_USE;
/* Items nearest to ITEM (N). */
enum rec_status rec_recommend_similar(const struct rec_catalog *c, const uint32_t *item,
                                      uint32_t n, uint32_t k, struct rec_list_text *t,
                                      uint64_t *short_lists,
                                      struct rec_err *err) REC_MUST_USE;

#endif
