// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// Losses of dense predictions and their gradients, in one pass over the pixels.
///
/// Maps come at the size at which networks give them; each pixel's values are interpolated when they are
/// needed, so nothing of the size of all pixels times all classes is ever held. CPU and float32 only. The
/// result is the same for every number of threads.
/// Source: the terms of Cao et al. 2024, arXiv 2306.01598.
package struct DenseObjective {
  /// How far a pixel's label counts, by the judge's two largest logits z1 >= z2, p1 and p2 their
  /// probabilities.
  package enum Trust {
    case alike
    /// `1 - z2 / z1`
    case logits
    /// `1 - p2 / p1`
    case probabilities
    /// `p1`
    case first
    /// `1 - p2`
    case second

    var raw: ct_trust {
      switch self {
      case .alike: CT_TRUST_ALIKE
      case .logits: CT_TRUST_LOGITS
      case .probabilities: CT_TRUST_PROBABILITIES
      case .first: CT_TRUST_FIRST
      case .second: CT_TRUST_SECOND
      }
    }
  }

  /// Multipliers of the terms, or the terms multiplied by them; a term of weight 0 is not computed.
  package struct Terms: Equatable, Sendable {
    /// The cross-entropy with the labels, times class weight and trust.
    package var trusted = 0.0
    /// The cross-entropy with the labels, times class weight, where the most similar class is the label.
    package var agreed = 0.0
    /// The cross-entropy with the most similar class.
    package var nearest = 0.0
    /// The cross-entropy of the similarities with the class of the largest logit.
    package var mutual = 0.0
    /// The entropy, `-sum p log(p + 1e-5)`.
    package var entropy = 0.0

    package init() {}
  }

  /// Class scores [N, C, h, w], at most 255 classes.
  package let logits: Tensor
  /// Logits of the network that is asked for trust [N, C, h', w']; nil where all labels count alike.
  package let judge: Tensor?
  /// uint8 or int64 [N, H, W], 255 ignored: the size that the other maps are brought to.
  package let labels: Tensor
  /// [C]
  package let classWeights: Tensor
  /// [N, C, h", w"]; nil where no term needs them.
  package let similarities: Tensor?
  package var weights = Terms()
  package var trust = Trust.alike
  /// Whether the entropy counts only where the class of the largest logit is the label.
  package var entropyWhereAgreed = false
  /// Whether ignored pixels count in the means of the first two terms.
  package var ignoredInMean = true

  package init(logits: Tensor, judge: Tensor?, labels: Tensor, classWeights: Tensor, similarities: Tensor?) {
    self.logits = logits
    self.judge = judge
    self.labels = labels
    self.classWeights = classWeights
    self.similarities = similarities
  }

  /// Whether everything is of a kind that `evaluated` takes.
  package var isSupported: Bool {
    let maps = [logits, classWeights] + [judge, similarities].compactMap { $0 }
    return maps.allSatisfy { $0.device == .cpu && $0.dtype == .float32 } && labels.device == .cpu
      && classWeights.elementCount <= 255
  }

  /// The terms, multiplied by their weights, and the gradients of their sum: those of the logits, and those of
  /// the similarities where the mutual term counts.
  package func evaluated() -> (terms: Terms, logits: Tensor, similarities: Tensor?) {
    var values = ct_objective_terms()
    var second: OpaquePointer?
    let first = must("objective", logits, labels) { out in
      logits.handle.lend { logits in
        labels.handle.lend { labels in
          classWeights.handle.lend { classWeights in
            judge.lend { judge in
              similarities.lend { similarities in
                var objective = ct_objective(
                  logits: logits, judge: judge, labels: labels, class_weights: classWeights,
                  similarities: similarities, weights: weights.raw, trust: trust.raw,
                  entropy_where_agreed: entropyWhereAgreed, ignored_in_mean: ignoredInMean)
                return ct_objective_evaluate(&values, out, &second, &objective)
              }
            }
          }
        }
      }
    }
    return (Terms(values), first, second.map { Tensor(owning: $0) })
  }
}

extension DenseObjective.Terms {
  var raw: ct_objective_terms {
    ct_objective_terms(
      trusted: trusted, agreed: agreed, nearest: nearest, mutual: mutual, entropy: entropy)
  }

  init(_ raw: ct_objective_terms) {
    (trusted, agreed, nearest) = (raw.trusted, raw.agreed, raw.nearest)
    (mutual, entropy) = (raw.mutual, raw.entropy)
  }
}
