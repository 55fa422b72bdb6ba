// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// The winning class of each pixel of a dense prediction.
public struct WinningClasses {
  /// The first class with the largest sum. Shapes: uint8 [H, W].
  public let classes: Tensor
  /// The winner's sum. Shapes: float32 [H, W].
  public var sums: Tensor { allSums ? held.largest(1, along: 1).values.reshaped(classes.shape) : held }

  /// The winners' sums [H, W], or those of all classes [1, C, H, W].
  private let held: Tensor
  private let allSums: Bool

  /// Compares the sums of maps, each brought to a size by bilinear interpolation.
  ///
  /// For float32 maps on the CPU, nothing of all classes' size is held at the size asked for.
  /// - `maps`: at least one. Shapes: [1, C, h, w], C the same in all and at most 256; h and w may differ.
  /// - `alignCorners`: whether the corner pixels' centres lie on each other.
  public init(of maps: [Tensor], height: Int, width: Int, alignCorners: Bool) {
    guard maps.allSatisfy({ $0.device == .cpu && $0.dtype == .float32 }) else {
      self.init(summing: maps, height: height, width: width, alignCorners: alignCorners)
      return
    }
    var sums: OpaquePointer?
    let classes = must("winningClasses") { out in
      lend(maps) {
        ct_winning_classes(out, &sums, $0, maps.count, Int64(height), Int64(width), alignCorners)
      }
    }
    guard let sums else { fatalError("winningClasses gave no sums") }
    self.init(classes: classes, held: Tensor(owning: sums), allSums: false)
  }

  /// The same by tensors at the size asked for, on any device.
  package init(summing maps: [Tensor], height: Int, width: Int, alignCorners: Bool) {
    guard let first = maps.first else { fatalError("no map to compare") }
    func resized(_ map: Tensor) -> Tensor {
      let same = map.shape.suffix(2) == [height, width]
      return same ? map : map.resizedBilinear(height: height, width: width, alignCorners: alignCorners)
    }
    let sum = maps.dropFirst().reduce(resized(first)) { $0 + resized($1) }
    let classes = sum.argmax(1).to(.uint8).reshaped([height, width])
    self.init(classes: classes, held: sum, allSums: true)
  }

  private init(classes: Tensor, held: Tensor, allSums: Bool) {
    (self.classes, self.held, self.allSums) = (classes, held, allSums)
  }
}
