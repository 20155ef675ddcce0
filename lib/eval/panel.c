#include "eval/panel.h"

enum { DEFAULT_TOP = 20 };

enum rec_status rec_panel_make(const struct rec_ratings *x,
                               const struct rec_panel_opts *opts, struct rec_report *r,
                               struct rec_panel *out, struct rec_err *err)
{
    *out = (struct rec_panel){ .opts = *opts, .report = r };
    return rec_judge_make(x, REC_N_BASELINES + opts->n_models, opts->boot_by_row,
                          &out->judge, err);
}

void rec_panel_free(struct rec_panel *p)
{
    rec_judge_free(&p->judge);
    rec_rank_judge_free(&p->rank);
}

static enum rec_status add_rating(struct rec_panel *p, const struct rec_entry *e,
                                  const char *name, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    if (!p->rates)
        st = rec_baselines_judge(&p->judge, &p->opts.lambda, p->report, err);
    p->rates = true;
    return st == REC_OK ? rec_entry_judge(e, &p->judge, name, err) : st;
}

static enum rec_status add_ranking(struct rec_panel *p, const struct rec_entry *e,
                                   const char *name, struct rec_err *err)
{
    const struct rec_cutoffs usual = { .n = 1, .k = { DEFAULT_TOP } };
    const struct rec_cutoffs *at = p->opts.top.n > 0 ? &p->opts.top : &usual;
    struct rec_ranker r;
    enum rec_status st = rec_judge_same(&p->judge, &e->x, err);

    if (st == REC_OK)
        st = rec_ranker_of(&e->t, e->x.n_items, &r, err);
    if (st == REC_OK && !p->ranks)
        st = rec_rank_judge_make(p->judge.x, at, p->opts.relevant, p->opts.n_models,
                                 &p->rank, err);
    if (st == REC_OK) {
        p->ranks = true;
        st = rec_rank_judge_add(&p->rank, &r, name != NULL ? name : e->t.kind->name,
                                err);
    }
    return st == REC_OK ? st : rec_fail_in(err, st, rec_reader_name(e->r));
}

enum rec_status rec_panel_add(struct rec_panel *p, const struct rec_entry *e,
                              const char *name, struct rec_err *err)
{
    bool rates = e->t.kind->rating != NULL;
    enum rec_status st = rates ? add_rating(p, e, name, err) : REC_OK;

    if (st == REC_OK && (p->opts.top.n > 0 || !rates))
        st = add_ranking(p, e, name, err);
    return st;
}

enum rec_status rec_panel_part(const struct rec_panel *p, enum rec_part part,
                               const struct rec_judge_opts *o, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    if (p->rates)
        st = rec_judge_part(&p->judge, part, o, p->report, err);
    if (st == REC_OK && p->ranks)
        st = rec_rank_judge_part(&p->rank, part, o, p->report, err);
    return st;
}
