/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole C ABI over libtorch.
 *
 * Every function that can fail returns NULL, or an error that the caller owns and frees with ct_error_free.
 * Results go to out-parameters, written only on success. Tensors given out belong to the caller (ct_tensor_free);
 * tensors passed in are borrowed. No C++ exception crosses. Shapes are counts of elements, [N, C, H, W] for images.
 */
#ifndef CTORCH_H
#define CTORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctorch_archive.h"
#include "ctorch_argmax.h"
#include "ctorch_error.h"
#include "ctorch_group.h"
#include "ctorch_objective.h"
#include "ctorch_script.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor ct_tensor;
typedef struct ct_generator ct_generator;
typedef struct ct_memory_counter ct_memory_counter;

/* Where a tensor lives: kind 0 is the CPU, 1 a CUDA device. */
typedef struct ct_device {
  int32_t kind;
  int32_t index;
} ct_device;

/* -- Life of a handle ------------------------------------------------------------------------------- */

void ct_tensor_free(ct_tensor *tensor);
/* Handles made and not yet freed, of every kind. */
int64_t ct_live_handles(void);

/* -- Making tensors --------------------------------------------------------------------------------- */

/* A CPU tensor that copies `bytes` (row-major, contiguous). */
ct_error *ct_from_bytes(ct_tensor **out, const void *bytes, size_t byte_count, int32_t dtype, const int64_t *shape,
                        size_t rank);
ct_error *ct_full(ct_tensor **out, double value, int32_t dtype, const int64_t *shape, size_t rank, ct_device device);
ct_error *ct_empty(ct_tensor **out, int32_t dtype, const int64_t *shape, size_t rank);
ct_error *ct_arange(ct_tensor **out, int64_t count, int32_t dtype, ct_device device);
ct_error *ct_rand(ct_tensor **out, const int64_t *shape, size_t rank, ct_generator *generator);
ct_error *ct_randn(ct_tensor **out, const int64_t *shape, size_t rank, ct_generator *generator);
ct_error *ct_generator_make(ct_generator **out, uint64_t seed);
ct_error *ct_generator_state(ct_tensor **out, const ct_generator *generator);
ct_error *ct_generator_set_state(ct_generator *generator, const ct_tensor *state);
void ct_generator_free(ct_generator *generator);

/* -- Reading tensors -------------------------------------------------------------------------------- */

ct_error *ct_rank(size_t *out, const ct_tensor *x);
/* Writes `rank` numbers to `out`. */
ct_error *ct_shape(int64_t *out, size_t rank, const ct_tensor *x);
ct_error *ct_dtype(int32_t *out, const ct_tensor *x);
ct_error *ct_tensor_device(ct_device *out, const ct_tensor *x);
/* Copies the elements, row-major, to `out`, which holds `byte_count` bytes: exactly what they need. */
ct_error *ct_copy_out(void *out, size_t byte_count, const ct_tensor *x);
/* The one element of `x` as a double. */
ct_error *ct_item(double *out, const ct_tensor *x);
/* The address of the elements of a contiguous CPU tensor, valid while the tensor lives. */
ct_error *ct_data_pointer(void **out, const ct_tensor *x);

/* -- Copies and conversions ------------------------------------------------------------------------- */

ct_error *ct_to(ct_tensor **out, const ct_tensor *x, int32_t dtype, ct_device device);
ct_error *ct_clone(ct_tensor **out, const ct_tensor *x);
ct_error *ct_contiguous(ct_tensor **out, const ct_tensor *x);
ct_error *ct_channels_last(ct_tensor **out, const ct_tensor *x);
/* x := y, converting dtype and device. */
ct_error *ct_copy_into(ct_tensor *x, const ct_tensor *y);
ct_error *ct_zero_into(ct_tensor *x);

/* -- Autograd --------------------------------------------------------------------------------------- */

ct_error *ct_detach(ct_tensor **out, const ct_tensor *x);
ct_error *ct_requires_grad(bool *out, const ct_tensor *x);
ct_error *ct_set_requires_grad(ct_tensor *x, bool value);
/* Gradients of the scalar `x` are added into the leaves' gradients. */
ct_error *ct_backward(const ct_tensor *x);
/* The same from several tensors at once, whose own gradients are given. */
ct_error *ct_backward_from(const ct_tensor *const *roots, const ct_tensor *const *gradients, size_t count);
/* Gradient of `x` or NULL where it has none. */
ct_error *ct_grad(ct_tensor **out, const ct_tensor *x);
ct_error *ct_clear_grad(ct_tensor *x);
/* Whether operations of this thread record gradients. */
bool ct_grad_enabled(void);
void ct_set_grad_enabled(bool value);

/* -- Arithmetic, elementwise ------------------------------------------------------------------------ */

