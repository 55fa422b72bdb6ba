// SPDX-License-Identifier: Apache-2.0
// The one place where exceptions stop, handles are made and errors are allocated.
#pragma once

#include <ATen/ATen.h>

#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "ctorch.h"

struct ct_tensor {
  at::Tensor value;
};

struct ct_error {
  ct_error_kind kind;
  std::string message;
};

namespace ctorch {

/// A new error, or the static one where even that cannot be allocated.
ct_error *make_error(ct_error_kind kind, const char *message) noexcept;

/// Counts live handles, for leak checks.
void handle_created() noexcept;
void handle_destroyed() noexcept;

/// What a C++ error of libtorch is: the CPU's allocator throws a plain one.
inline ct_error_kind kind_of(const char *message) noexcept {
  return std::strstr(message, "DefaultCPUAllocator") == nullptr ? CT_TORCH : CT_OUT_OF_MEMORY;
}

/// A tensor's elements. libtorch's own call of this kind has a name in 2.11 that Clang writes otherwise than GCC.
template <class T>
const T *elements(const at::Tensor &x) {
  TORCH_CHECK(x.scalar_type() == c10::CppTypeToScalarType<T>::value, "elements of the type ", x.scalar_type());
  return static_cast<const T *>(x.const_data_ptr());
}

/// Runs `body`; whatever it throws becomes an error handle. Nothing crosses into C.
template <class Body>
ct_error *guarded(Body &&body) noexcept {
  try {
    body();
    return nullptr;
  } catch (const c10::OutOfMemoryError &e) {
    return make_error(CT_OUT_OF_MEMORY, e.what_without_backtrace());
  } catch (const c10::Error &e) {
    const auto *message = e.what_without_backtrace();
    return make_error(kind_of(message), message);
  } catch (const std::bad_alloc &) {
    return make_error(CT_OUT_OF_MEMORY, "the machine has no memory left");
  } catch (const std::exception &e) {
    return make_error(CT_CPP, e.what());
  } catch (...) {
    return make_error(CT_CPP, "unknown C++ exception");
  }
}

inline ct_tensor *wrap(at::Tensor value) {
  auto *handle = new ct_tensor{std::move(value)};
  handle_created();
  return handle;
}

inline const at::Tensor &unwrap(const ct_tensor *handle) {
  TORCH_CHECK(handle != nullptr, "null tensor handle");
  return handle->value;
}

inline at::IntArrayRef ints(const int64_t *values, size_t count) { return at::IntArrayRef(values, count); }

}  // namespace ctorch
