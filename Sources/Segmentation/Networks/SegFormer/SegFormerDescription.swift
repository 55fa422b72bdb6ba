// SPDX-License-Identifier: Apache-2.0

import Files

extension SegFormer {
  /// What differs between published weights.
  public struct Description: Equatable, Sendable {
    /// The sizes of the paper, table 6.
    public enum Size: String, Sendable, CaseIterable {
      /// 3.7 million parameters with the head.
      case b0
      /// 13.7 million.
      case b1
      /// 27.4 million: wider head, deeper stages.
      case b2
      /// 47.2 million.
      case b3
      /// 64.0 million.
      case b4
      /// 84.6 million.
      case b5
    }

    /// Whose small numbers keep the encoder's normalisation from a division by zero; nothing in the weights tells.
    public enum Norms: String, Sendable, CaseIterable {
      /// 1e-5 everywhere: `transformers`.
      case huggingface
      /// 1e-6 in blocks and after stages, 1e-5 in embeddings and on reduced keys: the authors' code.
      case nvlabs
      /// 1e-6 everywhere.
      case mmseg
    }

    /// What stands between a stage's map and their fusion.
    public enum Branch: Sendable {
      /// A linear layer; the last stage comes first.
      case linear
      /// mmseg's: a linear layer without a bias, batch normalisation and ReLU; the first stage comes first.
      case normalised
    }

    /// The size.
    public var size: Size
    /// Channels of the classifier.
    public var outputs: Int
    /// Whose small numbers normalise.
    public var norms = Norms.huggingface
    /// What stands between a stage's map and their fusion.
    public var branch = Branch.linear
    /// Whether the head's batch normalisation counts batches.
    public var counters = true

    /// The network of a size with a classifier of so many outputs.
    public init(_ size: Size, outputs: Int) {
      (self.size, self.outputs) = (size, outputs)
    }
  }
}

extension SegFormer.Description.Size {
  /// Channels of the four stages.
  var widths: [Int] { self == .b0 ? [32, 64, 160, 256] : [64, 128, 320, 512] }

  /// Blocks of the four stages.
  var depths: [Int] {
    switch self {
    case .b0, .b1: [2, 2, 2, 2]
    case .b2: [3, 4, 6, 3]
    case .b3: [3, 4, 18, 3]
    case .b4: [3, 8, 27, 3]
    case .b5: [3, 6, 40, 3]
    }
  }

  /// Channels of the head.
  var decoder: Int { self == .b0 || self == .b1 ? 256 : 768 }
}

extension SegFormer.Description {
  /// Heads of attention at each stage.
  static let heads = [1, 2, 5, 8]
  /// Pixels along each axis that a key stands for, at each stage.
  static let reductions = [8, 4, 2, 1]
  /// Channels inside a block's perceptron over those of the stage.
  static let expansion = 4
  /// Kernel, stride and padding of each stage's embedding.
  static let embeddings = [(kernel: 7, stride: 4, padding: 3)] + Array(repeating: (3, 2, 1), count: 3)

  /// What weights do not show, as a variant text.
  public var variantText: String { "norms=\(norms.rawValue)" }

  /// The epsilons of embeddings and reduced keys, and of blocks and stages.
  var epsilons: (embedding: Double, block: Double) {
    switch norms {
    case .huggingface: (1e-5, 1e-5)
    case .nvlabs: (1e-5, 1e-6)
    case .mmseg: (1e-6, 1e-6)
    }
  }

  /// Sets what a variant text says.
  /// - Throws: `Problem` for another property than `norms`, or another value than it takes.
  mutating func apply(_ said: VariantText) throws {
    if let origin = said.origin {
      throw Problem(
        "cannot use the variant", at: origin.name, because: "SegFormers know no origins",
        remedy: "say norms=huggingface, norms=nvlabs or norms=mmseg")
    }
    for property in said.properties {
      guard property.name == "norms" else {
        throw unknownName(property.name, of: "property of the variant", known: ["norms"])
      }
      guard let value = Norms(rawValue: property.value) else {
        throw unknownName(property.value, of: "value of norms", known: Norms.allCases.map(\.rawValue))
      }
      norms = value
    }
  }
}
