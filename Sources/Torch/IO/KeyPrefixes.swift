// SPDX-License-Identifier: Apache-2.0

/// Prefixes that wrappers of a network put before the names of its parameters.
enum KeyPrefixes {
  /// `DataParallel` and `DistributedDataParallel`; `torch.compile`.
  private static let known = ["module.", "_orig_mod."]

  /// More wrappers than any network stands in.
  private static let most = 8

  /// Takes known prefixes off while every name has one.
  /// - Returns: what was taken off, outermost first: "prefix module.".
  static func takeOff<Item>(_ items: inout [Item], name: WritableKeyPath<Item, String>) -> [String] {
    var taken: [String] = []
    while taken.count < most, !items.isEmpty,
      let prefix = known.first(where: { prefix in
        items.allSatisfy { $0[keyPath: name].hasPrefix(prefix) && $0[keyPath: name] != prefix }
      })
    {
      for index in items.indices { items[index][keyPath: name].removeFirst(prefix.count) }
      taken.append("prefix \(prefix)")
    }
    return taken
  }
}
