// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// A linear layer over the last axis. Shapes: [..., in] -> [..., out].
public struct Linear {
  private let weight: Tensor
  private let bias: Tensor?

  /// Declares `weight` [out, in] and, unless told otherwise, `bias` [out], started as PyTorch's `Linear` starts them.
  public init(_ scope: Scope, _ input: Int, _ output: Int, bias hasBias: Bool = true) {
    let bound = 1 / Double(input).squareRoot()
    weight = scope.parameter("weight", [output, input], .uniform(bound))
    bias = hasBias ? scope.parameter("bias", [output], .uniform(bound)) : nil
  }

  /// The layer of a batch: [..., in] -> [..., out].
  public func callAsFunction(_ x: Tensor) -> Tensor { x.linear(weight, bias: bias) }
}

/// Normalisation of each vector of the last axis by its own mean and variance. Shapes: [..., D] -> [..., D].
///
/// Source: Ba, Kiros, Hinton 2016, "Layer Normalization".
public struct LayerNorm {
  private let weight, bias: Tensor
  private let epsilon: Double

  /// Declares `weight` and `bias`, each [width].
  public init(_ scope: Scope, _ width: Int, epsilon: Double = 1e-5) {
    weight = scope.parameter("weight", [width], .constant(1))
    bias = scope.parameter("bias", [width], .constant(0))
    self.epsilon = epsilon
  }

  /// The normalised vectors: [..., D] -> [..., D].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    x.layerNormalized(weight, bias: bias, epsilon: epsilon)
  }
}

extension Tensor {
  /// The product with a matrix over the last axis. Shapes: [..., in], weight [out, in], bias [out] -> [..., out].
  public func linear(_ weight: Tensor, bias: Tensor? = nil) -> Tensor {
    binary("linear", weight) { out, x, w in bias.lend { ct_linear(out, x, w, $0) } }
  }

  /// The last axis's vectors less their mean, over their deviation, scaled and shifted. Shapes: [..., D], weight and
  /// bias [D] -> [..., D].
  public func layerNormalized(_ weight: Tensor, bias: Tensor, epsilon: Double) -> Tensor {
    binary("layerNorm", weight) { out, x, w in
      bias.handle.lend { ct_layer_norm(out, x, w, $0, epsilon) }
    }
  }

  /// Each element times the normal distribution's share below it: Hendrycks and Gimpel 2016, the exact form.
  public func gelu() -> Tensor { unary("gelu") { ct_gelu($0, $1) } }

  /// `softmax(query key^T / sqrt(d)) value`: Vaswani et al. 2017, equation 1.
  ///
  /// Shapes: query [N, heads, L, d], keys and values [N, heads, K, d] -> [N, heads, L, d].
  public func attending(to keys: Tensor, _ values: Tensor) -> Tensor {
    binary("attention", keys) { out, q, k in values.handle.lend { ct_attention(out, q, k, $0) } }
  }
}
