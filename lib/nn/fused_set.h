/*
 * No guard: the passes for every width, and their table, REC_SET.  Included by one
 * file a set of instructions, after it has chosen them; REC_SET_VB is the size of its
 * vectors.
 */
#include <math.h>
#include <string.h>

#include "nn/fused_pass.h"

#define REC_D 8
#include "nn/fused_width.h"
#define REC_D 16
#include "nn/fused_width.h"
#define REC_D 24
#include "nn/fused_width.h"
#ifndef REC_FUSED_FEW
#define REC_D 32
#include "nn/fused_width.h"
#define REC_D 48
#include "nn/fused_width.h"
#define REC_D 64
#include "nn/fused_width.h"
#define REC_D 96
#include "nn/fused_width.h"
#define REC_D 128
#include "nn/fused_width.h"
#define REC_D 256
#include "nn/fused_width.h"
#endif

#define PASSES(d)                                                                   \
    {                                                                               \
        d, hidden_users_##d, hidden_singles_##d, hidden_items_##d, share_items_##d, \
            share_users_##d, share_singles_##d, back_items_##d, update_users_##d,   \
            update_singles_##d, update_items_##d, shares_##d, lonely_shares_##d     \
    }

const struct rec_fused_passes REC_SET[] = { PASSES(8),     PASSES(16),  PASSES(24),
#ifndef REC_FUSED_FEW
                                            PASSES(32),    PASSES(48),  PASSES(64),
                                            PASSES(96),    PASSES(128), PASSES(256),
#endif
                                            { .width = 0 } };
