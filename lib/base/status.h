#ifndef REC_STATUS_H
#define REC_STATUS_H

/*
 * How every library function reports failure.
 *
 * A function that can fail returns enum rec_status and takes struct rec_err *
 * last.  On failure it writes one sentence there -- what, where, what to do --
 * and leaves its outputs untouched or empty.  The library never prints and never
 * exits; a tool prints the sentence and exits with the status as its exit code.
 */
enum rec_status {
    REC_OK = 0,
    REC_NO = 1,      /* the answer is "no" */
    REC_EUSAGE = 2,  /* wrong options or operands */
    REC_EINPUT = 3,  /* bad input text */
    REC_EFORMAT = 4, /* container damaged, truncated or of the wrong kind */
    REC_ESYSTEM = 5, /* system call, memory, disk */
    REC_ENUMERIC = 6 /* NaN or infinity where a number was due */
};

struct rec_err {
    char text[1024];
};

#define REC_MUST_USE __attribute__((warn_unused_result))
#define REC_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Writes the sentence and returns ST, so that `return rec_fail(...)` reads well. */
enum rec_status rec_fail(struct rec_err *err, enum rec_status st, const char *fmt, ...)
    REC_PRINTF(3, 4);

/* The same, ending in ": " and strerror(errno); always REC_ESYSTEM. */
enum rec_status rec_fail_errno(struct rec_err *err, const char *fmt, ...)
    REC_PRINTF(2, 3);

/* Puts "PREFIX: " before the sentence, e.g. the file it is about; returns ST. */
enum rec_status rec_fail_in(struct rec_err *err, enum rec_status st,
                            const char *prefix);

/*
 * Copies N bytes of input into OUT (of OUT_BYTES, NUL included) so that they can
 * stand in a message or a terminal: control bytes become \xNN, a long text is cut
 * and ends in "...".  Returns OUT, which is empty if OUT_BYTES is below 8.
 */
const char *rec_printable(const char *s, unsigned long n, char *out,
                          unsigned long out_bytes);

#endif