ct_error *ct_add(ct_tensor **out, const ct_tensor *x, const ct_tensor *y);
ct_error *ct_sub(ct_tensor **out, const ct_tensor *x, const ct_tensor *y);
ct_error *ct_mul(ct_tensor **out, const ct_tensor *x, const ct_tensor *y);
ct_error *ct_div(ct_tensor **out, const ct_tensor *x, const ct_tensor *y);
ct_error *ct_add_scalar(ct_tensor **out, const ct_tensor *x, double y);
ct_error *ct_mul_scalar(ct_tensor **out, const ct_tensor *x, double y);
ct_error *ct_exp(ct_tensor **out, const ct_tensor *x);
ct_error *ct_log(ct_tensor **out, const ct_tensor *x);
ct_error *ct_sqrt(ct_tensor **out, const ct_tensor *x);
ct_error *ct_clamp_min(ct_tensor **out, const ct_tensor *x, double low);
ct_error *ct_eq(ct_tensor **out, const ct_tensor *x, const ct_tensor *y);
ct_error *ct_eq_scalar(ct_tensor **out, const ct_tensor *x, double y);
ct_error *ct_lt_scalar(ct_tensor **out, const ct_tensor *x, double y);
ct_error *ct_logical_not(ct_tensor **out, const ct_tensor *x);
ct_error *ct_logical_and(ct_tensor **out, const ct_tensor *x, const ct_tensor *y);
ct_error *ct_masked_fill(ct_tensor **out, const ct_tensor *x, const ct_tensor *mask, double value);
ct_error *ct_is_finite(bool *out, const ct_tensor *x);

/* -- Reductions ------------------------------------------------------------------------------------- */

/* No axes (count 0): over all of them. */
ct_error *ct_sum(ct_tensor **out, const ct_tensor *x, const int64_t *axes, size_t count, bool keep);
ct_error *ct_mean(ct_tensor **out, const ct_tensor *x, const int64_t *axes, size_t count, bool keep);
ct_error *ct_norm(ct_tensor **out, const ct_tensor *x, const int64_t *axes, size_t count, bool keep);
ct_error *ct_argmax(ct_tensor **out, const ct_tensor *x, int64_t axis);
ct_error *ct_topk(ct_tensor **values, ct_tensor **indices, const ct_tensor *x, int64_t count, int64_t axis);
/* Occurrences of 0 ..< bins among the integers of `x`; `x` holds nothing else. int64. */
ct_error *ct_bincount(ct_tensor **out, const ct_tensor *x, int64_t bins);

/* -- Shape ------------------------------------------------------------------------------------------ */

ct_error *ct_reshape(ct_tensor **out, const ct_tensor *x, const int64_t *shape, size_t rank);
/* The axes from `first` on as one. */
ct_error *ct_flatten(ct_tensor **out, const ct_tensor *x, int64_t first);
/* One axis as several; one size may be -1. */
ct_error *ct_unflatten(ct_tensor **out, const ct_tensor *x, int64_t axis, const int64_t *sizes, size_t count);
/* One axis as height and width, those of the last two axes of `like`. */
ct_error *ct_unflatten_like(ct_tensor **out, const ct_tensor *x, int64_t axis, const ct_tensor *like);
ct_error *ct_permute(ct_tensor **out, const ct_tensor *x, const int64_t *axes, size_t rank);
ct_error *ct_narrow(ct_tensor **out, const ct_tensor *x, int64_t axis, int64_t start, int64_t length);
ct_error *ct_cat(ct_tensor **out, const ct_tensor *const *parts, size_t count, int64_t axis);
ct_error *ct_flip(ct_tensor **out, const ct_tensor *x, int64_t axis);
ct_error *ct_index_select(ct_tensor **out, const ct_tensor *x, int64_t axis, const ct_tensor *indices);
ct_error *ct_gather(ct_tensor **out, const ct_tensor *x, int64_t axis, const ct_tensor *indices);
/* int64 [...] of 0 ..< classes -> float32 [..., classes]; other values give a zero row. */
ct_error *ct_one_hot(ct_tensor **out, const ct_tensor *x, int64_t classes);
ct_error *ct_matmul(ct_tensor **out, const ct_tensor *x, const ct_tensor *y);

/* -- Layers ----------------------------------------------------------------------------------------- */

typedef struct ct_window {
  int64_t stride;
  int64_t padding;
  int64_t dilation;
} ct_window;

/* `bias` may be NULL. */
ct_error *ct_conv2d(ct_tensor **out, const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias,
                    ct_window window, int64_t groups);
ct_error *ct_conv_transpose2d(ct_tensor **out, const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias,
                              ct_window window);
ct_error *ct_relu(ct_tensor **out, const ct_tensor *x);
ct_error *ct_sigmoid(ct_tensor **out, const ct_tensor *x);
ct_error *ct_prelu(ct_tensor **out, const ct_tensor *x, const ct_tensor *weight);
ct_error *ct_avg_pool2d(ct_tensor **out, const ct_tensor *x, int64_t kernel, ct_window window);
ct_error *ct_max_pool2d(ct_tensor **out, const ct_tensor *x, int64_t kernel, ct_window window, bool ceil_mode);
ct_error *ct_resize_bilinear(ct_tensor **out, const ct_tensor *x, int64_t height, int64_t width, bool align_corners);
/* To the height and width of `like`, its last two axes. */
ct_error *ct_resize_bilinear_like(ct_tensor **out, const ct_tensor *x, const ct_tensor *like, bool align_corners);
/* A side of max(least, ceil(side * numerator / denominator)), height and width each by itself. */
typedef struct ct_scale {
  int64_t numerator;
  int64_t denominator;
  int64_t least;
} ct_scale;

