#include "data/synth.h"
#include "tools/tool.h"

#include <inttypes.h>

static struct rec_synth_opts opts = { .n_users = 2100,
                                      .n_items = 220,
                                      .n_ratings = 5000,
                                      .seed = 1,
                                      .singletons = REC_SYNTH_AUTO,
                                      .noise = REC_SYNTH_NOISE };

static const struct rec_opt table[] = {
    { "users", 'u', REC_OPT_COUNT, &opts.n_users, "N",
      "users, each with a rating or more", 1, 4294967294.0, true },
    { "items", 'i', REC_OPT_COUNT, &opts.n_items, "N",
      "items, each with a rating or more", 1, 4294967294.0, true },
    { "ratings", 'n', REC_OPT_COUNT, &opts.n_ratings, "N", "rows", 1, 281474976710656.0,
      true },
    { "singletons", 0, REC_OPT_REAL, &opts.singletons, "SHARE",
      "users with one rating; -1: 0.7, less where users rate often", -1, 1, true },
    { "noise", 0, REC_OPT_REAL, &opts.noise, "SD",
      "noise, of a score whose sd is 1 with it", 0, 1, true },
    { "shuffle", 0, REC_OPT_FLAG, &opts.shuffled, NULL,
      "rows in random order, not by item", 0, 0, true },
    { "seed", 's', REC_OPT_COUNT, &opts.seed, "N", "seed", 0, 0, true },
};

static enum rec_status write_rows(void *ctx, const void *text, size_t n,
                                  struct rec_err *err)
{
    return rec_out_write(ctx, text, n, err);
}

static enum rec_status run(struct rec_err *err)
{
    struct rec_synth_report r;
    struct rec_out *out = NULL;
    enum rec_status st = rec_out_open(rec_args.output, &out, err);

    if (st == REC_OK)
        st = rec_synth(&opts, write_rows, out, &r, err);
    if (st != REC_OK) {
        rec_out_discard(out);
        return st;
    }
    rec_note("mean %.4f, sd %.4f; RMSE of a model that knows everything but the noise: "
             "%.4f, "
             "the biases alone: %.4f",
             r.mean, r.sd, r.noise_floor, r.bias_floor);
    rec_note("%" PRIu64 " users with one rating; most by a user %" PRIu64
             ", of an item %" PRIu64,
             r.n_singletons, r.most_by_user, r.most_of_item);
    return rec_out_commit(out, err);
}

int main(int argc, char **argv)
{
    static const struct rec_tool tool = {
        .name = "rec-synth",
        .operands = "",
        .summary =
            "Writes invented ratings as CSV (user,item,rating,time), in the shape of a "
            "review file:\n"
            "most users rate once, few items are popular, most ratings are five.  They "
            "come from\n"
            "user and item biases and factors that -v states the noise floor of.",
        .example = "rec-synth --users 420000 --items 44000 --ratings 1000000 -o 1m.csv",
        .flags = REC_TOOL_NO_INPUT,
        .opts = table,
        .n_opts = sizeof table / sizeof *table,
        .run = run,
    };

    return rec_tool_main(&tool, argc, argv);
}
