#include "io/listing.h"

#include <inttypes.h>

enum rec_status rec_listing_sections(const struct rec_reader *r, struct rec_buf *text,
                                     struct rec_err *err)
{
    enum rec_status st =
        rec_buf_addf(text, err, "section\tkind\tby\trows\tframes\tbytes\tstored\n");

    for (uint32_t i = 0; st == REC_OK && i < rec_reader_n_sections(r); i++) {
        struct rec_section_info s = rec_reader_section(r, i);

        st = rec_buf_addf(text, err,
                          "%s\t%s\t%s\t%zu\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
                          s.table->name, rec_kind_names[s.table->kind], s.table->by,
                          s.table->n_rows, s.n_frames, s.raw_bytes, s.stored_bytes);
    }
    return st;
}

enum rec_status rec_listing_headers(const struct rec_reader *r, struct rec_buf *text,
                                    struct rec_err *err)
{
    const struct rec_buf *lines = rec_reader_prov(r);
    enum rec_status st = REC_OK;

    for (uint32_t i = 0; st == REC_OK && i < rec_reader_n_sections(r); i++) {
        struct rec_section_info s = rec_reader_section(r, i);

        st = rec_table_write_header(s.table, s.id, text, err);
    }
    return st == REC_OK ? rec_buf_add(text, lines->data, lines->n, err) : st;
}
