#include "tools/tool.h"

#include <string.h>

#include "io/prov.h"

enum rec_status rec_record_options(const char *except, struct rec_buf *out,
                                   struct rec_err *err)
{
    struct rec_opt opts[REC_TOOL_MAX_OPTS];
    enum rec_status st;

    if (rec_tool->n_opts > 0)
        memcpy(opts, rec_tool->opts, rec_tool->n_opts * sizeof *opts);
    for (size_t i = 0; i < rec_tool->n_opts; i++)
        if (except != NULL && strcmp(opts[i].name, except) == 0)
            opts[i].recorded = false;
    st = rec_opt_record(opts, rec_tool->n_opts, out, err);
    return st == REC_OK ? rec_buf_add(out, "", 1, err) : st;
}

enum rec_status rec_stage_finish(const struct rec_reader *r, struct rec_writer *w,
                                 uint64_t input, struct rec_err *err)
{
    struct rec_buf arguments = { 0 }, lines = { 0 };
    size_t before = 0;
    enum rec_status st = rec_record_options(NULL, &arguments, err);

    if (st == REC_OK && r != NULL) {
        const struct rec_buf *prov = rec_reader_prov(r);

        st = rec_buf_add(&lines, prov->data, prov->n, err);
        before = lines.n;
    }
    if (st == REC_OK)
        st = rec_prov_add(&lines, rec_tool->name, (const char *)arguments.data, input,
                          err);
    if (st == REC_OK)
        st = rec_buf_add(&lines, "", 1, err);
    if (st == REC_OK)
        st = rec_writer_finish(w, (const char *)lines.data + before, err);
    else
        rec_writer_discard(w);
    rec_buf_free(&arguments);
    rec_buf_free(&lines);
    return st;
}

enum rec_status rec_stage_run(const struct rec_stage *stage, void *ctx,
                              struct rec_err *err)
{
    struct rec_reader *r = NULL;
    struct rec_writer *w = NULL;
    enum rec_status st = rec_reader_open(rec_args.files[0], &r, err);

    if (st == REC_OK)
        st = rec_writer_open(rec_args.output, (int)rec_args.level, &w, err);
    if (st == REC_OK)
        st = stage->want(r, ctx, err);
    if (st == REC_OK)
        st = rec_reader_run(r, w, err);
    if (st == REC_OK)
        st = stage->make(r, w, ctx, err);
    if (st == REC_OK) {
        st = rec_stage_finish(r, w, rec_reader_digest(r), err);
        w = NULL;
    }
    rec_writer_discard(w);
    rec_reader_close(r);
    return st;
}
