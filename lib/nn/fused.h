#ifndef REC_FUSED_H
#define REC_FUSED_H

#include "nn/gcn.h"
#include "nn/order.h"

/*
 * The training of a rec_gcn of two layers at the speed of memory, full batch with
 * Adam: rec_gcn_forward() .. rec_gcn_backward() and rec_adam_step() in six passes over
 * the graph, in an order of the nodes that keeps neighbours near (rec_order).  What
 * makes it fast:
 *
 *   edges have no values: kept is W~ = D^-1/2 W1, so that H1~ = D^-1/2 relu(D^-1/2
 *     (A + I) W~ + b1) sums rows; 4 bytes an edge beside the rows;
 *   a row is used where it is made: W2, relu and the decoder follow in registers, the
 *     gradient of a row of W1 goes into Adam and is never stored;
 *   rating = s_u + s_i + c needs sums a node only, and the backward of layer 2 gathers
 *     a number and a row of bits a neighbour;
 *   users of one edge have neither a list of edges nor a row of H: it is made again
 *     where it is wanted, and what their item gathers is added up meanwhile;
 *   nodes without training edges are left out: their rows have no gradient.
 *
 * The same bits for any number of threads: every row has one owner, chunks follow from
 * the graph, sums over them are added in their order.  Bits differ between sets of
 * instructions (order of sums, fused multiplication); rec_kernel_set() names the one
 * in use.  Bytes moved: fused_pass.h.
 */
struct rec_fused;

/* What it can do; else use the plain path. */
bool rec_fused_serves(const struct rec_gcn *m, const struct rec_adam *adam);

/* "avx512", "avx2" or "base": the best that the processor has. */
const char *rec_kernel_set(void);
/* For tests: from now on this one; false if there is none of that name here. */
bool rec_kernel_set_use(const char *name);

/* The graph, which may be freed afterwards, as the training wants it. */
enum rec_status rec_fused_make(const struct rec_graph *g, uint32_t width,
                               struct rec_fused **out,
                               struct rec_err *err) REC_MUST_USE;
void rec_fused_free(struct rec_fused *f);
/* Bytes that rec_fused_make() takes at the most, once it is done; *TABLES: those that
 * rec_fused_begin() and rec_fused_end() put beside W1. */
uint64_t rec_fused_memory(const struct rec_graph *g, uint32_t width, uint64_t *tables);

/*
 * Between begin and end M's W1, in F's own order, is F's: it is not to be read from M.
 * Its m and v are Adam's, in that order, 0 at first and without users of no edge; its
 * dx is no gradient.  Begin needs none of the three and frees what it finds; after end
 * there is none of them.  All other tensors stay what they are.  After a failure of
 * one of them only free both.  No other call allocates.
 */
enum rec_status rec_fused_begin(struct rec_fused *f, struct rec_gcn *m,
                                struct rec_err *err) REC_MUST_USE;
enum rec_status rec_fused_end(struct rec_fused *f, struct rec_gcn *m,
                              struct rec_err *err) REC_MUST_USE;

/* The loss of the present weights; and what rec_fused_step() needs. */
double rec_fused_forward(struct rec_fused *f, struct rec_gcn *m);
/* Once after forward: gradients (those of W1 are not kept), then Adam on all. */
void rec_fused_step(struct rec_fused *f, struct rec_gcn *m, const struct rec_adam *adam,
                    uint64_t step);

/*
 * After forward: s (N), by the graph's own node numbers, as in rec_gcn_state.  Nodes
 * without edges are computed as well.
 */
void rec_fused_shares(const struct rec_fused *f, rec_real *s);

/* W1 (N, D) as it is now, by the graph's own node numbers. */
void rec_fused_w1(const struct rec_fused *f, rec_real *w1);

/*
 * For benchmarks: SECONDS gets added what each pass takes, from now on; and the bytes
 * that each moves at the least, see fused_pass.h, and how many of them belong to rows
 * and records at the other ends of edges.
 */
enum { REC_FUSED_PASSES = 6 };
void rec_fused_watch(struct rec_fused *f, double seconds[REC_FUSED_PASSES]);
void rec_fused_bytes(const struct rec_fused *f, double bytes[REC_FUSED_PASSES],
                     double gathered[REC_FUSED_PASSES]);
extern const char *const rec_fused_names[REC_FUSED_PASSES];

#endif
