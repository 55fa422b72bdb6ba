// SPDX-License-Identifier: Apache-2.0

/// What a name in a checkpoint stands for. The closed list of what weights are made of is understood; objects
/// of other classes are passed over unmade; names that could only be meant to run something are refused.
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
  /// A class that means nothing here: settings, loggers.
  case foreign

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
    case ("torch.storage", "_load_from_bytes"), ("torch", "load"), ("torch.serialization", _),
      ("torch.hub", _), ("torch.utils.cpp_extension", _):
      return nil
    case ("torch", _):
      if let dtype = Self.storages[name] {
        self = .storage(dtype)
      } else if Self.dtypes.contains(name) {
        self = .dtype
      } else {
        self = .foreign
      }
    case ("types", "SimpleNamespace"): self = .foreign
    case ("builtins", _), ("__builtin__", _):
      guard Self.plainTypes.contains(name) else { return nil }
      self = .foreign
    default:
      guard !Self.refused.contains(module.prefix { $0 != "." }) else { return nil }
      self = .foreign
    }
  }

  private static let plainTypes: Set<String> = [
    "set", "frozenset", "list", "dict", "tuple", "bytearray", "bytes", "complex", "slice", "range", "object",
    "int", "float", "str", "bool", "xrange", "unicode", "long",
  ]

  /// Modules whose functions run programs or code, or reach files and the network.
  private static let refused: Set<Substring> = [
    "posix", "nt", "os", "posixpath", "ntpath", "sys", "subprocess", "_posixsubprocess", "commands", "popen2",
    "pty", "shutil", "socket", "_socket", "ssl", "http", "urllib", "urllib2", "requests", "ftplib", "smtplib",
    "webbrowser", "importlib", "imp", "runpy", "pkgutil", "zipimport", "pickle", "_pickle", "cPickle",
    "marshal",
    "shelve", "dill", "cloudpickle", "joblib", "ctypes", "_ctypes", "cffi", "code", "codeop", "pdb", "bdb",
    "timeit", "profile", "cProfile", "trace", "tempfile", "io", "_io", "operator", "_operator", "types",
    "inspect", "gc", "signal", "threading", "_thread", "multiprocessing", "asyncio", "concurrent", "pip",
  ]

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
