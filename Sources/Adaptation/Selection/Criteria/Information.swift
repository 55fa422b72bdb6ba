// SPDX-License-Identifier: Apache-2.0

import Torch

/// The mean entropy of rows of class probabilities, in nats: `-(1/N) sum_i sum_c p_ic log p_ic`.
///
/// Small where the network is sure. It rewards collapse, and methods that minimise it (this one does) lower it
/// whatever happens to their accuracy: it is shown and ranks nothing.
/// Shapes: [N, C] -> a number of 0 to log C.
/// Source: the entropy criterion of model selection, `EntropyValidator` of KevinMusgrave/pytorch-adapt.
public func meanEntropy(_ probabilities: Tensor) -> Double {
  -(probabilities * probabilities.clamped(from: smallestProbability).log()).sum(1).mean().item
}

/// Information maximisation, in nats: `H(mean_i p_i) - mean_i H(p_i)`, larger is better.
///
/// Large where the network is sure of each pixel and yet not of one class everywhere. It pulls towards classes
/// that are equally frequent, which those of streets are not; so it is a guard against collapse, at which it
/// is 0.
/// Shapes: [N, C] -> a number of 0 to log C.
/// Source: Krause, Perona and Gomes 2010; `IMValidator` (entropy and diversity) of pytorch-adapt.
public func informationMaximisation(_ probabilities: Tensor) -> Double {
  information(meanProbabilities: probabilities.mean(0, keepingAxes: true), meanEntropy(probabilities))
}

/// The same from the mean of all rows, [1, C], and the mean of their entropies.
func information(meanProbabilities: Tensor, _ entropy: Double) -> Double {
  meanEntropy(meanProbabilities) - entropy
}

/// Below it a probability counts as this: `0 log 0` is 0 and not without a value.
private let smallestProbability = 1e-30
