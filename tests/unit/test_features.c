/* Side features: matrices, sections, texts, and what models make of them. */
#include <math.h>

#include "base/par.h"
#include "data/featurize.h"
#include "nn/rgnn_learner.h"
#include "nn/settings.h"
#include "unit/sections.h"
#include "unit/toyfeatures.h"

static const uint32_t nodes[2] = { 9, 7 };

/* ---- matrices ---- */

static void a_matrix_and_its_transpose_have_the_same_entries(void)
{
    double dense[9][5] = { { 0 } }, back[9][5] = { { 0 } };
    struct rec_sparse f, t;

    toy_side(9, 5, 3, &f, &t);
    for (uint32_t r = 0; r < 9; r++)
        for (uint64_t e = f.off[r]; e < f.off[r + 1]; e++) {
            CHECK(e == f.off[r] || f.col[e - 1] < f.col[e]);
            dense[r][f.col[e]] += (double)f.value[e];
        }
    for (uint32_t c = 0; c < 5; c++)
        for (uint64_t e = t.off[c]; e < t.off[c + 1]; e++) {
            CHECK(e == t.off[c] || t.col[e - 1] < t.col[e]);
            back[t.col[e]][c] += (double)t.value[e];
        }
    CHECK(f.off[9] > 10 && f.off[1] == 0 && t.n_rows == 5 && t.n_cols == 9);
    CHECK(memcmp(dense, back, sizeof dense) == 0);
    rec_sparse_free(&f);
    rec_sparse_free(&t);
}

/* ---- sections ---- */

/* What is wrong in the section of users. */
enum damage { NONE, NODE, FEATURE, ORDER, VALUE, NO_NAMES, N_DAMAGES };

static void write_users(enum damage how)
{
    struct rec_table t, names;
    struct rec_writer *w = writer("features", 1);
    uint32_t *col[2];

    rec_features_init(&t, rec_features_sections[0], "users");
    rec_features_init_names(&names, rec_features_sections[0]);
    memcpy(t.by, "test", sizeof "test");
    memcpy(names.by, "test", sizeof "test");
    CHECK(rec_table_reserve(&t, 4, &err) == REC_OK);
    t.n_rows = 4;
    for (uint32_t k = 0; k < 2; k++)
        col[k] = t.cols[k].data;
    for (uint32_t i = 0; i < 4; i++) {
        col[0][i] = i / 2 * 3;
        col[1][i] = i % 2;
        ((float *)t.cols[2].data)[i] = how == VALUE && i == 2 ? INFINITY : 1.0f;
    }
    col[0][3] = how == NODE ? 9 : col[0][3];
    col[1][3] = how == FEATURE ? 2 : how == ORDER ? 0 : col[1][3];
    for (int k = 0; k < 2 && how != NO_NAMES; k++)
        CHECK(rec_features_add_name(&names, "ab", 1, &err) == REC_OK);
    CHECK(rec_writer_table(w, &t, &err) == REC_OK);
    CHECK(rec_writer_table(w, &names, &err) == REC_OK);
    CHECK(rec_writer_finish(w, LINE, &err) == REC_OK);
    rec_table_free(&t);
    rec_table_free(&names);
}

static void sections_come_back_and_damaged_ones_are_refused(void)
{
    for (enum damage how = NONE; how < N_DAMAGES; how++) {
        struct rec_features x = { 0 };
        struct rec_reader *r;
        enum rec_status st;

        write_users(how);
        CHECK(rec_reader_open(files_path("features"), &r, &err) == REC_OK);
        CHECK(rec_features_load(r, &err) == REC_OK);
        CHECK(rec_reader_run(r, NULL, &err) == REC_OK);
        st = rec_features_get(r, 9, 7, &x, &err);
        CHECKF(st == (how == NONE ? REC_OK : REC_EFORMAT), "%d: %s", (int)how,
               st == REC_OK ? "" : err.text);
        CHECK(how == NONE || strstr(err.text, "graph.features.users") != NULL);
        CHECK(x.f[0].n_cols == (how == NONE ? 2 : 0) && x.f[1].n_cols == 0);
        CHECK(how != NONE || (x.f[0].off[3] == 2 && x.f[0].off[4] == 4));
        rec_features_free(&x);
        rec_reader_close(r);
    }
}

/* ---- texts ---- */

