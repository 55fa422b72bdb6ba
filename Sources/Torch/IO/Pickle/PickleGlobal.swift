// SPDX-License-Identifier: Apache-2.0

/// The closed list of names that a checkpoint may mention. Whatever is not here is refused by its name.
enum PickleGlobal: Equatable {
  case orderedDict
  case rebuildTensor
  case rebuildParameter
  case storage(DType)
  case size
  case device
  case dtype
  case numpyScalar
  case numpyDType
  case encode

  init?(_ module: String, _ name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDict
    case ("torch._utils", "_rebuild_tensor"), ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
    case ("torch", "Size"): self = .size
    case ("torch", "device"): self = .device
    case ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"): self = .numpyScalar
    case ("numpy", "dtype"): self = .numpyDType
    case ("_codecs", "encode"): self = .encode
    case ("torch", _):
      if let dtype = Self.storages[name] {
        self = .storage(dtype)
      } else if Self.dtypes.contains(name) {
        self = .dtype
      } else {
        return nil
      }
    default: return nil
    }
  }

  /// PyTorch's storage class for each element type.
  static func storageName(_ dtype: DType) -> String {
    switch dtype {
    case .uint8: "ByteStorage"
    case .int8: "CharStorage"
    case .int16: "ShortStorage"
    case .int32: "IntStorage"
    case .int64: "LongStorage"
    case .float16: "HalfStorage"
    case .float32: "FloatStorage"
    case .float64: "DoubleStorage"
    case .bool: "BoolStorage"
    case .bfloat16: "BFloat16Storage"
    }
  }

  private static let storages = Dictionary(
    uniqueKeysWithValues: DType.allCases.map { (storageName($0), $0) })

  private static let dtypes: Set<String> = [
    "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "bool", "bfloat16",
  ]
}
