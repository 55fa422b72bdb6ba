// SPDX-License-Identifier: Apache-2.0
// Making, reading, copying and reshaping tensors.
#include <ATen/CPUGeneratorImpl.h>

#include <cstring>

#include "boundary.hpp"
#include "tracing.hpp"

using namespace ctorch;

struct ct_generator {
  at::Generator value;
};

namespace {

at::ScalarType dtype_of(int32_t dtype) { return static_cast<at::ScalarType>(dtype); }

at::Device device_of(ct_device device) {
  TORCH_CHECK(device.kind == 0 || device.kind == 1, "unknown kind of device ", device.kind);
  return device.kind == 0 ? at::Device(at::kCPU)
                          : at::Device(at::kCUDA, static_cast<at::DeviceIndex>(device.index));
}

}  // namespace

extern "C" {

ct_error *ct_from_bytes(ct_tensor **out, const void *bytes, size_t byte_count, int32_t dtype, const int64_t *shape,
                        size_t rank) {
  return guarded([&] {
    auto tensor = at::empty(ints(shape, rank), at::TensorOptions(dtype_of(dtype)));
    TORCH_CHECK(tensor.nbytes() == byte_count, "a tensor of shape ", tensor.sizes(), " takes ", tensor.nbytes(),
                " bytes, got ", byte_count);
    if (byte_count > 0) std::memcpy(tensor.mutable_data_ptr(), bytes, byte_count);
    *out = wrap(std::move(tensor));
  });
}

ct_error *ct_full(ct_tensor **out, double value, int32_t dtype, const int64_t *shape, size_t rank, ct_device device) {
  return guarded([&] {
    *out = wrap(at::full(ints(shape, rank), value, at::TensorOptions(dtype_of(dtype)).device(device_of(device))));
  });
}

ct_error *ct_empty(ct_tensor **out, int32_t dtype, const int64_t *shape, size_t rank) {
  return guarded([&] { *out = wrap(at::empty(ints(shape, rank), at::TensorOptions(dtype_of(dtype)))); });
}

ct_error *ct_arange(ct_tensor **out, int64_t count, int32_t dtype, ct_device device) {
  return guarded([&] {
    *out = wrap(at::arange(count, at::TensorOptions(dtype_of(dtype)).device(device_of(device))));
  });
}

ct_error *ct_rand(ct_tensor **out, const int64_t *shape, size_t rank, ct_generator *generator) {
  return guarded([&] { *out = wrap(at::rand(ints(shape, rank), generator->value)); });
}

ct_error *ct_randn(ct_tensor **out, const int64_t *shape, size_t rank, ct_generator *generator) {
  return guarded([&] { *out = wrap(at::randn(ints(shape, rank), generator->value)); });
}

ct_error *ct_generator_make(ct_generator **out, uint64_t seed) {
  return guarded([&] {
    *out = new ct_generator{at::detail::createCPUGenerator(seed)};
    handle_created();
  });
}

ct_error *ct_generator_state(ct_tensor **out, const ct_generator *generator) {
  return guarded([&] { *out = wrap(generator->value.get_state()); });
}

ct_error *ct_generator_set_state(ct_generator *generator, const ct_tensor *state) {
  return guarded([&] { generator->value.set_state(unwrap(state)); });
}

void ct_generator_free(ct_generator *generator) {
  if (generator == nullptr) return;
  delete generator;
  handle_destroyed();
}

ct_error *ct_rank(size_t *out, const ct_tensor *x) {
  return guarded([&] { *out = static_cast<size_t>(unwrap(x).dim()); });
}

ct_error *ct_shape(int64_t *out, size_t rank, const ct_tensor *x) {
  return guarded([&] {
    const auto sizes = unwrap(x).sizes();
    TORCH_CHECK(sizes.size() == rank, "the tensor has ", sizes.size(), " axes, asked for ", rank);
    std::copy(sizes.begin(), sizes.end(), out);
  });
}

ct_error *ct_dtype(int32_t *out, const ct_tensor *x) {
  return guarded([&] { *out = static_cast<int32_t>(unwrap(x).scalar_type()); });
}

ct_error *ct_tensor_device(ct_device *out, const ct_tensor *x) {
  return guarded([&] {
    const auto device = unwrap(x).device();
    TORCH_CHECK(device.is_cpu() || device.is_cuda(), "a tensor on the unsupported device ", device.str());
    *out = ct_device{device.is_cpu() ? 0 : 1, device.has_index() ? device.index() : 0};
  });
}

ct_error *ct_copy_out(void *out, size_t byte_count, const ct_tensor *x) {
  return guarded([&] {
    const auto host = unwrap(x).detach().to(at::kCPU).contiguous();
    TORCH_CHECK(host.nbytes() == byte_count, "the tensor holds ", host.nbytes(), " bytes, asked for ", byte_count);
    if (byte_count > 0) std::memcpy(out, host.const_data_ptr(), byte_count);
  });
}

ct_error *ct_item(double *out, const ct_tensor *x) {
  return guarded([&] { *out = unwrap(x).item().toDouble(); });
}

ct_error *ct_data_pointer(void **out, const ct_tensor *x) {
  return guarded([&] {
    const auto &tensor = unwrap(x);
    TORCH_CHECK(tensor.is_cpu() && tensor.is_contiguous(), "only a contiguous CPU tensor lends its memory");
    *out = tensor.mutable_data_ptr();
  });
}

ct_error *ct_to(ct_tensor **out, const ct_tensor *x, int32_t dtype, ct_device device) {
  return guarded([&] { *out = wrap(unwrap(x).to(device_of(device), dtype_of(dtype))); });
}

ct_error *ct_clone(ct_tensor **out, const ct_tensor *x) {
  return guarded([&] { *out = wrap(unwrap(x).clone()); });
}

ct_error *ct_contiguous(ct_tensor **out, const ct_tensor *x) {
  return guarded([&] { *out = wrap(unwrap(x).contiguous()); });
}

ct_error *ct_channels_last(ct_tensor **out, const ct_tensor *x) {
  return guarded([&] { *out = wrap(unwrap(x).contiguous(at::MemoryFormat::ChannelsLast)); });
}

ct_error *ct_copy_into(ct_tensor *x, const ct_tensor *y) {
  return guarded([&] {
    TORCH_CHECK(unwrap(x).sizes() == unwrap(y).sizes(), "cannot copy shape ", unwrap(y).sizes(), " into ",
                unwrap(x).sizes());
    unwrap(x).copy_(unwrap(y));
  });
}

ct_error *ct_zero_into(ct_tensor *x) {
  return guarded([&] { unwrap(x).zero_(); });
}

ct_error *ct_reshape(ct_tensor **out, const ct_tensor *x, const int64_t *shape, size_t rank) {
  return guarded([&] { *out = wrap(unwrap(x).reshape(ints(shape, rank))); });
}

ct_error *ct_flatten(ct_tensor **out, const ct_tensor *x, int64_t first) {
  return guarded([&] { *out = wrap(at::flatten(unwrap(x), first)); });
}

ct_error *ct_unflatten(ct_tensor **out, const ct_tensor *x, int64_t axis, const int64_t *sizes, size_t count) {
  return guarded([&] { *out = wrap(at::unflatten(unwrap(x), axis, ints(sizes, count))); });
}

ct_error *ct_unflatten_like(ct_tensor **out, const ct_tensor *x, int64_t axis, const ct_tensor *like) {
  return guarded([&] { *out = wrap(at::unflatten(unwrap(x), axis, plane_of(unwrap(like), "sizes"))); });
}

ct_error *ct_permute(ct_tensor **out, const ct_tensor *x, const int64_t *axes, size_t rank) {
  return guarded([&] { *out = wrap(unwrap(x).permute(ints(axes, rank))); });
}

ct_error *ct_narrow(ct_tensor **out, const ct_tensor *x, int64_t axis, int64_t start, int64_t length) {
  return guarded([&] { *out = wrap(unwrap(x).narrow(axis, start, length)); });
}

ct_error *ct_cat(ct_tensor **out, const ct_tensor *const *parts, size_t count, int64_t axis) {
  return guarded([&] {
    std::vector<at::Tensor> tensors;
    tensors.reserve(count);
    for (size_t i = 0; i < count; i++) tensors.push_back(unwrap(parts[i]));
    *out = wrap(at::cat(tensors, axis));
  });
}

ct_error *ct_flip(ct_tensor **out, const ct_tensor *x, int64_t axis) {
  return guarded([&] { *out = wrap(unwrap(x).flip(axis)); });
}

ct_error *ct_index_select(ct_tensor **out, const ct_tensor *x, int64_t axis, const ct_tensor *indices) {
  return guarded([&] { *out = wrap(unwrap(x).index_select(axis, unwrap(indices))); });
}

ct_error *ct_gather(ct_tensor **out, const ct_tensor *x, int64_t axis, const ct_tensor *indices) {
  return guarded([&] { *out = wrap(unwrap(x).gather(axis, unwrap(indices))); });
}

ct_error *ct_one_hot(ct_tensor **out, const ct_tensor *x, int64_t classes) {
  return guarded([&] {
    const auto range = at::arange(classes, unwrap(x).options());
    *out = wrap(unwrap(x).unsqueeze(-1).eq(range).to(at::kFloat));
  });
}

}  // extern "C"
