#ifndef REC_CATALOG_H
#define REC_CATALOG_H

#include "data/dict.h"
#include "eval/entry.h"
#include "eval/recommend.h"

/*
 * A stream with a model that ranks, opened to recommend from: its ids, who has what,
 * how often an item was rated.  { 0 } is empty.
 */
struct rec_catalog {
    struct rec_entry e;
    struct rec_ranker ranker;
    const struct rec_column *ids[2]; /* of users, of items (REC_USERS, REC_ITEMS) */
    struct rec_dict dict[2];         /* empty until rec_catalog_find() needs them */
    struct rec_seen seen;            /* items of users in training and validation */
    float *add;                      /* (I) for struct rec_list_rules, or NULL */
};

/*
 * PATH as rec_in_open().  Items of less than LEAST training ratings are never listed;
 * those of n get BOOST log(1 + n) added.  OUT is to be closed also after a failure.
 */
enum rec_status rec_catalog_open(const char *path, uint64_t least, double boost,
                                 struct rec_catalog *out,
                                 struct rec_err *err) REC_MUST_USE;
void rec_catalog_close(struct rec_catalog *c);

/* The number of the user or item (SIDE) of this id; UINT32_MAX if there is none. */
enum rec_status rec_catalog_find(struct rec_catalog *c, int side, const char *id,
                                 size_t n, uint32_t *out,
                                 struct rec_err *err) REC_MUST_USE;

/*
 * Numbers of ids, as they come.  What is not known is REC_EINPUT with the place AT in
 * front, or with SKIP is counted and left out.  { 0 } is empty.
 */
struct rec_chosen {
    bool skip;
    uint32_t n, cap, *number;
    uint64_t n_unknown;
};
enum rec_status rec_choose(struct rec_catalog *c, int side, const char *id, size_t n,
                           const char *at, struct rec_chosen *out,
                           struct rec_err *err) REC_MUST_USE;
/* From a text with an id a line, PATH as rec_in_open(); an empty line is none,
 * nor is a byte order mark.  REC_EINPUT if there is no id, or it is a rec file. */
enum rec_status rec_choose_from(struct rec_catalog *c, int side, const char *path,
                                struct rec_chosen *out,
                                struct rec_err *err) REC_MUST_USE;
/* All of them. */
enum rec_status rec_choose_all(const struct rec_catalog *c, int side,
                               struct rec_chosen *out,
                               struct rec_err *err) REC_MUST_USE;
void rec_chosen_free(struct rec_chosen *x);

#endif
