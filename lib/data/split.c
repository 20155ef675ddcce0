#include "data/split.h"

#include "base/random.h"

static enum rec_part draw(const struct rec_random *random, size_t i, double test,
                          double valid)
{
    double x = rec_random_uniform_at(random, i);

    if (x < test)
        return REC_TEST;
    return (x - test) / (1.0 - test) < valid ? REC_VALID : REC_TRAIN;
}

enum rec_status rec_split(const struct rec_ratings *ratings,
                          const struct rec_split_opts *opts, struct rec_table *out,
                          uint64_t sizes[REC_N_PARTS], struct rec_err *err)
{
    bool by_source = opts->method == REC_SPLIT_SOURCE;
    double test = by_source ? 0.0 : opts->test;
    uint64_t n[REC_N_PARTS] = { 0 };
    struct rec_random random;
    struct rec_table t;
    uint8_t *part;
    enum rec_status st;

    if (by_source && ratings->source == NULL)
        return rec_fail(err, REC_EFORMAT,
                        "--method source: the ratings are all from one file; "
                        "give rec-clean one file a part");
    rec_table_init(&t, "split", REC_KIND_TABLE);
    rec_table_add(&t, "part", REC_U8, 1, REC_PLAIN, NULL);
    st = rec_table_reserve(&t, ratings->n, err);
    if (st != REC_OK)
        goto done;
    t.n_rows = ratings->n;
    part = t.cols[0].data;
    rec_random_init(&random, opts->seed, "split");
    for (size_t i = 0; i < ratings->n; i++) {
        if (by_source && ratings->source[i] == opts->test_source)
            part[i] = REC_TEST;
        else
            part[i] = (uint8_t)draw(&random, i, test, opts->valid);
        n[part[i]]++;
    }
    if (by_source && n[REC_TEST] == 0)
        st = rec_fail(err, REC_EFORMAT,
                      "--test-source %llu: no rating is from such a file",
                      (unsigned long long)opts->test_source);
    else if (n[REC_TRAIN] == 0)
        st = rec_fail(err, REC_EINPUT, "no rating is left for training");
    if (st != REC_OK)
        goto done;
    rec_table_set_attr(&t, "TR", n[REC_TRAIN]);
    rec_table_set_attr(&t, "VA", n[REC_VALID]);
    rec_table_set_attr(&t, "TE", n[REC_TEST]);
    for (int p = 0; p < REC_N_PARTS; p++)
        sizes[p] = n[p];
    *out = t;
    t = (struct rec_table){ 0 };
done:
    rec_table_free(&t);
    return st;
}
