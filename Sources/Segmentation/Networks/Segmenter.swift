// SPDX-License-Identifier: Apache-2.0

import Imaging
import Torch

/// What a network says about a batch of images.
public struct Prediction {
  /// Scores before the softmax, [N, C, h, w]; at any size that a bilinear resize brings to the image's.
  public let logits: Tensor
  /// The feature map that prototypes are made of, [N, D, H / stride, W / stride].
  public let features: Tensor

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
  /// Names and tensors, as checkpoints hold them.
  var store: ParameterStore { get }
  /// Classes in `Prediction.logits`, without a void output that the weights may have.
  var classCount: Int { get }
  /// Image pixels to a feature, along each axis.
  var outputStride: Int { get }
  /// Input widths and heights are multiples of this.
  var sizeMultiple: Int { get }
  /// How the weights want their pixels.
  var normalisation: Normalisation { get }

  /// Shapes: normalised images [N, 3, H, W] -> logits and features.
  func callAsFunction(_ images: Tensor, _ mode: Mode) -> Prediction

  /// The logits of a second classifier on the features, where the network has one: computed only here, for
  /// losses that want them. Shapes: [N, C, h, w], as `Prediction.logits`.
  func auxiliaryLogits(of prediction: Prediction) -> Tensor?

  /// Whether a parameter belongs to the classifier, which learns at a higher rate than the body.
  func isHead(_ parameter: String) -> Bool
  /// Whether a parameter scales or shifts a normalisation; adaptation leaves those as they are.
  func isNormalisation(_ parameter: String) -> Bool
  /// A network of the same architecture and state, on the same device.
  func copy() -> Self
}

extension Segmenter {
  public func auxiliaryLogits(of prediction: Prediction) -> Tensor? { nil }

  /// The trainable parameters as the classifier and the body.
  ///
  /// - Parameters:
  ///   - headScale: the classifier's learning rate over the body's.
  ///   - bodyUpdates: steps that each gradient of the body gives.
  public func parameterGroups(headScale: Double, bodyUpdates: Int = 1) -> [ParameterGroup] {
    let trainable = store.trainable
    return [
      ParameterGroup("body", trainable.filter { !isHead($0.name) }, updates: bodyUpdates),
      ParameterGroup("head", trainable.filter { isHead($0.name) }, learningRateScale: headScale),
    ]
  }

  public func freezeNormalisation() {
    store.setTrainable(false, where: isNormalisation)
  }

  /// Normalised images as one tensor [N, 3, H, W] on the network's device. The images are of one size.
  public func input(_ images: [RGBImage]) -> Tensor {
    guard let size = images.first?.size else { fatalError("a batch needs an image") }
    let plane = 3 * size.area
    let batch = Tensor.filled([images.count, 3, size.height, size.width]) { buffer in
      for (i, image) in images.enumerated() {
        guard image.size == size else { fatalError("a batch of images of \(size) and \(image.size)") }
        normalisation.write(
          image, into: UnsafeMutableBufferPointer(rebasing: buffer[i * plane..<(i + 1) * plane]))
      }
    }
    return batch.to(store.device)
  }
}
