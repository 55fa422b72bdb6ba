// SPDX-License-Identifier: Apache-2.0

import Torch

/// The encoder, "Mix Transformer": stages of attention over patches that overlap.
///
/// Shapes: [N, 3, H, W] -> four maps [N, D, h, w] at strides 4, 8, 16 and 32.
struct SegFormerEncoder {
  private struct Stage {
    let embedding: PatchEmbedding
    let blocks: [SegFormerBlock]
    let norm: LayerNorm
  }

  private let stages: [Stage]

  init(_ scope: Scope, _ description: SegFormer.Description) {
    let widths = description.size.widths
    let epsilons = description.epsilons
    // All embeddings are declared first, then all blocks, as in the published files.
    let embeddings = widths.indices.map { i in
      PatchEmbedding(
        scope / "patch_embeddings" / i, i == 0 ? 3 : widths[i - 1], widths[i],
        SegFormer.Description.embeddings[i], epsilon: epsilons.embedding)
    }
    let blocks = widths.indices.map { i in
      (0..<description.size.depths[i]).map { j in
        SegFormerBlock(
          scope / "block" / i / j, widths[i], heads: SegFormer.Description.heads[i],
          reduction: SegFormer.Description.reductions[i], epsilons)
      }
    }
    stages = widths.indices.map { i in
      Stage(
        embedding: embeddings[i], blocks: blocks[i],
        norm: LayerNorm(scope / "layer_norm" / i, widths[i], epsilon: epsilons.block))
    }
  }

  func callAsFunction(_ images: Tensor) -> [Tensor] {
    var map = images
    return stages.map { stage in
      var (tokens, pixels) = stage.embedding(map)
      for block in stage.blocks { tokens = block(tokens, pixels) }
      map = stage.norm(tokens).asMap(like: pixels)
      return map
    }
  }
}

extension Tensor {
  /// [N, D, h, w] -> [N, h w, D]
  func asTokens() -> Tensor { flattened(from: 2).permuted(0, 2, 1) }

  /// [N, h w, D] -> [N, D, h, w], of the height and width of `pixels`.
  func asMap(like pixels: Tensor) -> Tensor { permuted(0, 2, 1).unflattened(2, like: pixels) }
}

/// A convolution whose pixels become tokens. Shapes: [N, in, H, W] -> [N, h w, out], with the map [N, out, h, w].
private struct PatchEmbedding {
  private let projection: Convolution
  private let norm: LayerNorm

  init(
    _ scope: Scope, _ input: Int, _ output: Int, _ form: (kernel: Int, stride: Int, padding: Int),
    epsilon: Double
  ) {
    projection = Convolution(
      scope / "proj", input, output, kernel: form.kernel, Window(stride: form.stride, padding: form.padding),
      bias: true)
    norm = LayerNorm(scope / "layer_norm", output, epsilon: epsilon)
  }

  func callAsFunction(_ map: Tensor) -> (tokens: Tensor, pixels: Tensor) {
    let projected = projection(map)
    return (norm(projected.asTokens()), projected)
  }
}

/// Attention to keys of a smaller map, and a perceptron that looks at neighbours. Shapes: [N, h w, D], kept.
struct SegFormerBlock {
  private let attentionNorm, perceptronNorm: LayerNorm
  private let attention: ReducedAttention
  private let expand, contract: Linear
  private let neighbours: Convolution

  init(
    _ scope: Scope, _ width: Int, heads: Int, reduction: Int, _ epsilons: (embedding: Double, block: Double)
  ) {
    let inner = SegFormer.Description.expansion * width
    attentionNorm = LayerNorm(scope / "layer_norm_1", width, epsilon: epsilons.block)
    attention = ReducedAttention(
      scope / "attention", width, heads: heads, reduction: reduction, epsilon: epsilons.embedding)
    perceptronNorm = LayerNorm(scope / "layer_norm_2", width, epsilon: epsilons.block)
    expand = Linear(scope / "mlp" / "dense1", width, inner)
    neighbours = Convolution(
      scope / "mlp" / "dwconv" / "dwconv", inner, inner, kernel: 3, Window(padding: 1), bias: true,
      groups: inner)
    contract = Linear(scope / "mlp" / "dense2", inner, width)
  }

  func callAsFunction(_ tokens: Tensor, _ pixels: Tensor) -> Tensor {
    let attended = tokens + attention(attentionNorm(tokens), pixels)
    let inner = neighbours(expand(perceptronNorm(attended)).asMap(like: pixels)).asTokens()
    return attended + contract(inner.gelu())
  }
}

/// Attention of all tokens to keys that each stand for `reduction` squared of them. Shapes: [N, h w, D], kept.
private struct ReducedAttention {
  private struct Reduction {
    let convolution: Convolution
    let norm: LayerNorm
  }

  private let query, key, value, output: Linear
  private let reduction: Reduction?
  private let heads: Int

  init(_ scope: Scope, _ width: Int, heads: Int, reduction: Int, epsilon: Double) {
    let own = scope / "self"
    self.heads = heads
    query = Linear(own / "query", width, width)
    key = Linear(own / "key", width, width)
    value = Linear(own / "value", width, width)
    self.reduction =
      reduction == 1
      ? nil
      : Reduction(
        convolution: Convolution(
          own / "sr", width, width, kernel: reduction, Window(stride: reduction), bias: true),
        norm: LayerNorm(own / "layer_norm", width, epsilon: epsilon))
    output = Linear(scope / "output" / "dense", width, width)
  }

  func callAsFunction(_ tokens: Tensor, _ pixels: Tensor) -> Tensor {
    let reduced = reduction.map { $0.norm($0.convolution(tokens.asMap(like: pixels)).asTokens()) } ?? tokens
    let attended = split(query(tokens)).attending(to: split(key(reduced)), split(value(reduced)))
    return output(attended.permuted(0, 2, 1, 3).flattened(from: 2))
  }

  /// [N, L, D] -> [N, heads, L, D / heads]
  private func split(_ x: Tensor) -> Tensor {
    x.unflattened(2, into: heads, -1).permuted(0, 2, 1, 3)
  }
}