/* To a share of its own height and width. */
ct_error *ct_resize_bilinear_scaled(ct_tensor **out, const ct_tensor *x, ct_scale scale, bool align_corners);
/* Output i of m averages inputs floor(i n / m) up to ceil((i + 1) n / m), exclusive, along each axis; to the height
 * and width of `like`. */
ct_error *ct_adaptive_avg_pool2d_like(ct_tensor **out, const ct_tensor *x, const ct_tensor *like);
/* The same to a share of its own height and width. */
ct_error *ct_adaptive_avg_pool2d_scaled(ct_tensor **out, const ct_tensor *x, ct_scale scale);
ct_error *ct_resize_nearest(ct_tensor **out, const ct_tensor *x, int64_t height, int64_t width);
ct_error *ct_softmax(ct_tensor **out, const ct_tensor *x, int64_t axis);
ct_error *ct_log_softmax(ct_tensor **out, const ct_tensor *x, int64_t axis);
/* -log_probabilities[n, target[n, h, w], h, w] * weight[target]; 0 where target is `ignored`. `weight` may be
 * NULL. [N, C, H, W], int64 [N, H, W] -> [N, H, W]. */
ct_error *ct_nll_loss2d(ct_tensor **out, const ct_tensor *log_probabilities, const ct_tensor *target,
                        const ct_tensor *weight, int64_t ignored);

#include "ctorch_layers.h"

/* -- Optimisers: one pass over all parameters --------------------------------------------------------- */

typedef struct ct_sgd {
  double learning_rate;
  double momentum;
  double weight_decay;
  bool nesterov;
  /* The momentum buffers hold nothing yet: they become the gradients. */
  bool first_step;
  /* Steps with the one gradient. */
  int64_t updates;
} ct_sgd;

typedef struct ct_adamw {
  double learning_rate;
  double beta1;
  double beta2;
  double weight_decay;
  double epsilon;
} ct_adamw;

ct_error *ct_sgd_step(ct_tensor *const *parameters, const ct_tensor *const *gradients, ct_tensor *const *momenta,
                      size_t count, ct_sgd settings);
/* `steps` are float32 scalars, advanced by one each call. */
ct_error *ct_adamw_step(ct_tensor *const *parameters, const ct_tensor *const *gradients, ct_tensor *const *means,
                        ct_tensor *const *variances, ct_tensor *const *steps, size_t count, ct_adamw settings);
/* averages[i] := keep * averages[i] + (1 - keep) * values[i] */
ct_error *ct_average_into(ct_tensor *const *averages, const ct_tensor *const *values, size_t count, double keep);
/* The Euclidean norm of the elements of all tensors together, 0 without any; waits for the device once. */
ct_error *ct_norm_of_all(double *out, const ct_tensor *const *tensors, size_t count);
/* targets[i] := values[i] */
ct_error *ct_copy_all_into(ct_tensor *const *targets, const ct_tensor *const *values, size_t count);

/* -- The machine ------------------------------------------------------------------------------------ */

int32_t ct_threads(void);
/* Fails for a count below 1. */
ct_error *ct_set_threads(int32_t count);
/* Keeps what the process frees for its next blocks, where the C library would give large ones back. */
void ct_keep_freed_memory(void);
/* Gives all freed memory back now, where the C library can. */
void ct_give_back_freed_memory(void);
/* "2.13.0" */
const char *ct_version(void);
/* The vector instructions that libtorch uses: "AVX2", "AVX512", "DEFAULT". */
ct_error *ct_cpu_capability(const char **out);
int32_t ct_cuda_devices(void);
/* Fails where libtorch's CUDA build cannot use the device. */
ct_error *ct_synchronize(ct_device device);
/* The file that libtorch was loaded from, or NULL. */
const char *ct_library_path(void);
/* Subnormal floats are treated as zero; false where the processor cannot. */
bool ct_set_flush_denormal(bool value);

/* Counts the bytes of tensors that this thread's work makes and frees, until it is stopped on this thread. Tensors
 * made while it counts must be freed before it stops, and none made before may be freed meanwhile. */
ct_error *ct_memory_counter_start(ct_memory_counter **out);
/* The most bytes held at once since the start, or since this was last asked. */
int64_t ct_memory_counter_take_peak(ct_memory_counter *counter);
void ct_memory_counter_stop(ct_memory_counter *counter);

/* Floating-point operations of all convolutions and matrix products so far, those of backward passes that are yet to
 * run counted already. */
int64_t ct_operations(void);

#ifdef __cplusplus
}
#endif

#endif
