// SPDX-License-Identifier: Apache-2.0

import Segmentation
import Torch

/// The loss of a step, term by term.
///
/// Source: Cao et al. 2024; total = 0.2 IA + 0.5 PE + 0.04 PS + 2 IM in the released code.
package struct IAPCObjective {
  package private(set) var settings: IAPCSettings

  package init(settings: IAPCSettings) {
    self.settings = settings
  }

  /// What a step's loss is made of. All maps are at the crop's size but the similarities.
  package struct Inputs {
    /// Student logits [N, C, H, W], with gradient.
    let student: Tensor
    /// Trust in the source network [N, H, W]; nil for 1 everywhere.
    let importance: Tensor?
    /// Pseudo-labels, int64 [N, H, W].
    let labels: Tensor
    /// [C]
    let classWeights: Tensor
    /// Cosines of student features and prototypes [N, C, h, w], with gradient; nil where no term needs them.
    let similarities: Tensor?

    package init(
      student: Tensor, importance: Tensor?, labels: Tensor, classWeights: Tensor, similarities: Tensor?
    ) {
      self.student = student
      self.importance = importance
      self.labels = labels
      self.classWeights = classWeights
      self.similarities = similarities
    }
  }

  package var needsPrototypes: Bool { settings.weights.enhanced != 0 || settings.weights.symmetric != 0 }
  package var needsSource: Bool { settings.weights.importance != 0 && settings.importance != .none }

  /// The names of the terms, in their order.
  package var names: [String] {
    let weights = settings.weights
    let all = [
      ("ia", weights.importance), ("pe", weights.enhanced), ("ps_label", weights.symmetric),
      ("ps_prototype", weights.symmetric), ("im", weights.entropy),
    ]
    return all.filter { $0.1 != 0 }.map(\.0)
  }

  /// The objective for a part of a batch: the sum of all parts' terms, and of their gradients, is that of the whole.
  package func forPart(_ counts: LabelCounts) -> IAPCObjective {
    var part = self
    let share = counts.share
    let supervised = settings.ignoredInMean ? share : counts.countedShare
    part.settings.weights.importance *= supervised
    part.settings.weights.enhanced *= supervised
    part.settings.weights.symmetric *= share
    part.settings.weights.entropy *= share
    return part
  }

  /// Scalars with their weights multiplied in; a term of weight 0 is absent.
  package func callAsFunction(_ x: Inputs) -> [(name: String, term: Tensor)] {
    let size = (height: x.labels.shape[1], width: x.labels.shape[2])
    let weights = settings.weights
    let logProbabilities = x.student.logSoftmax(1)
    let nearest = x.similarities.map { nearestLabels($0, size.height, size.width) }
    var terms: [(name: String, term: Tensor)] = []

    if weights.importance != 0 || weights.enhanced != 0 {
      let supervised = crossEntropyMap(logProbabilities, x.labels, classWeights: x.classWeights)
      if weights.importance != 0 {
        let trusted = x.importance.map { supervised * $0 } ?? supervised
        terms.append(("ia", weights.importance * mean(trusted, x.labels)))
      }
      if weights.enhanced != 0, let nearest {
        let agreed = supervised * nearest.equals(x.labels).to(.float32)
        terms.append(("pe", weights.enhanced * mean(agreed, x.labels)))
      }
    }
    if weights.symmetric != 0, let nearest, let similarities = x.similarities {
      terms.append(("ps_label", weights.symmetric * crossEntropyMap(logProbabilities, nearest).mean()))
      let upsampled = similarities.resizedBilinear(height: size.height, width: size.width)
      let own = x.student.detached().argmax(1)
      terms.append(("ps_prototype", weights.symmetric * crossEntropyMap(upsampled.logSoftmax(1), own).mean()))
    }
    if weights.entropy != 0 {
      let entropy = entropyMap(x.student.softmax(1))
      let counted = settings.entropyOn == .all ? entropy : entropy * agreement(x.student, x.labels)
      terms.append(("im", weights.entropy * counted.mean()))
    }
    return terms
  }

  /// 1 where the class of the largest logit is the label, 0 elsewhere. Shapes: [N, C, H, W], [N, H, W] -> [N, H, W].
  private func agreement(_ logits: Tensor, _ labels: Tensor) -> Tensor {
    logits.detached().argmax(1).equals(labels).to(.float32)
  }

  /// The class of the nearest prototype at each pixel: argmax on the feature grid, then nearest. int64 [N, H,
  /// W].
  private func nearestLabels(_ similarities: Tensor, _ height: Int, _ width: Int) -> Tensor {
    let grid = similarities.detached().argmax(1)
    let s = grid.shape
    let full = grid.reshaped(s[0], 1, s[1], s[2]).to(.float32).resizedNearest(height: height, width: width)
    return full.reshaped(s[0], height, width).to(.int64)
  }

  private func mean(_ map: Tensor, _ labels: Tensor) -> Tensor {
    if settings.ignoredInMean { return map.mean() }
    let counted = labels.equals(Double(ignoredLabel)).not().to(.float32).sum().clamped(from: 1)
    return map.sum() / counted
  }
}
