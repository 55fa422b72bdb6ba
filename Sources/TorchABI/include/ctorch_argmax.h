// SPDX-License-Identifier: Apache-2.0
// The winning class of each pixel of dense predictions, without their scores at the pixels' size.
#ifndef CTORCH_ARGMAX_H
#define CTORCH_ARGMAX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctorch_error.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ct_tensor;

/// The first class with the largest sum of the maps, each brought to height x width by bilinear interpolation.
/// classes: uint8 [height, width]; sums: float32 [height, width], the winner's; maps: at least one, float32
/// [1, C, h, w] on the CPU with 1 to 256 classes, all the same number; their sizes may differ.
ct_error *ct_winning_classes(struct ct_tensor **classes, struct ct_tensor **sums,
                             const struct ct_tensor *const *maps, size_t count, int64_t height, int64_t width,
                             bool align_corners);

#ifdef __cplusplus
}
#endif

#endif
