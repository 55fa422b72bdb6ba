// SPDX-License-Identifier: Apache-2.0
// Losses of dense predictions and their gradients in one pass over the pixels. Source: Cao et al. 2024.
#ifndef CTORCH_OBJECTIVE_H
#define CTORCH_OBJECTIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "ctorch_error.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ct_tensor;

/// How far a pixel's label counts, by the judge's two largest upsampled logits z1 >= z2, probabilities p1 and p2.
typedef enum ct_trust {
  /// 1
  CT_TRUST_ALIKE = 0,
  /// 1 - z2 / z1
  CT_TRUST_LOGITS = 1,
  /// 1 - p2 / p1
  CT_TRUST_PROBABILITIES = 2,
  /// p1
  CT_TRUST_FIRST = 3,
  /// 1 - p2
  CT_TRUST_SECOND = 4,
} ct_trust;

/// Multipliers of the terms, or their values. A term of weight 0 is not computed, and its value is 0.
typedef struct ct_objective_terms {
  /// The cross-entropy with the labels, times class weight and trust.
  double trusted;
  /// The cross-entropy with the labels, times class weight, where the nearest class is the label.
  double agreed;
  /// The cross-entropy with the nearest class.
  double nearest;
  /// The cross-entropy of the similarities with the class of the largest logit.
  double mutual;
  /// -sum p log(p + 1e-5)
  double entropy;
} ct_objective_terms;

/// What the losses are made of: maps at any size, met at the labels' size by bilinear upsampling
/// (align_corners). All float32, contiguous and on the CPU but the labels. At most 255 classes.
typedef struct ct_objective {
  /// [N, C, h, w]
  const struct ct_tensor *logits;
  /// Logits of the network that is asked for trust [N, C, h', w']; NULL where all labels count alike.
  const struct ct_tensor *judge;
  /// uint8 or int64 [N, H, W]; 255 is ignored.
  const struct ct_tensor *labels;
  /// [C]
  const struct ct_tensor *class_weights;
  /// [N, C, h", w"]; the nearest class is its argmax there, brought to the pixels by nearest neighbour. NULL
  /// where no term needs it.
  const struct ct_tensor *similarities;
  ct_objective_terms weights;
  ct_trust trust;
  /// Whether the entropy counts only where the class of the largest logit is the label.
  bool entropy_where_agreed;
  /// Whether ignored pixels count in the means of the first two terms.
  bool ignored_in_mean;
} ct_objective;

/// The terms, multiplied by their weights, and the gradients of their sum. The result does not depend on the
/// number of threads. `*similarities_gradient` is NULL where the weight of `mutual` is 0.
ct_error *ct_objective_evaluate(ct_objective_terms *values, struct ct_tensor **logits_gradient,
                                struct ct_tensor **similarities_gradient, const ct_objective *objective);

#ifdef __cplusplus
}
#endif

#endif
