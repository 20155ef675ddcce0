#ifndef REC_LISTING_H
#define REC_LISTING_H

#include "io/reader.h"

/*
 * What R has read, as text that is appended to TEXT.
 *
 *   sections  a line a section under a header: section, kind, by, rows, frames, bytes
 *             (of the payloads), stored (the same, as they are in the stream)
 *   headers   the header lines of all sections, then the provenance lines
 */
enum rec_status rec_listing_sections(const struct rec_reader *r, struct rec_buf *text,
                                     struct rec_err *err) REC_MUST_USE;
enum rec_status rec_listing_headers(const struct rec_reader *r, struct rec_buf *text,
                                    struct rec_err *err) REC_MUST_USE;

#endif