/* Features of a, b and c in TEXT; the status, and whether memory is as it was. */
static enum rec_status make_text(const char *text, const char *columns, uint32_t *n)
{
    const char *path = files_write("text", text, strlen(text));
    const struct rec_feature_text_opts o = { .path = path,
                                             .columns = columns,
                                             .option = "--user-columns" };
    struct rec_feature_text t = { .n_rows = 0 };
    struct rec_table ids, entries = { .n_cols = 0 }, names = { .n_cols = 0 };
    struct rec_featurize_counts counts;
    enum rec_status st = REC_OK;

    rec_features_init_names(&ids, "users");
    for (uint32_t i = 0; st == REC_OK && i < 3; i++)
        st = rec_features_add_name(&ids, &"abc"[i], 1, &err);
    if (st == REC_OK)
        st = rec_feature_text_read(&o, &ids.cols[0], 3, "users", &t, &err);
    if (st == REC_OK)
        st = rec_featurize(&t, rec_features_sections[0], "users", &entries, &names,
                           &counts, &err);
    *n = (uint32_t)names.n_rows;
    rec_feature_text_free(&t);
    rec_table_free(&ids);
    rec_table_free(&entries);
    rec_table_free(&names);
    return st;
}

static void texts_survive_every_failed_allocation(void)
{
    uint64_t before = rec_mem_now(), at = 0;
    enum rec_status st = REC_ESYSTEM;
    uint32_t n = 0;

    while (st != REC_OK) {
        rec_mem_fail_at(++at);
        st = make_text("id,x,y,z\na,1,u|v,k\nb,2,v,l\nc,,w,k\n", "x,x:bin=2,y:list,z",
                       &n);
        rec_mem_fail_at(0);
        CHECK(st == REC_OK || st == REC_ESYSTEM);
        CHECK(rec_mem_now() == before && at < 300);
    }
    CHECKF(n == 1 + 2 + 3 + 2, "%u", n);
}

/* Whatever stands there: a result or a sentence, never a crash. */
static void random_texts_do_no_harm(void)
{
    static const char bytes[] = "ab,c|;\n\r\"1-.0e9\xff \t:=N";
    static const char *const specs[] = {
        NULL, "2", "1-2:flags", "2:bin=0.1", "2:list=c", "2:first=1,2:last=2"
    };
    uint64_t seed = 7, before = rec_mem_now();

    for (int k = 0; k < 500; k++) {
        char text[60];
        size_t len = test_random(&seed) % sizeof text;
        uint32_t n;
        enum rec_status st;

        for (size_t i = 0; i < len; i++)
            text[i] = bytes[test_random(&seed) % (sizeof bytes - 1)];
        text[len > 0 ? len - 1 : 0] = '\0';
        st = make_text(text, specs[k % 6], &n);
        CHECKF(st == REC_OK || st == REC_EINPUT || st == REC_EUSAGE, "%d: %s", (int)st,
               err.text);
        CHECK((st == REC_OK) == (n > 0) && rec_mem_now() == before);
    }
}

/* ---- what a model makes of them ---- */

struct known_toy {
    struct toy t;
    struct rec_features features;
    float *extra;
};

static struct known_toy make_known(const uint32_t n[2], size_t n_ratings,
                                   const uint32_t n_known[2], uint64_t seed)
{
    struct known_toy k = { .t = toy_make(n[0], n[1], n_ratings, seed) };

    k.features = toy_features(n, n_known, seed);
    k.extra = toy_extra(n_ratings, 2, seed);
    k.t.x.extra = k.extra;
    k.t.x.n_extra = 2;
    return k;
}

static void free_known(struct known_toy *k)
{
    toy_free(&k->t);
    rec_features_free(&k->features);
    free(k->extra);
}

/* h with features less h without, and the same of dot, by the formula: nodes without
 * ratings, the last of each side, as well. */
