#include "data/overlap.h"

#include <inttypes.h>

static void count_rows(const struct rec_ratings *x, uint8_t *user, uint8_t *item,
                       struct rec_part_counts n[REC_N_PARTS])
{
    for (size_t i = 0; i < x->n; i++) {
        struct rec_part_counts *p = &n[x->part[i]];
        int64_t time = x->time != NULL ? x->time[i] : 0;

        user[x->user[i]] |= (uint8_t)(1 << x->part[i]);
        item[x->item[i]] |= (uint8_t)(1 << x->part[i]);
        if (p->rows == 0 || time < p->first)
            p->first = time;
        if (p->rows == 0 || time > p->last)
            p->last = time;
        p->rows++;
    }
}

/* SEEN of N users or items: bit p is set if part p has it. */
static void count_seen(const uint8_t *seen, uint32_t n, uint64_t all[REC_N_PARTS],
                       uint64_t warm[REC_N_PARTS])
{
    for (uint32_t i = 0; i < n; i++)
        for (int p = 0; p < REC_N_PARTS; p++) {
            all[p] += seen[i] >> p & 1;
            warm[p] += (seen[i] >> p & 1) && (seen[i] >> REC_TRAIN & 1);
        }
}

enum rec_status rec_overlap_count(const struct rec_ratings *ratings,
                                  struct rec_part_counts out[REC_N_PARTS],
                                  struct rec_err *err)
{
    uint64_t all[2][REC_N_PARTS] = { { 0 } }, warm[2][REC_N_PARTS] = { { 0 } };
    uint8_t *user = rec_alloc_zero(ratings->n_users, 1, "users", err);
    uint8_t *item =
        user != NULL ? rec_alloc_zero(ratings->n_items, 1, "items", err) : NULL;
    struct rec_part_counts n[REC_N_PARTS] = { { 0 } };

    if (item == NULL) {
        rec_free(user);
        return REC_ESYSTEM;
    }
    count_rows(ratings, user, item, n);
    count_seen(user, ratings->n_users, all[0], warm[0]);
    count_seen(item, ratings->n_items, all[1], warm[1]);
    for (int p = 0; p < REC_N_PARTS; p++) {
        out[p] = n[p];
        out[p].users = all[0][p];
        out[p].warm_users = warm[0][p];
        out[p].items = all[1][p];
        out[p].warm_items = warm[1][p];
    }
    rec_free(user);
    rec_free(item);
    return REC_OK;
}

enum rec_status rec_overlap_print(const struct rec_ratings *ratings,
                                  struct rec_buf *text, struct rec_err *err)
{
    struct rec_part_counts n[REC_N_PARTS];
    enum rec_status st = rec_overlap_count(ratings, n, err);

    if (st == REC_OK)
        st = rec_buf_addf(text, err,
                          "part\trows\tusers\twarm_users\tcold_users\t"
                          "items\twarm_items\tcold_items%s\n",
                          ratings->time != NULL ? "\tfirst_time\tlast_time" : "");
    for (int p = 0; st == REC_OK && p < REC_N_PARTS; p++) {
        st = rec_buf_addf(text, err,
                          "%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
                          "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64,
                          rec_part_names[p], n[p].rows, n[p].users, n[p].warm_users,
                          n[p].users - n[p].warm_users, n[p].items, n[p].warm_items,
                          n[p].items - n[p].warm_items);
        if (st == REC_OK && ratings->time != NULL)
            st = n[p].rows > 0 ? rec_buf_addf(text, err, "\t%" PRId64 "\t%" PRId64,
                                              n[p].first, n[p].last)
                               : rec_buf_addf(text, err, "\t-\t-");
        if (st == REC_OK)
            st = rec_buf_addf(text, err, "\n");
    }
    return st;
}
