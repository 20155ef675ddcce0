#ifndef REC_TRAINOPTS_H
#define REC_TRAINOPTS_H

#include "base/opt.h"
#include "nn/kind.h"
#include "nn/train.h"

/* The options of rec-train: what each kind of model takes, and what it has by default.
 */
enum metric { REC_METRIC_RMSE, REC_METRIC_MAE, REC_METRIC_LOSS };

/* What was asked for; after trainopts_check() and trainopts_settle() nothing is open.
 */
struct trainopts {
    int model, metric; /* REC_MODEL_.., enum metric */
    struct rec_model_opts net;
    struct rec_train_opts train;
    const char *log_path;
    bool no_features;
};
extern struct trainopts asked;

extern struct rec_opt trainopts_table[];
extern const size_t trainopts_n;

/* After parsing: refuses what does not go together, fills in the defaults of the model.
 */
enum rec_status trainopts_check(struct rec_err *err) REC_MUST_USE;
/* What is open then and depends on the ratings; the options that it sets are recorded
 * as if they had been given. */
enum rec_status trainopts_settle(const struct rec_ratings *ratings,
                                 struct rec_err *err) REC_MUST_USE;

#endif
