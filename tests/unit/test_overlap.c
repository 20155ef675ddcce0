/* overlap: what the parts have in common */
#include <string.h>

#include "data/overlap.h"
#include "unit/timedtoy.h"

static struct rec_err err;

static void check_counts(const struct rec_ratings *x)
{
    struct rec_part_counts n[REC_N_PARTS];

    CHECK(rec_overlap_count(x, n, &err) == REC_OK);
    for (int p = 0; p < REC_N_PARTS; p++) {
        struct rec_part_counts want = { .rows = 0 };

        for (size_t i = 0; i < x->n; i++) {
            bool first_user = true, first_item = true;
            bool warm_user = false, warm_item = false;

            if (x->part[i] != p)
                continue;
            for (size_t k = 0; k < x->n; k++) {
                bool user = x->user[k] == x->user[i], item = x->item[k] == x->item[i];

                first_user &= !(user && k < i && x->part[k] == p);
                first_item &= !(item && k < i && x->part[k] == p);
                warm_user |= user && x->part[k] == REC_TRAIN;
                warm_item |= item && x->part[k] == REC_TRAIN;
            }
            want.users += first_user;
            want.items += first_item;
            want.warm_users += first_user && warm_user;
            want.warm_items += first_item && warm_item;
            if (x->time != NULL && (want.rows == 0 || x->time[i] < want.first))
                want.first = x->time[i];
            if (x->time != NULL && (want.rows == 0 || x->time[i] > want.last))
                want.last = x->time[i];
            want.rows++;
        }
        CHECKF(memcmp(&n[p], &want, sizeof want) == 0, "part %d", p);
    }
}

static void overlap_counts_what_is_there(void)
{
    for (size_t c = 0; c < 20; c++) {
        struct timed a;

        timed_make(&a, 1 + 7 * (uint32_t)c, 10 * c, c);
        check_counts(&a.t.x);
        if (a.t.x.n > 0)
            memset(a.t.part, (int)(c % REC_N_PARTS), a.t.x.n);
        a.t.x.time = NULL;
        check_counts(&a.t.x);
        timed_free(&a);
    }
}

static void overlap_survives_every_failed_allocation(void)
{
    struct timed a;
    uint64_t before;

    timed_make(&a, 5, 30, 1);
    before = rec_mem_now();
    for (uint64_t at = 1; at <= 3; at++) {
        struct rec_buf text = { .n = 0 };

        rec_mem_fail_at(at);
        CHECK(rec_overlap_print(&a.t.x, &text, &err) == REC_ESYSTEM);
        rec_mem_fail_at(0);
        rec_buf_free(&text);
        CHECK(rec_mem_now() == before);
    }
    timed_free(&a);
}

int main(void)
{
    RUN(overlap_counts_what_is_there);
    RUN(overlap_survives_every_failed_allocation);
    return test_end();
}
