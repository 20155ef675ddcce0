#include "eval/recommending.h"
#include "tools/tool.h"

#include <inttypes.h>
#include <string.h>

static int form = REC_LIST_TSV;
static uint64_t top = 10, least;
static double boost;
static bool seen, skip;
static const char *users_file, *new_file;
static struct rec_opt_texts users, similar;

static const struct rec_opt table[] = {
    { "top", 'k', REC_OPT_COUNT, &top, "K", "items a list", 1, 4294967294.0, false },
    { "user", 'u', REC_OPT_TEXTS, &users, "ID", "for this user; may be repeated", 0, 0,
      false },
    { "users", 0, REC_OPT_TEXT, &users_file, "FILE", "for these, one id a line", 0, 0,
      false },
    { "new", 0, REC_OPT_TEXT, &new_file, "FILE",
      "for people of whom this CSV tells: user,item,rating", 0, 0, false },
    { "similar", 0, REC_OPT_TEXTS, &similar, "ITEM",
      "instead: items like this one; may be repeated", 0, 0, false },
    { "seen", 0, REC_OPT_FLAG, &seen, NULL, "also what a user already has", 0, 0,
      false },
    { "min-count", 0, REC_OPT_COUNT, &least, "N",
      "no item of less than N training ratings", 0, 0, false },
    { "popularity", 0, REC_OPT_REAL, &boost, "X", "adds X log(1 + count) to scores",
      -1e6, 1e6, false },
    { "skip-unknown", 0, REC_OPT_FLAG, &skip, NULL,
      "leave out ids that the model does not know", 0, 0, false },
    { "format", 0, REC_OPT_CHOICE, &form, "tsv|csv|jsonl", "form of the lists", 0, 0,
      false },
};

/* ---- what is asked ---- */

static enum rec_status check_options(struct rec_err *err)
{
    bool some = users.n > 0 || users_file != NULL;
    const char *side = users_file != NULL ? users_file : new_file;

    if (similar.n > 0 && (some || new_file != NULL))
        return rec_fail(err, REC_EUSAGE,
                        "--similar: not with --user, --users or --new");
    if (new_file != NULL && some)
        return rec_fail(err, REC_EUSAGE, "--new: not with --user or --users");
    if (similar.n > 0 && (seen || rec_opt_given("popularity")))
        return rec_fail(err, REC_EUSAGE, "--similar: not with --seen or --popularity");
    if (side != NULL && strcmp(side, "-") == 0 && strcmp(rec_args.files[0], "-") == 0)
        return rec_fail(err, REC_EUSAGE,
                        "--%s: the model comes from standard input already",
                        users_file != NULL ? "users" : "new");
    return side == NULL || strcmp(side, "-") == 0
               ? REC_OK
               : rec_check_side_file(users_file != NULL ? "users" : "new", side, err);
}

static enum rec_status choose_users(struct rec_catalog *c, struct rec_chosen *x,
                                    struct rec_err *err)
{
    enum rec_status st = REC_OK;

    if (users.n == 0 && users_file == NULL)
        return rec_choose_all(c, REC_USERS, x, err);
    for (size_t k = 0; st == REC_OK && k < users.n; k++)
        st = rec_choose(c, REC_USERS, users.text[k], strlen(users.text[k]), "--user", x,
                        err);
    if (st == REC_OK && users_file != NULL)
        st = rec_choose_from(c, REC_USERS, users_file, x, err);
    return st;
}

static enum rec_status choose_items(struct rec_catalog *c, struct rec_chosen *x,
                                    struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (size_t k = 0; st == REC_OK && k < similar.n; k++)
        st = rec_choose(c, REC_ITEMS, similar.text[k], strlen(similar.text[k]),
                        "--similar", x, err);
    return st;
}

/* ---- the answer ---- */

struct asked {
    struct rec_catalog c;
    struct rec_chosen chosen; /* users or items */
    struct rec_newcomers new;
};

static enum rec_status ask(struct asked *a, struct rec_err *err)
{
    a->chosen.skip = skip;
    if (new_file != NULL)
        return rec_newcomers_read(&a->c, new_file, skip, &a->new, err);
    return similar.n > 0 ? choose_items(&a->c, &a->chosen, err)
                         : choose_users(&a->c, &a->chosen, err);
}

static enum rec_status answer(const struct asked *a, struct rec_out *out,
                              uint64_t *short_lists, struct rec_err *err)
{
    struct rec_list_text t = {
        .form = (enum rec_list_form)form,
        .keys = { similar.n > 0 ? "item" : "user", similar.n > 0 ? "similar" : "item" },
        .items = a->c.ids[REC_ITEMS],
        .out = out,
    };
    uint32_t k = (uint32_t)top;
    enum rec_status st;

    if (new_file != NULL)
        st = rec_recommend_new(&a->c, &a->new, k, seen, &t, short_lists, err);
    else if (similar.n > 0)
        st = rec_recommend_similar(&a->c, a->chosen.number, a->chosen.n, k, &t,
                                   short_lists, err);
    else
        st = rec_recommend_users(&a->c, a->chosen.number, a->chosen.n, k, seen, &t,
                                 short_lists, err);
    return st == REC_OK ? rec_list_text_begin(&t, err) : st; /* if there was no list */
}

static void summarise(const struct asked *a, uint64_t short_lists)
{
    uint64_t unknown = a->chosen.n_unknown + a->new.n_unknown;
    uint32_t n_lists = new_file != NULL ? a->new.n : a->chosen.n;

    if (unknown > 0)
        rec_warn("left out: %" PRIu64 " %s that the model does not know", unknown,
                 new_file == NULL ? unknown == 1 ? "id" : "ids"
                 : unknown == 1   ? "row of an item"
                                  : "rows of items");
    rec_note("%u list%s, %" PRIu64 " of them with less than %" PRIu64 " item%s",
             n_lists, n_lists == 1 ? "" : "s", short_lists, top, top == 1 ? "" : "s");
}

static enum rec_status run(struct rec_err *err)
{
    struct asked a = { .chosen = { .n = 0 } };
    struct rec_out *out = NULL;
    uint64_t short_lists = 0;
    enum rec_status st = check_options(err);

    if (st == REC_OK)
        st = rec_catalog_open(rec_args.files[0], least, boost, &a.c, err);
    if (st == REC_OK)
        st = ask(&a, err);
    if (st == REC_OK)
        st = rec_out_open(rec_args.output, &out, err);
    if (st == REC_OK)
        st = answer(&a, out, &short_lists, err);
    if (st == REC_OK) {
        st = rec_out_commit(out, err);
        out = NULL;
    }
    if (st == REC_OK)
        summarise(&a, short_lists);
    rec_out_discard(out);
    rec_newcomers_free(&a.new);
    rec_chosen_free(&a.chosen);
    rec_catalog_close(&a.c);
    return st;
}

int main(int argc, char **argv)
{
    static const struct rec_tool tool = {
        .name = "rec-recommend",
        .operands = "[FILE]",
        .summary =
            "Reads a stream with a trained model and lists the items that it ranks "
            "best for each\nuser, without those that she has already: user, item, "
            "rank, score.  Also for people\nwho are new, without training again, and "
            "items like an item.",
        .example = "rec-recommend -k 20 --user alice model.rec",
        .flags = REC_TOOL_BLAS,
        .opts = table,
        .n_opts = sizeof table / sizeof *table,
        .run = run,
    };

    return rec_tool_main(&tool, argc, argv);
}
