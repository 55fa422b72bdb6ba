// SPDX-License-Identifier: Apache-2.0
// Every function of ctorch.h as a jump to the loaded library. They are weak: where a program is linked with that
// library, they give way.
#include "ctorch_load.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

// A function that is missing here is missing when the program is linked.
#define CT_CALLS(X) \
  X(ct_adamw_step) X(ct_add) X(ct_add_scalar) X(ct_arange) X(ct_archive_reader_count) X(ct_archive_reader_free) \
  X(ct_archive_reader_name) X(ct_archive_reader_open) X(ct_archive_reader_read) X(ct_archive_reader_size) \
  X(ct_archive_writer_add) X(ct_archive_writer_finish) X(ct_archive_writer_free) X(ct_archive_writer_new) \
  X(ct_argmax) X(ct_average_into) X(ct_avg_pool2d) X(ct_backward) X(ct_backward_from) X(ct_bincount) X(ct_cat) \
  X(ct_channels_last) X(ct_clamp_min) X(ct_clear_grad) X(ct_clone) X(ct_composes_layers) X(ct_contiguous) \
  X(ct_conv2d) X(ct_conv_chain) X(ct_conv_transpose2d) X(ct_copy_all_into) X(ct_copy_into) X(ct_copy_out) \
  X(ct_cpu_capability) X(ct_cuda_devices) X(ct_data_pointer) X(ct_detach) X(ct_dilated_sum) X(ct_div) X(ct_dtype) \
  X(ct_empty) X(ct_eq) X(ct_eq_scalar) X(ct_error_free) X(ct_error_get_kind) X(ct_error_message) X(ct_exp) \
  X(ct_flip) X(ct_freeze_stage) X(ct_from_bytes) X(ct_frozen_chain) X(ct_full) X(ct_gather) X(ct_generator_free) \
  X(ct_generator_make) X(ct_generator_set_state) X(ct_generator_state) X(ct_grad) X(ct_grad_enabled) \
  X(ct_index_select) X(ct_is_finite) X(ct_item) X(ct_keep_freed_memory) X(ct_give_back_freed_memory) \
  X(ct_library_path) X(ct_live_handles) \
  X(ct_log) X(ct_log_softmax) X(ct_logical_and) X(ct_logical_not) X(ct_lt_scalar) X(ct_masked_fill) X(ct_matmul) \
  X(ct_max_pool2d) X(ct_mean) X(ct_memory_counter_start) X(ct_memory_counter_stop) X(ct_memory_counter_take_peak) \
  X(ct_mul) X(ct_mul_scalar) X(ct_narrow) X(ct_nll_loss2d) X(ct_norm) X(ct_norm_act) X(ct_norm_of_all) \
  X(ct_objective_evaluate) X(ct_one_hot) X(ct_operations) X(ct_permute) X(ct_prelu) X(ct_rand) X(ct_randn) \
  X(ct_rank) X(ct_relu) X(ct_requires_grad) X(ct_reshape) X(ct_resize_bilinear) X(ct_resize_nearest) \
  X(ct_set_composes_layers) X(ct_set_flush_denormal) X(ct_set_grad_enabled) X(ct_set_requires_grad) \
  X(ct_set_threads) X(ct_sgd_step) X(ct_shape) X(ct_softmax) X(ct_sqrt) X(ct_sub) X(ct_sum) X(ct_synchronize) \
  X(ct_tensor_device) X(ct_tensor_free) X(ct_threads) X(ct_to) X(ct_topk) X(ct_version) X(ct_winning_classes) \
  X(ct_zero_into) \
  X(ct_store_open) X(ct_store_free) X(ct_store_set) X(ct_store_set_first) X(ct_store_get) X(ct_store_add) \
  X(ct_text_free) X(ct_group_join) X(ct_group_free) X(ct_group_sum) X(ct_group_broadcast) X(ct_group_gather) \
  X(ct_group_break) X(ct_group_failure) X(ct_group_cost) X(ct_set_norm_group) X(ct_buckets_make) \
  X(ct_buckets_finish) X(ct_buckets_free) X(ct_has_nccl) X(ct_group_join_devices) \
  X(ct_linear) X(ct_layer_norm) X(ct_gelu) X(ct_attention) \
  X(ct_script_load) X(ct_script_copy) X(ct_script_free) X(ct_script_count) X(ct_script_tensor) \
  X(ct_script_has_statistics) X(ct_script_name_features) X(ct_script_study) X(ct_script_maps) \
  X(ct_script_forward) X(ct_script_text) X(ct_script_save) X(ct_script_trace) X(ct_script_graph) \
  X(ct_flatten) X(ct_unflatten) X(ct_unflatten_like) X(ct_resize_bilinear_like) \
  X(ct_resize_bilinear_scaled) X(ct_adaptive_avg_pool2d_like) X(ct_adaptive_avg_pool2d_scaled) X(ct_sigmoid) \
  X(ct_depthwise_ladder) X(ct_depthwise_merge)

static void not_loaded(void) {
  fputs("iapc: libtorch was used before it was loaded\n", stderr);
  abort();
}

#if defined(__APPLE__)
#define SYMBOL(name) "_" #name
#define ARM_JUMP(slot) "adrp x16, " SYMBOL(slot) "@PAGE\nldr x16, [x16, " SYMBOL(slot) "@PAGEOFF]\nbr x16"
#else
#define SYMBOL(name) #name
#define ARM_JUMP(slot) "adrp x16, " SYMBOL(slot) "\nldr x16, [x16, :lo12:" SYMBOL(slot) "]\nbr x16"
#endif

#if defined(__x86_64__)
#define JUMP(slot) "jmpq *" SYMBOL(slot) "(%rip)"
#elif defined(__aarch64__)
#define JUMP(slot) ARM_JUMP(slot)
#else
#error "jumps are written for x86-64 and arm64"
#endif

// Arguments and results stay where they are: the jump touches neither.
#define DEFINE(name)                                        \
  __attribute__((visibility("hidden"))) void (*to_##name)(void) = not_loaded; \
  __attribute__((weak, naked)) void name(void) { __asm__(JUMP(to_##name)); }

CT_CALLS(DEFINE)

#define ENTRY(name) {#name, (void **)&to_##name},

const char *ct_open(const char *path) { return dlopen(path, RTLD_NOW | RTLD_LOCAL) ? 0 : dlerror(); }

const char *ct_load(const char *path) {
  static const struct {
    const char *name;
    void **to;
  } calls[] = {CT_CALLS(ENTRY)};
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) return dlerror();
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    void *found = dlsym(library, calls[i].name);
    if (!found) return dlerror();
    *calls[i].to = found;
  }
  return 0;
}
