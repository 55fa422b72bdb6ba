// SPDX-License-Identifier: Apache-2.0

import Segmentation
import Torch

/// Class prototypes: mean features by class, without gradient.
///
/// A class without a position has the zero prototype, which no feature resembles.
/// Source: Cao et al. 2024, prototype-contrast learning; every form is one matrix product, no loop over
/// classes.
package struct Prototypes {
  private let kind: IAPCSettings.Prototypes
  private let classCount: Int
  private let decay: Double
  /// [C, D] kept over the run, for the momentum and static forms.
  package private(set) var bank: Tensor?
  /// 1 for each class that `bank` has seen, [C, 1].
  package private(set) var seen: Tensor?

  package init(_ kind: IAPCSettings.Prototypes, classCount: Int, decay: Double) {
    self.kind = kind
    self.classCount = classCount
    self.decay = decay
  }

  package var needsWholeSet: Bool { kind == .static }
  /// Whether each step needs the teacher at all.
  package var needsTeacher: Bool { kind != .static }

  package mutating func restore(bank: Tensor?, seen: Tensor?) {
    (self.bank, self.seen) = (bank, seen)
  }

  /// Static prototypes from the source network's own labels of all target images.
  ///
  /// - `group`: the processes that each have a part of them; nil for a process by itself.
  package mutating func fill(
    from source: any Segmenter, _ images: TargetImages, over group: ProcessGroup? = nil
  ) throws {
    var total: (sums: Tensor, counts: Tensor)?
    try withoutGradients {
      try images.forEach { image in
        let (sums, counts) = classSums(
          source(image, .evaluation), at: (height: image.shape[2], width: image.shape[3]))
        total = total.map { ($0.sums + sums, $0.counts + counts) } ?? (sums, counts)
      }
    }
    guard let total else { fatalError("static prototypes need an image") }
    bank = Prototypes.means(added(total.sums, group), added(total.counts, group))
  }

  /// The prototypes of a step; the static form needs no teacher.
  ///
  /// Shapes: teacher features [N, D, h, w] and logits [N, C, h', w'] -> [N, C, D], or [1, C, D] where all images
  /// share them.
  ///
  /// - `size`: the size at which the logits are compared; their own where nil.
  /// - `group`: the processes that share the batch, whose prototypes of the momentum form are the same.
  package mutating func update(
    _ teacher: Prediction?, at size: (height: Int, width: Int)? = nil, over group: ProcessGroup? = nil
  ) -> Tensor {
    if kind == .static { return shared }
    guard let teacher else { fatalError("prototypes of a batch need the teacher's view of it") }
    let own = (teacher.logits.shape[2], teacher.logits.shape[3])
    let (sums, counts) = classSums(teacher, at: size ?? own)
    if kind == .perImage { return Prototypes.means(sums, counts) }
    let (all, count) = (added(sums, group), added(counts, group))
    move(toward: Prototypes.means(all, count), present: count.equals(0).not().to(.float32))
    return shared
  }

  private var shared: Tensor {
    guard let bank else { fatalError("the prototypes were asked for before they were made") }
    return bank.reshaped([1] + bank.shape)
  }

  /// New classes enter as they are, known ones move, absent ones stay.
  private mutating func move(toward means: Tensor, present: Tensor) {
    let (old, known) = (bank ?? Tensor.zeros(means.shape, on: means.device), seen ?? present * 0)
    let moved = decay * old + (1 - decay) * means
    let entered = known * moved + (1 - known) * means
    bank = present * entered + (1 - present) * old
    seen = 1 - (1 - known) * (1 - present)
  }

  /// Sums of the features under each class [N, C, D] and positions of each class [N, C, 1].
  ///
  /// A position has the class of the pixel that is its nearest neighbour at `size`; only those are compared.
  private func classSums(
    _ prediction: Prediction, at size: (height: Int, width: Int)
  ) -> (sums: Tensor, counts: Tensor) {
    let features = prediction.features
    let s = features.shape
    let classes = prediction.logits.resizedBilinear(
      height: size.height, width: size.width, sampledAt: (s[2], s[3])
    ).argmax(1)
    let member = classes.reshaped(s[0], s[2] * s[3]).oneHot(classes: classCount)
    let positions = features.reshaped(s[0], s[1], s[2] * s[3]).permuted(0, 2, 1)
    let counts = member.sum(1).reshaped(s[0], classCount, 1)
    return (member.permuted(0, 2, 1).matmul(positions), counts)
  }

  /// Sums over images [N, ...] -> [...], of all processes.
  private func added(_ x: Tensor, _ group: ProcessGroup?) -> Tensor {
    let total = x.sum(0)
    group?.sum(total)
    return total
  }

  private static func means(_ sums: Tensor, _ counts: Tensor) -> Tensor { sums / counts.clamped(from: 1) }
}

/// The cosine of each feature with each prototype, with a gradient for the features alone.
///
/// Shapes: features [N, D, h, w], prototypes [N or 1, C, D] -> [N, C, h, w].
package func similarities(_ features: Tensor, _ prototypes: Tensor, _ layout: IAPCSettings.PrototypeLayout)
  -> Tensor
{
  let s = features.shape
  let classCount = prototypes.shape[1]
  let positions = unit(features.reshaped(s[0], s[1], s[2] * s[3]).permuted(0, 2, 1))
  let cosines = positions.matmul(unit(prototypes).permuted(0, 2, 1))
  switch layout {
  case .mended: return cosines.permuted(0, 2, 1).reshaped(s[0], classCount, s[2], s[3])
  case .scrambled2023: return cosines.contiguous().reshaped(s[0], classCount, s[2], s[3])
  }
}

/// Vectors along the last axis divided by their length, or by 1e-8 where they are shorter.
private func unit(_ vectors: Tensor) -> Tensor {
  vectors / vectors.norm(2, keepingAxes: true).clamped(from: 1e-8)
}
