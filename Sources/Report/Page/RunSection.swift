// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Segmentation

/// A part of a report, or why it is left out.
enum Part<Value> {
  case found(Value)
  case leftOut(String)

  var found: Value? { if case .found(let value) = self { value } else { nil } }
  var leftOut: String? { if case .leftOut(let why) = self { why } else { nil } }
}

/// One run's part of the page.
struct RunSection {
  let run: RunRecord
  let findings: Part<Findings>
  /// Of the section's element; unique on the page.
  let id: String

  /// The network's classes, where they are known.
  var classes: LabelSpace? {
    findings.found?.networkClasses ?? (try? LabelSpace.named(run.manifest.weights.classes))
  }

  var html: HTML {
    """
    <article id="\(id)" aria-labelledby="\(id)-title">
    <h2 id="\(id)-title">\(run.name)</h2>
    <p class="note">\(summary)</p>
    \(headline)
    \(oldPlace)
    \(part("Classes", "\(classScores)\(classShares)", when: findings.found != nil))
    \(part("Images", gallery, when: findings.found != nil))
    \(part("Loss", terms))
    \(part("Label-free criteria", criteria))
    \(part("Classes over time", sharesOverTime))
    \(part("Confusion", confusion, when: findings.found?.scores != nil))
    \(part("Where it comes from", provenance))
    </article>
    """
  }

  private var summary: String {
    let steps = run.metrics.last?.step ?? 0
    let network = "\(run.manifest.weights.network), profile \(run.settings.profile.rawValue)"
    let end = run.isFinished ? "" : "; not finished"
    return "\(network), \(steps) of \(run.settings.steps) steps on \(run.manifest.images.count) images\(end)"
  }

  /// What adaptation costs elsewhere, which nothing on the page can show.
  private var oldPlace: HTML {
    """
    <p class="note">The adapted network is for images like those that it was adapted to. On images of the old place it \
    can be far worse than the source network: keep the source's weights for these.</p>
    """
  }

  private func part(_ title: String, _ content: HTML, when isThere: Bool = true) -> HTML {
    isThere ? "<section><h3>\(title)</h3>\n\(content)\n</section>" : ""
  }
}
