// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

// The only changes of a tensor in place: state that is loaded, averaged and stepped.
extension Tensor {
  func set(to other: Tensor) {
    must("copyInto", self, other) { handle.lend { x in other.handle.lend { ct_copy_into(x, $0) } } }
  }

  /// `averages[i] = keep * averages[i] + (1 - keep) * values[i]`, all in one call.
  static func average(_ averages: [Tensor], toward values: [Tensor], keep: Double) {
    must("average") {
      lend(averages) { a in lend(values) { v in ct_average_into(a, v, averages.count, keep) } }
    }
  }

  /// `targets[i] = values[i]`, all in one call.
  static func copy(_ values: [Tensor], into targets: [Tensor]) {
    must("copyAll") {
      lend(targets) { t in lend(values) { v in ct_copy_all_into(t, v, targets.count) } }
    }
  }
}
