/*
 * No guard: included by fused_width.h for each width.  Rows and tiles of rows: sums of
 * rows along edges, and products of a tile with a small matrix and with another tile.
 */
INLINE void F(fetch)(const rec_real *row)
{
    EACH(i, (REC_D * REC_REAL_BYTES + 63u) / 64u)
    __builtin_prefetch((const char *)row + 64 * i);
}

/* sum = x[n] + the rows of x at the other ends of n's edges */
INLINE void F(gather)(const struct rec_fused_work *k, const rec_real *x, uint32_t n,
                      vec *sum)
{
    const uint32_t *to = k->g->to + k->g->off[n], *end = k->g->to + k->g->off[n + 1];
    const vec *own = (const vec *)(x + (size_t)n * REC_D);

    EACH(j, NV)
    sum[j] = own[j];
    if (SPLIT > 1 && end - to >= 8) {
        vec more[SPLIT][NV];

        EACH(i, SPLIT)
        EACH(j, NV)
        more[i][j] = SPLAT((rec_real)0);
        for (; end - to >= SPLIT; to += SPLIT)
            EACH(i, SPLIT)
            {
                const vec *row = (const vec *)(x + (size_t)to[i] * REC_D);

                F(fetch)(x + (size_t)to[i + AHEAD] * REC_D);
                EACH(j, NV)
                more[i][j] += row[j];
            }
        EACH(i, SPLIT)
        EACH(j, NV)
        sum[j] += more[i][j];
    }
    for (; to < end; to++) {
        const vec *row = (const vec *)(x + (size_t)*to * REC_D);

        F(fetch)(x + (size_t)to[AHEAD] * REC_D);
        EACH(j, NV)
        sum[j] += row[j];
    }
}

/* out = x w + b, for a tile; b NULL is 0 */
INLINE void F(times)(const vec (*x)[NV], const rec_real *w, const rec_real *b,
                     uint32_t rows, vec (*out)[NV])
{
    for (uint32_t r = 0; r < rows; r += RB)
        for (uint32_t at = 0; at < NV; at += CB) {
            const rec_real *x_row = (const rec_real *)x[r], *w_row = w + at * LANES;
            vec sum[RB][CB];

            EACH(i, RB)
            EACH(j, CB)
            {
                sum[i][j] = SPLAT((rec_real)0);
                if (b != NULL)
                    sum[i][j] = ((const vec *)b)[at + j];
            }
            for (uint32_t c = 0; c < REC_D; c++, w_row += REC_D)
                EACH(i, RB)
            EACH(j, CB)
            sum[i][j] =
                VFMA(SPLAT(x_row[i * REC_D + c]), ((const vec *)w_row)[j], sum[i][j]);
            EACH(i, RB)
            EACH(j, CB)
            out[r + i][at + j] = sum[i][j];
        }
}

/* sum += x' y, over the rows of a tile */
INLINE void F(outer)(const vec (*x)[NV], const vec (*y)[NV], uint32_t rows,
                     rec_real *out)
{
    for (uint32_t c = 0; c < REC_D; c += RB)
        for (uint32_t at = 0; at < NV; at += CB) {
            rec_real *out_row = out + (size_t)c * REC_D + at * LANES;
            vec sum[RB][CB];

            EACH(i, RB)
            EACH(j, CB)
            sum[i][j] = ((const vec *)(out_row + i * REC_D))[j];
            for (uint32_t r = 0; r < rows; r++) {
                const rec_real *x_row = (const rec_real *)x[r] + c;

                EACH(i, RB)
                EACH(j, CB)
                sum[i][j] = VFMA(SPLAT(x_row[i]), y[r][at + j], sum[i][j]);
            }
            EACH(i, RB)
            EACH(j, CB)
            ((vec *)(out_row + i * REC_D))[j] = sum[i][j];
        }
}

/* Rows FROM .. TO of a tile are 0. */
INLINE void F(clear)(vec (*x)[NV], uint32_t from, uint32_t to)
{
    for (uint32_t r = from; r < to; r++)
        EACH(j, NV)
    x[r][j] = SPLAT((rec_real)0);
}
