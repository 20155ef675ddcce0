#include "data/form.h"

#include "io/list.h"

static bool are_lists(enum rec_form form, const struct rec_fields_opts *o,
                      const struct rec_csv *csv)
{
    struct rec_csv_span ahead = rec_csv_ahead(csv);

    if (form != REC_FORM_AUTO)
        return form == REC_FORM_LIST;
    return !rec_fields_chosen(o) && rec_list_found(&ahead);
}

enum rec_status rec_form_choose(enum rec_form form, const struct rec_fields_opts *o,
                                const struct rec_csv_dialect *given,
                                struct rec_csv *csv, const struct rec_csv_row *first,
                                struct rec_fields *out, bool *is_header,
                                struct rec_err *err)
{
    struct rec_csv_dialect d = rec_csv_dialect(csv);
    enum rec_status st;

    if (!are_lists(form, o, csv))
        return rec_fields_choose(o, rec_csv_name(csv), d, first, out, is_header, err);
    *is_header = false;
    if (given->delim == 0 && d.delim != '\t') {
        d.delim = ' ';
        d.doubled = false;
    }
    st = rec_fields_of_list(o, rec_csv_name(csv), d, out, err);
    return st == REC_OK ? rec_csv_take_lists(csv, d, err) : st;
}
