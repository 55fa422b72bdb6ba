// SPDX-License-Identifier: Apache-2.0

import Segmentation
import Torch

/// One step's images of the target domain, as networks take them, with the source network's labels for them.
///
/// There is no room here for a true label: adaptation cannot see one.
public struct TargetBatch {
  /// Plain crops: what the teacher sees. [N, 3, H, W]
  public let images: Tensor
  /// Crops at a random scale: what the source network sees. [N, 3, H, W]
  public let scaled: Tensor
  /// `scaled` in other colours: what the student sees. [N, 3, H, W]
  public let augmented: Tensor
  /// Classes that the source network gave to `scaled`'s pixels; int64 [N, H, W].
  public let pseudoLabels: Tensor

  /// A batch of tensors of equal sizes.
  public init(images: Tensor, scaled: Tensor, augmented: Tensor, pseudoLabels: Tensor) {
    self.images = images
    self.scaled = scaled
    self.augmented = augmented
    self.pseudoLabels = pseudoLabels
  }
}

/// What one step found.
public struct StepReport: Sendable {
  /// The loss: the sum of the terms.
  public let total: Double
  /// Each term of the loss, multiplied by its weight, in the order of the method's description.
  public let terms: [(name: String, value: Double)]
  /// The weight of each class in this step; empty where the method has none.
  public let classWeights: [Double]
  /// The Euclidean norm of the gradient over all parameters; nil where the method takes none.
  public let gradientNorm: Double?
  /// Whether the network took the step; it takes none from a loss or a gradient that is no number.
  public let isApplied: Bool

  /// A report of a step.
  public init(
    total: Double, terms: [(name: String, value: Double)], classWeights: [Double] = [],
    gradientNorm: Double? = nil, isApplied: Bool = true
  ) {
    self.total = total
    self.terms = terms
    self.classWeights = classWeights
    self.gradientNorm = gradientNorm
    self.isApplied = isApplied
  }

  /// The names of what is no number in it: terms, "gradient".
  public var notFinite: [String] {
    let names = terms.filter { !$0.value.isFinite }.map(\.name)
    return names + (gradientNorm?.isFinite == false ? ["gradient"] : [])
  }
}

/// A way to adapt a network to unlabelled images. It knows no data set, network or command line.
public protocol AdaptationMethod: AnyObject {
  /// The network that is being adapted, and the result.
  var student: any Segmenter { get }

  /// Looks through the target images once before the first step, where the method needs it.
  func prepare(_ images: TargetImages) throws

  /// One update from one batch.
  ///
  /// Where the loss or its gradient is no number, nothing is updated: the next step goes as if this one had
  /// not been, and the report tells that it was not applied.
  func step(_ batch: TargetBatch, learningRate: Double) -> StepReport

  /// Everything that later steps depend on, under stable names.
  var state: [(name: String, tensor: StoredTensor)] { get }

  /// Whether processes lost touch in the midst of a step that had moved the network: the state is then that of no
  /// step, and must not be saved.
  var isTorn: Bool { get }

  /// Takes over a stored state; the report tells what did not fit.
  func load(_ state: [(name: String, tensor: StoredTensor)]) -> LoadReport
}

extension AdaptationMethod {
  public var isTorn: Bool { false }
}

/// The target images, one network input after another.
public struct TargetImages {
  /// How many images there are.
  public let count: Int
  /// Calls its argument with each input [1, 3, H, W], in order.
  public let forEach: ((Tensor) throws -> Void) throws -> Void

  /// Images that a function goes through.
  public init(count: Int, forEach: @escaping ((Tensor) throws -> Void) throws -> Void) {
    self.count = count
    self.forEach = forEach
  }
}
