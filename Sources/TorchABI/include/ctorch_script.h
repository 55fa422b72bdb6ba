/* SPDX-License-Identifier: Apache-2.0
 *
 * TorchScript modules: programs with weights, as torch.jit.save writes them.
 *
 * A module runs as a program of its own making: normalisation by batches and dropout follow the pass, whatever the
 * module's program has fixed. The module itself stays as it came and is what is saved.
 */
#ifndef CTORCH_SCRIPT_H
#define CTORCH_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctorch_archive.h"
#include "ctorch_error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor ct_tensor;
typedef struct ct_script ct_script;

/* What normalisation by batches and dropout do in a forward pass. */
typedef struct ct_script_pass {
  /* The batch's statistics instead of the stored ones. */
  bool of_batch;
  /* The stored statistics move towards the batch's; by `share`, or by the layer's own where that is negative. */
  bool moves;
  double share;
  /* Dropout, and what else a module does while it trains. */
  bool trains;
  /* Convolutions and matrix products compute in bfloat16. */
  bool half;
} ct_script_pass;

/* A parameter or buffer. The name is borrowed: it lives as long as the module. */
typedef struct ct_script_entry {
  const char *name;
  bool is_parameter;
  /* Whether it scales or shifts a normalisation. */
  bool is_normalisation;
  /* Whether a weighted layer that the scores come from has it; known once the module was studied. */
  bool is_head;
} ct_script_entry;

/* Loads a module onto a device (0 is the CPU, 1 CUDA), with floating tensors as float32. `*out` is +1. */
ct_error *ct_script_load(ct_script **out, const char *path, int32_t device_kind, int32_t device_index);

/* A tensor of a module that is to be made; a name with points lies in inner modules. */
typedef struct ct_script_part {
  const char *name;
  ct_tensor *tensor;
  bool is_parameter;
} ct_script_part;

/* Computes what is to be recorded. `images` is +1 and the callee's; the result is borrowed until the recording ends. */
typedef const ct_tensor *(*ct_script_body)(void *context, ct_tensor *images);

/* Makes a module of the operators that `body` calls for images [N, 3, H, W], with the parts as its parameters and
 * buffers; other tensors become constants. Sizes that no operator of the library takes from a tensor are those of
 * `images` for ever. `*out` is +1. */
ct_error *ct_script_trace(ct_script **out, const ct_script_part *parts, size_t count, const ct_tensor *images,
                          ct_script_body body, void *context);

/* The operators of a traced module as JSON: {"input": id, "output": id, "operations": [{"name": "aten::relu",
 * "arguments": [{"value": id}], "results": [{"id": id, "shape": [1, 3, 8, 8]}]}]}. An argument is one of value,
 * tensor (a part's name), integer, real, truth, text, list or, where it is absent, {}. Borrowed until the next call. */
ct_error *ct_script_graph(const char **out, ct_script *script);

/* The same program with a copy of all tensors. `*out` is +1. */
ct_error *ct_script_copy(ct_script **out, const ct_script *script);

/* Frees the module; NULL is fine. */
void ct_script_free(ct_script *script);

/* How many parameters and buffers there are; one that several names share counts once. */
ct_error *ct_script_count(size_t *out, const ct_script *script);

/* One of them; the tensor is +1 and shared with the module. */
ct_error *ct_script_tensor(ct_tensor **out, ct_script_entry *entry, const ct_script *script, size_t index);

/* Whether a layer normalises by the statistics of batches. */
ct_error *ct_script_has_statistics(bool *out, const ct_script *script);

/* Takes the features from the output of an inner module ("backbone.layer4"); fails where it is never called. */
ct_error *ct_script_name_features(ct_script *script, const char *module);

/* Finds the head by a pass over images [N, 3, H, W] that records gradients. Where the module gives scores alone and no
 * features are named, they become the head's input. The name of the layer that they enter is borrowed; NULL where the
 * module gives its features or some were named. */
ct_error *ct_script_study(const char **features_of, ct_script *script, const ct_tensor *images);

/* The inner modules that give maps, a line each: "backbone.layer4 [2, 512, 5, 6]". Borrowed until the next call. */
ct_error *ct_script_maps(const char **out, ct_script *script, const ct_tensor *images);

/* Scores and features of images [N, 3, H, W]; NULL for features where there are none. */
ct_error *ct_script_forward(ct_tensor **scores, ct_tensor **features, ct_script *script, const ct_tensor *images,
                            ct_script_pass pass);

/* A text that was saved with the module under a name, torch.jit.load's _extra_files. Borrowed; NULL where none is. */
ct_error *ct_script_text(const char **out, const ct_script *script, const char *name);

/* Writes the module with all its texts, one of them replaced or added, as torch.jit.save does. */
ct_error *ct_script_save(const ct_script *script, const char *name, const char *text, ct_archive_sink sink,
                         void *context);

#ifdef __cplusplus
}
#endif

#endif
