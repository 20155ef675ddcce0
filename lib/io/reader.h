#ifndef REC_READER_H
#define REC_READER_H

#include "io/frame.h"
#include "io/table.h"
#include "io/writer.h"

/*
 * Reads one container from beginning to END, in one pass.  What a stage wants of it is
 * said before: sections to load, to be handed over block by block, or to leave out of
 * what is relayed.  Every byte is checked, also of what is only passed on.
 */
struct rec_reader;

/* PATH as rec_in_open(). */
enum rec_status rec_reader_open(const char *path, struct rec_reader **out,
                                struct rec_err *err) REC_MUST_USE;

/*
 * Called with the next rows of a section, in order; the table is the callee's only
 * during the call.  An empty section is handed over once, with no rows.
 */
typedef enum rec_status rec_block_fn(void *ctx, const struct rec_table *block,
                                     struct rec_err *err);

/*
 * PATTERN is a name, or the beginning of names and '*'.  The strings must outlive the
 * reader.  Where several patterns fit, each has its effect, but that a section handed
 * over in blocks is not loaded.
 */
enum rec_status rec_reader_load(struct rec_reader *r, const char *pattern,
                                struct rec_err *err) REC_MUST_USE;
/* Only these columns, names split by spaces; the others are checked as bytes alone, and
 * have no data.  Several calls add up. */
enum rec_status rec_reader_load_columns(struct rec_reader *r, const char *pattern,
                                        const char *columns,
                                        struct rec_err *err) REC_MUST_USE;
enum rec_status rec_reader_drop(struct rec_reader *r, const char *pattern,
                                struct rec_err *err) REC_MUST_USE;
enum rec_status rec_reader_blocks(struct rec_reader *r, const char *pattern,
                                  rec_block_fn *fn, void *ctx,
                                  struct rec_err *err) REC_MUST_USE;

/*
 * Reads up to END.  All frames but END and those of dropped sections go to RELAY, byte
 * for byte, unless it is NULL.  REC_EFORMAT if the input is damaged or ends early.
 */
enum rec_status rec_reader_run(struct rec_reader *r, struct rec_writer *relay,
                               struct rec_err *err) REC_MUST_USE;

/* ---- after rec_reader_run() ---- */

/* The section of this name (its rows, if it was loaded), or NULL. */
struct rec_table *rec_reader_table(struct rec_reader *r, const char *name);
/* The same, but its absence is REC_EFORMAT: "no section 'graph': run rec-graph first".
 */
enum rec_status rec_reader_need(struct rec_reader *r, const char *name,
                                const char *maker, struct rec_table **out,
                                struct rec_err *err) REC_MUST_USE;

uint32_t rec_reader_n_sections(const struct rec_reader *r);
/* What is known of section INDEX, in stream order. */
struct rec_section_info {
    uint32_t id;
    const struct rec_table *table; /* n_rows is set also if it was not loaded */
    uint64_t n_frames;
    uint64_t raw_bytes, stored_bytes; /* of the payloads of its DATA frames */
};
struct rec_section_info rec_reader_section(const struct rec_reader *r, uint32_t index);

/* The provenance lines, each with its newline. */
const struct rec_buf *rec_reader_prov(const struct rec_reader *r);
/* The digest that END carries. */
uint64_t rec_reader_digest(const struct rec_reader *r);
const char *rec_reader_name(const struct rec_reader *r);

void rec_reader_close(struct rec_reader *r);

#endif
