// SPDX-License-Identifier: Apache-2.0

import Torch

extension IAPCObjective {
  /// What the networks gave in a step, at the sizes they gave it.
  package struct Predictions {
    /// Student logits [N, C, h, w], with gradient.
    package let student: Tensor
    /// Source logits [N, C, h', w']; nil where every pixel counts alike.
    package let source: Tensor?
    /// Pseudo-labels, int64 [N, H, W]: the size that the losses are taken at.
    package let labels: Tensor
    /// [C]
    package let classWeights: Tensor
    /// Cosines of student features and prototypes [N, C, h", w"], with gradient; nil where no term needs them.
    package let similarities: Tensor?

    package init(
      student: Tensor, source: Tensor?, labels: Tensor, classWeights: Tensor, similarities: Tensor?
    ) {
      self.student = student
      self.source = source
      self.labels = labels
      self.classWeights = classWeights
      self.similarities = similarities
    }
  }

  /// The loss of a step: in one pass where it can and may be, tensor by tensor elsewhere.
  package func loss(_ x: Predictions) -> StepLoss {
    let pass = onePass(x)
    return pass.isSupported && LayerForm.current == .fused ? loss(x, pass) : tensorLoss(x)
  }

  /// The loss tensor by tensor, on any device and of any type.
  package func tensorLoss(_ x: Predictions) -> StepLoss {
    func atCrop(_ logits: Tensor) -> Tensor { logits.resized(toMatch: x.labels) }
    let importance = withoutGradients { x.source.flatMap { importanceMap(atCrop($0), settings.importance) } }
    return StepLoss(
      self(
        Inputs(
          student: atCrop(x.student), importance: importance, labels: x.labels, classWeights: x.classWeights,
          similarities: x.similarities)))
  }

  /// The loss in one pass over the pixels.
  private func loss(_ x: Predictions, _ pass: DenseObjective) -> StepLoss {
    if pass.weights == DenseObjective.Terms() { return StepLoss(terms: [], roots: []) }
    let found = pass.evaluated()
    let all = [
      ("ia", pass.weights.trusted, found.terms.trusted), ("pe", pass.weights.agreed, found.terms.agreed),
      ("ps_label", pass.weights.nearest, found.terms.nearest),
      ("ps_prototype", pass.weights.mutual, found.terms.mutual),
      ("im", pass.weights.entropy, found.terms.entropy),
    ]
    var roots = [(tensor: x.student, gradient: found.logits)]
    if let similarities = x.similarities, let gradient = found.similarities {
      roots.append((similarities, gradient))
    }
    return StepLoss(terms: all.filter { $0.1 != 0 }.map { ($0.0, $0.2) }, roots: roots)
  }

  private func onePass(_ x: Predictions) -> DenseObjective {
    var pass = DenseObjective(
      logits: x.student, judge: x.source, labels: x.labels, classWeights: x.classWeights,
      similarities: x.similarities)
    pass.weights.trusted = settings.weights.importance
    pass.weights.entropy = settings.weights.entropy
    if x.similarities != nil {
      pass.weights.agreed = settings.weights.enhanced
      (pass.weights.nearest, pass.weights.mutual) = (settings.weights.symmetric, settings.weights.symmetric)
    }
    pass.trust = x.source == nil ? .alike : settings.importance.trust
    pass.entropyWhereAgreed = settings.entropyOn == .agreed
    pass.ignoredInMean = settings.ignoredInMean
    return pass
  }
}

extension Tensor {
  /// Class scores [N, C, h, w] at the size of labels [N, H, W].
  func resized(toMatch labels: Tensor) -> Tensor {
    let (size, wanted) = (shape, labels.shape)
    if size[2] == wanted[1], size[3] == wanted[2] { return self }
    return resizedBilinear(height: wanted[1], width: wanted[2])
  }
}

extension IAPCSettings.Importance {
  fileprivate var trust: DenseObjective.Trust {
    switch self {
    case .logits: .logits
    case .probabilities: .probabilities
    case .first: .first
    case .second: .second
    case .none: .alike
    }
  }
}
