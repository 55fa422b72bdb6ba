// SPDX-License-Identifier: Apache-2.0

import Imaging
import Torch

/// What a network says about a batch of images.
public struct Prediction {
  /// Scores before the softmax, [N, C, h, w]; at any size that a bilinear resize brings to the image's.
  public let logits: Tensor
  /// The feature map that prototypes are made of, [N, D, H / stride, W / stride].
  public let features: Tensor

  /// What a network said of a batch: logits [N, C, h, w] and features [N, D, h', w'].
  public init(logits: Tensor, features: Tensor) {
    self.logits = logits
    self.features = features
  }
}

/// A segmentation network: all that training, evaluation and prediction know of one.
public protocol Segmenter: AnyObject {
  /// The name of the family, as `--network` takes it.
  var name: String { get }
  /// What the checkpoint decided, for people: "p = 2, q = 3, 20 outputs".
  var variant: String { get }
  /// What of the variant the weights do not show, as `--variant` takes it; empty where they show all.
  var variantText: String { get }
  /// Names and tensors, as checkpoints hold them.
  var store: ParameterStore { get }
  /// Classes in `Prediction.logits`, without a void output that the weights may have.
  var classCount: Int { get }
  /// Image pixels to a feature, along each axis.
  var outputStride: Int { get }
  /// Image pixels to a pixel of the coarsest map that a layer normalises, along each axis.
  var coarsestStride: Int { get }
  /// Input widths and heights are multiples of this.
  var sizeMultiple: Int { get }
  /// Input widths and heights are at least this, a multiple of `sizeMultiple`.
  var leastSide: Int { get }
  /// Whether a layer normalises by the statistics of batches; without one the mode of a pass changes no statistics.
  var hasBatchStatistics: Bool { get }
  /// How the weights want their pixels.
  var normalisation: Normalisation { get }
  /// The program that it came with and runs, which its files hold beside the weights; nil for networks of this library.
  var program: ScriptModule? { get }

  /// Shapes: normalised images [N, 3, H, W] -> logits and features.
  func callAsFunction(_ images: Tensor, _ mode: Mode) -> Prediction

  /// The logits of a second classifier on the features, where the network has one: computed only here, for
  /// losses that want them. Shapes: [N, C, h, w], as `Prediction.logits`.
  func auxiliaryLogits(of prediction: Prediction) -> Tensor?

  /// Whether a parameter belongs to the classifier, which learns at a higher rate than the body.
  func isHead(_ parameter: String) -> Bool
  /// Steps that each gradient of a body parameter gives where most of the body takes `updates`.
  ///
  /// The released code lists a parameter in its optimiser once for every module that it lies in, which steps
  /// it as often; networks whose modules nest unevenly differ from `updates` in places.
  func updates(of parameter: String, most updates: Int) -> Int
  /// Whether a parameter scales or shifts a normalisation; adaptation leaves those as they are.
  func isNormalisation(_ parameter: String) -> Bool
  /// The entries of the store as a file of a form has them.
  func state(in form: WeightsForm) -> [(name: String, tensor: StoredTensor)]
  /// A network of the same architecture and state, on the same device.
  func copy() -> Self
}

extension Segmenter {
  public var variantText: String { "" }
  public var coarsestStride: Int { outputStride }
  public var leastSide: Int { sizeMultiple }
  public var hasBatchStatistics: Bool { true }
  public var program: ScriptModule? { nil }
  public func state(in form: WeightsForm) -> [(name: String, tensor: StoredTensor)] { store.state }
  public func auxiliaryLogits(of prediction: Prediction) -> Tensor? { nil }

  public func updates(of parameter: String, most updates: Int) -> Int { updates }

  /// The trainable parameters as the body, in groups of as many updates, and the classifier.
  ///
  /// - Parameters:
  ///   - headScale: the classifier's learning rate over the body's.
  ///   - bodyUpdates: steps that each gradient of most of the body gives.
  public func parameterGroups(headScale: Double, bodyUpdates: Int = 1) -> [ParameterGroup] {
    let trainable = store.trainable
    let body = Dictionary(grouping: trainable.filter { !isHead($0.name) }) {
      updates(of: $0.name, most: bodyUpdates)
    }
    return body.sorted { $0.key < $1.key }.map { ParameterGroup("body", $0.value, updates: $0.key) }
      + [ParameterGroup("head", trainable.filter { isHead($0.name) }, learningRateScale: headScale)]
  }

  /// The same computed in another precision, float32 all the same in what comes out.
  public func callAsFunction(_ images: Tensor, _ mode: Mode, in precision: Precision) -> Prediction {
    let prediction = self(images.to(precision.type), mode)
    return Prediction(
      logits: prediction.logits.to(.float32), features: prediction.features.to(.float32))
  }

  /// A copy that no gradient reaches.
  public func frozenCopy() -> Self {
    let copy = copy()
    copy.store.setTrainable(false)
    return copy
  }

  /// A copy that only predicts.
  public func sealedCopy() -> Self {
    let copy = copy()
    copy.store.seal()
    return copy
  }

  /// Keeps gradients and optimisers from the normalisation layers' weights and biases.
  public func freezeNormalisation() {
    store.setTrainable(false, where: isNormalisation)
  }

  /// Normalised images as one tensor [N, 3, H, W] on the network's device. The images are of one size.
  public func input(_ images: [RGBImage]) -> Tensor { normalisation.batch(images).to(store.device) }
}