static void sums_have_the_features_of_their_nodes(void)
{
    static const uint32_t n_known[2] = { 4, 6 };
    const double lambda[2] = { 2.0, 3.0 };
    struct known_toy k = make_known(nodes, 90, n_known, 4);
    struct rec_rgnn_data x[2];
    struct rec_rgnn m[2];
    struct rec_rgnn_state s[2];

    for (int i = 0; i < 2; i++) {
        k.t.x.features = i == 0 ? NULL : &k.features;
        CHECK(rec_rgnn_data_make(&k.t.x, true, false, 3, 1, lambda, NULL, &x[i],
                                 &err) == REC_OK);
        CHECK(rec_rgnn_make(&x[i], 5, true, &m[i], &err) == REC_OK);
        CHECK(rec_rgnn_state_make(&x[i], &m[i], true, &s[i], &err) == REC_OK);
        rec_rgnn_init(&m[i], &x[i], 1, 0.5);
        for (int side = 0; side < 2; side++)
            for (uint32_t c = 0; c < m[i].c[side].rows; c++)
                m[i].c[side].x[c] = (rec_real)c - 1;
        rec_rgnn_forward(&m[i], &x[i], 1, &s[i]);
    }
    for (int side = 0; side < 2; side++)
        for (uint32_t v = 0; v < nodes[side]; v++) {
            const struct rec_sparse *f = &k.features.f[side];
            double want[6] = { 0 };

            for (uint64_t e = f->off[v]; e < f->off[v + 1]; e++) {
                for (uint32_t j = 0; j < 5; j++)
                    want[j] +=
                        (double)f->value[e] * (double)m[1].v[side].x[f->col[e] * 5 + j];
                want[5] += (double)f->value[e] * (double)m[1].c[side].x[f->col[e]];
            }
            for (uint32_t j = 0; j < 5; j++)
                CHECK(fabs((double)s[1].h[side][v * 5 + j] -
                           (double)s[0].h[side][v * 5 + j] - want[j]) < 1e-5);
            /* w is 0 */
            CHECK(fabs((double)s[1].dot[side][v] - want[5]) < 1e-5);
        }
    for (int i = 0; i < 2; i++) {
        rec_rgnn_state_free(&s[i]);
        rec_rgnn_free(&m[i]);
        rec_rgnn_data_free(&x[i]);
    }
    free_known(&k);
}

/* Each training edge, and each row asked for, has the features of its own rating; they
 * are found by a rating's features, which are all different. */
static void ratings_have_their_own_features(void)
{
    static const uint32_t none[2] = { 0, 0 };
    const double lambda[2] = { 2.0, 3.0 };
    struct known_toy k = make_known(nodes, 150, none, 5);
    struct rec_ratings bare;
    struct rec_rgnn_data x;
    struct rec_rgnn_features f;
    uint32_t n = 0;

    for (size_t i = 0; i < 2 * k.t.x.n; i++)
        k.extra[i] = (float)i;
    CHECK(rec_rgnn_data_make(&k.t.x, true, false, 3, 1, lambda, NULL, &x, &err) ==
          REC_OK);
    CHECK(x.x.n == 6);
    for (uint32_t u = 0; u < nodes[0]; u++)
        for (uint64_t e = rec_rgnn_first(&x.g, REC_USERS, u);
             e < rec_rgnn_last(&x.g, REC_USERS, u); e++, n++) {
            size_t i = (size_t)x.x.x[e * 6] / 2;

            CHECK(k.t.x.part[i] == REC_TRAIN && k.t.x.user[i] == u);
            CHECK(k.t.x.item[i] == x.g.side[REC_USERS].to[e]);
            CHECK(memcmp(&k.t.x.rating[i], &x.g.side[REC_USERS].rating[e], 4) == 0);
            CHECK(fabsf((float)x.x.x[e * 6 + 1] - k.extra[2 * i + 1]) < 1e-3f);
        }
    CHECK(n == x.g.n_edges);
    CHECK(rec_rgnn_features_ask(&x.g, &x.bias, &x.taus, &k.t.x, 1u << REC_TEST, &f,
                                &err) == REC_OK);
    for (size_t i = 0; i < k.t.x.n; i++)
        if (f.at[i] != UINT32_MAX)
            CHECK(fabsf((float)f.x[f.at[i] * 6 + 1] - k.extra[2 * i + 1]) < 1e-3f);
    rec_rgnn_features_free(&f);
    bare = k.t.x; /* rows asked for that are none of the ratings */
    bare.extra = NULL;
    bare.n_extra = 0;
    CHECK(rec_rgnn_features_ask(&x.g, &x.bias, &x.taus, &bare, 1u << REC_TEST, &f,
                                &err) == REC_OK);
    CHECK(f.n == 6 && fabs((double)f.x[0]) + fabs((double)f.x[1]) <= 0.0);
    rec_rgnn_features_free(&f);
    rec_rgnn_data_free(&x);
    free_known(&k);
}

static struct rec_rgnn_opts opts(void)
{
    return (struct rec_rgnn_opts){ .width = 8,
                                   .n_folds = 3,
                                   .seed = 1,
                                   .lambda = { 2, 2 },
                                   .penalty = 0.06,
                                   .dropout = 0.5,
                                   .init = 0.01 };
}

