/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers that are computed together: less memory and fewer passes over it than one after the other. Included by
 * ctorch.h, whose rules hold here too.
 */
#ifndef CTORCH_LAYERS_H
#define CTORCH_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ct_activation { CT_NO_ACTIVATION = 0, CT_RELU = 1, CT_PRELU = 2 } ct_activation;

/* Batch normalisation with what follows it; vectors are float32 [C]. */
typedef struct ct_norm_layer {
  const ct_tensor *weight;
  const ct_tensor *bias;
  /* Stored statistics; may be NULL where the batch's own are used and nothing moves. */
  ct_tensor *running_mean;
  ct_tensor *running_variance;
  /* CT_PRELU's slopes, else NULL. */
  const ct_tensor *slope;
  ct_activation activation;
  /* The batch's statistics normalise, and not the stored ones. */
  bool of_batch;
  /* The stored statistics move towards the batch's. */
  bool moves;
  double momentum;
  double epsilon;
} ct_norm_layer;

/* A convolution without bias and its normalisation. */
typedef struct ct_conv_norm {
  const ct_tensor *weight;
  ct_window window;
  ct_norm_layer norm;
} ct_conv_norm;

/* activation(norm(x) + added) of [N, C, H, W]; `added` may be NULL. For gradients `x` and `added` alone are kept. */
ct_error *ct_norm_act(ct_tensor **out, const ct_tensor *x, const ct_tensor *added, ct_norm_layer norm);

/* Stages one after another; before the last one's activation `x` is added if `adds_input`, or the result of
 * `shortcut` on `x` where there is one. For gradients are kept: `x`, the result, and the convolutions' results but
 * the last one's, which the backward pass computes again. */
ct_error *ct_conv_chain(ct_tensor **out, const ct_tensor *x, const ct_conv_norm *stages, size_t count,
                        const ct_conv_norm *shortcut, bool adds_input);

/* A stage that is never trained again, its normalisation by stored statistics folded into its convolution. */
typedef struct ct_frozen_stage {
  const ct_tensor *weight;
  const ct_tensor *bias;
  ct_window window;
  bool rectifies;
} ct_frozen_stage;

/* The weight, laid out for inputs like `x` and good for ct_frozen_chain alone, and the bias of a frozen stage. */
ct_error *ct_freeze_stage(ct_tensor **weight, ct_tensor **bias, const ct_conv_norm *stage, const ct_tensor *x);
/* ct_conv_chain of frozen stages, without a gradient. */
ct_error *ct_frozen_chain(ct_tensor **out, const ct_tensor *x, const ct_frozen_stage *stages, size_t count,
                          const ct_frozen_stage *shortcut, bool adds_input);

/* The sum of 3x3 convolutions of `x` [N, C, H, W] at several dilations, each padded to keep the size: weights
 * [K, C, 3, 3], biases [K] -> [N, K, H, W]. */
ct_error *ct_dilated_sum(ct_tensor **out, const ct_tensor *x, const ct_tensor *const *weights,
                         const ct_tensor *const *biases, const int64_t *dilations, size_t count);

/* 3x3 convolutions of each channel of `x` [N, C, H, W] by itself, each branch padded by its dilation and at one stride:
 * weights [C, 1, 3, 3] -> [N, count C, H', W'], branch by branch. Where `sums`, a branch is added to the one before. */
ct_error *ct_depthwise_ladder(ct_tensor **out, const ct_tensor *x, const ct_tensor *const *weights,
                              const int64_t *dilations, size_t count, int64_t stride, bool sums);
/* One 3x3 convolution, padded to keep the size, of which output channel j sees channels j, C + j, 2 C + j, ... of `x`
 * [N, K C, H, W]: weight [C, K, 3, 3] -> [N, C, H, W]. */
ct_error *ct_depthwise_merge(ct_tensor **out, const ct_tensor *x, const ct_tensor *weight);

/* x [..., in], weight [out, in], bias [out] or NULL -> [..., out]. */
ct_error *ct_linear(ct_tensor **out, const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias);
/* Normalises over the last axis; weight and bias are of its length. */
ct_error *ct_layer_norm(ct_tensor **out, const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias,
                        double epsilon);
/* x times the normal distribution's share below x, the exact form. */
ct_error *ct_gelu(ct_tensor **out, const ct_tensor *x);
/* softmax(query key^T / sqrt(d)) value: [N, heads, L, d], [N, heads, K, d], [N, heads, K, d] -> [N, heads, L, d]. */
ct_error *ct_attention(ct_tensor **out, const ct_tensor *query, const ct_tensor *key, const ct_tensor *value);

/* Whether this thread computes these layers by libtorch's operators one by one, which is slower and rounds as
 * PyTorch does: for comparisons. */
bool ct_composes_layers(void);
void ct_set_composes_layers(bool value);

#ifdef __cplusplus
}
#endif

#endif
