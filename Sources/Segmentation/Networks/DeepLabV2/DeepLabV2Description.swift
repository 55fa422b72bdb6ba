// SPDX-License-Identifier: Apache-2.0

extension DeepLabV2 {
  /// What differs between published weights. Some of it is read off names and shapes; the rest loads without
  /// a complaint and predicts nonsense if it is wrong, so it is told by a variant text.
  public struct Description: Codable, Equatable, Sendable {
    /// The body under the classifier.
    public enum Backbone: String, Codable, Sendable, CaseIterable {
      /// He et al. 2016, 101 layers.
      case resnet101
      /// He et al. 2016, 50 layers.
      case resnet50
      /// Simonyan and Zisserman 2015, 16 layers.
      case vgg16
    }

    /// Which convolution of a block takes the stride.
    public enum StrideSite: String, Codable, Sendable, CaseIterable {
      /// The first, 1x1, as in Caffe's ResNet.
      case reduction = "1x1"
      /// The second, 3x3, as in torchvision's.
      case spatial = "3x3"
    }

    /// What normalises after convolutions.
    public enum Norm: String, Codable, Sendable, CaseIterable {
      /// Batch normalisation.
      case batch
      /// Scale, shift and statistics as buffers that nothing moves.
      case frozen
    }

    /// How a ResNet begins.
    public enum Stem: String, Codable, Sendable, CaseIterable {
      /// One 7x7 convolution.
      case plain = "7x7"
      /// Three 3x3 convolutions.
      case deep = "3x3"
    }

    /// The body under the classifier.
    public var backbone: Backbone
    /// Channels of the classifier.
    public var outputs: Int
    /// Channels of the first stage: 64 in the published networks.
    public var width = 64
    /// Branches of the classifier that are summed, 2 or 4; weights hold all four either way.
    public var branches = 4
    /// Which convolution of a block takes the stride.
    public var stride = StrideSite.reduction
    /// Whether the stem's pooling keeps a last window that hangs over the edge.
    public var ceil = true
    /// What normalises after convolutions.
    public var norm = Norm.batch
    /// What keeps normalisation from a division by zero.
    public var epsilon = 1e-5
    /// Whether normalisation layers count batches.
    public var counters = true
    /// How a ResNet begins.
    public var stem = Stem.plain
    /// Whether the first block of a dilated stage keeps the dilation of the stage before.
    public var contracted = false
    /// Whether there is a second classifier, `layer5`, on `layer3`'s output.
    public var auxiliary = false

    /// The published network on a body, with a classifier of so many outputs.
    public init(_ backbone: Backbone, outputs: Int) {
      self.backbone = backbone
      self.outputs = outputs
    }
  }
}
