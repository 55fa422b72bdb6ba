// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

/// An entry of weights with values that are NaN or infinite.
public struct NotFiniteEntry: Equatable, Sendable {
  /// The entry's name.
  public let name: String
  /// How many of its values are not a number, how many are infinite, and how many it has.
  public let nan, infinite, count: Int

  /// "3 of 64 values are NaN", "1 of 64 values is infinite", "3 of 64 values are NaN or infinite".
  public var words: String {
    let kind = infinite == 0 ? "NaN" : nan == 0 ? "infinite" : "NaN or infinite"
    return "\(nan + infinite) of \(count) values \(nan + infinite == 1 ? "is" : "are") \(kind)"
  }

  /// nil where all values are finite.
  init?(_ name: String, _ tensor: Tensor) {
    guard tensor.dtype.isFloatingPoint, tensor.elementCount > 0 else { return nil }
    let values = tensor.detached().to(.float32)
    // Nothing but a number times 0 is 0.
    guard !(values * 0).sum().item.isFinite else { return nil }
    let numbers = values.to(.float32, on: .cpu).scalars(as: Float.self)
    (self.name, count) = (name, numbers.count)
    (nan, infinite) = (numbers.count { $0.isNaN }, numbers.count { $0.isInfinite })
  }
}

extension NetworkFile {
  /// The entries of a checkpoint that hold values which are no numbers.
  public static func notFinite(_ checkpoint: Checkpoint) -> [NotFiniteEntry] {
    checkpoint.tensors.compactMap {
      $0.tensor.dtype.isFloatingPoint ? NotFiniteEntry($0.name, Tensor($0.tensor)) : nil
    }
  }

  /// The same of a module: of its parameters and of the statistics of its normalisations, for other buffers may hold
  /// infinity on purpose, as masks do.
  public static func notFinite(_ module: ScriptModule) -> [NotFiniteEntry] {
    module.entries.compactMap { entry in
      let isWeight = entry.kind == .parameter || entry.name.contains("running_")
      return isWeight ? NotFiniteEntry(entry.name, entry.tensor) : nil
    }
  }

  /// Refuses weights with values that are no numbers: all that is computed from them is none.
  static func checkFinite(_ entries: [NotFiniteEntry], at path: String) throws {
    guard let first = entries.first else { return }
    let others = entries.count - 1
    let more = others == 0 ? "" : ", and so in \(others) more \(others == 1 ? "entry" : "entries")"
    throw Problem(
      "cannot use the weights", at: path, because: "in \(first.name) \(first.words)\(more)",
      remedy: "take weights from before their training went wrong; `iapc inspect \(path)` lists the entries")
  }
}