static void threads_do_not_change_a_bit(void)
{
    static const uint32_t n[2] = { 900, 700 }, n_known[2] = { 40, 3 };
    struct known_toy k = make_known(n, 20000, n_known, 5);
    const struct rec_rgnn_opts o = opts();
    rec_real *values[2];
    size_t bytes = 0;

    k.t.x.features = &k.features;
    for (unsigned i = 0; i < 2; i++) {
        struct rec_rgnn_learner x;
        struct rec_learner l = rec_rgnn_learner(&x);

        rec_par_set_threads(i == 0 ? 1 : 4);
        CHECK(rec_rgnn_learner_make(&x, &k.t.x, &o, &err) == REC_OK);
        (void)l.loss(l.self);
        l.epoch(l.self, 1, 0.01);
        bytes = rec_learner_n_values(&l) * sizeof(rec_real);
        values[i] = malloc(bytes);
        CHECK(values[i] != NULL);
        rec_learner_get(&l, values[i]);
        rec_rgnn_learner_free(&x);
    }
    rec_par_set_threads(1);
    CHECK(memcmp(values[0], values[1], bytes) == 0);
    free(values[0]);
    free(values[1]);
    free_known(&k);
}

static void a_learner_survives_every_failed_allocation(void)
{
    static const uint32_t n_known[2] = { 4, 6 };
    struct known_toy k = make_known(nodes, 60, n_known, 6);
    const struct rec_rgnn_opts o = opts();
    uint64_t before = rec_mem_now(), at = 0;
    enum rec_status st = REC_ESYSTEM;

    k.t.x.features = &k.features;
    while (st != REC_OK) {
        struct rec_rgnn_learner x = { .opts = { 0 } };

        rec_mem_fail_at(++at);
        st = rec_rgnn_learner_make(&x, &k.t.x, &o, &err);
        rec_mem_fail_at(0);
        CHECK(st == REC_OK || st == REC_ESYSTEM);
        rec_rgnn_learner_free(&x);
        CHECK(rec_mem_now() == before && at < 200);
    }
    free_known(&k);
}

/* ---- what a model remembers ---- */

static void a_model_gets_what_it_was_trained_with_or_is_refused(void)
{
    static const uint32_t n_known[2] = { 4, 6 }, others[][2] = { { 4, 5 }, { 0, 6 } };
    struct known_toy k = make_known(nodes, 30, n_known, 6);
    struct rec_features view;
    struct rec_ratings out;
    struct rec_table t;

    k.t.x.features = &k.features;
    rec_settings_init(&t, "model", "test");
    CHECK(rec_features_remember(&t, NULL, 0, &err) == REC_OK && t.n_rows == 0);
    CHECK(rec_features_recall(&t, &k.t.x, &view, &out, &err) == REC_OK);
    CHECK(out.features == NULL && out.extra == NULL && out.n_extra == 0);
    CHECK(rec_features_remember(&t, &k.features, 2, &err) == REC_OK && t.n_rows == 3);
    CHECK(rec_features_recall(&t, &k.t.x, &view, &out, &err) == REC_OK);
    CHECK(out.features == &view && out.extra == k.extra && out.n_extra == 2);
    CHECK(view.f[1].col == k.features.f[1].col && view.t[0].off == k.features.t[0].off);
    for (size_t i = 0; i < 2; i++) {
        struct rec_features other = toy_features(nodes, others[i], 1);

        k.t.x.features = &other;
        CHECK(rec_features_recall(&t, &k.t.x, &view, &out, &err) == REC_EFORMAT);
        CHECKF(strstr(err.text, i == 0 ? "6 features of section 'graph.features.items'"
                                       : "4 features of section "
                                         "'graph.features.users', and there are 0") !=
                   NULL,
               "%s", err.text);
        rec_features_free(&other);
    }
    k.t.x.features = NULL;
    CHECK(rec_features_recall(&t, &k.t.x, &view, &out, &err) == REC_EFORMAT);
    k.t.x.features = &k.features;
    k.t.x.n_extra = 0;
    CHECK(rec_features_recall(&t, &k.t.x, &view, &out, &err) == REC_EFORMAT);
    CHECK(strstr(err.text, "graph.features.ratings") != NULL);
    rec_table_free(&t);
    free_known(&k);
}

int main(void)
{
    files_begin();
    RUN(a_matrix_and_its_transpose_have_the_same_entries);
    RUN(sections_come_back_and_damaged_ones_are_refused);
    RUN(texts_survive_every_failed_allocation);
    RUN(random_texts_do_no_harm);
    RUN(sums_have_the_features_of_their_nodes);
    RUN(ratings_have_their_own_features);
    RUN(threads_do_not_change_a_bit);
    RUN(a_learner_survives_every_failed_allocation);
    RUN(a_model_gets_what_it_was_trained_with_or_is_refused);
    files_end();
    return test_end();
}
