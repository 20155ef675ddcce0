#ifndef REC_NUM_H
#define REC_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Strict numbers: the whole of the N bytes at S is the number, or the answer is
 * false and *out is unchanged.  No leading space or '+', no hexadecimal, no "nan"
 * or "inf"; a decimal point is '.', as no program here calls setlocale().
 */
bool rec_parse_u64(const char *s, size_t n, uint64_t *out);
bool rec_parse_i64(const char *s, size_t n, int64_t *out);
/* Correctly rounded; false if the value overflows to infinity. */
bool rec_parse_f64(const char *s, size_t n, double *out);
/* A count of bytes: digits and an optional K, M, G or T (powers of 1024). */
bool rec_parse_size(const char *s, size_t n, uint64_t *out);

/*
 * Writes X as %g with the fewest digits, from 6 (f32) or 15 (f64) on, that read back as
 * the same value, NUL included, into OUT (at least REC_NUM_CHARS bytes); returns its
 * length.
 */
#define REC_NUM_CHARS 32
size_t rec_format_f32(float x, char *out);
size_t rec_format_f64(double x, char *out);

/*
 * Writes X as %.6f does, faster; from 1e15 on as %.9g.  NUL included, into OUT (at least
 * REC_FIXED_CHARS bytes); returns its length.
 */
#define REC_FIXED_CHARS 32
size_t rec_format_fixed(double x, char *out);

#endif
