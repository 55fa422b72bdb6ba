// SPDX-License-Identifier: Apache-2.0

import Adaptation

extension RunSection {
  /// The terms of the loss over the steps.
  var terms: HTML {
    guard !run.metrics.isEmpty else { return "<p class=\"note\">The run has taken no step.</p>" }
    let charts = RunRecord.names(in: run.metrics).map { chart($0, run.metrics, title: Self.terms[$0] ?? $0) }
    let skipped = run.metrics.count { $0.marks.contains("skipped") }
    let note: HTML = skipped == 0 ? "" : "<p class=\"note\">\(skipped) steps were skipped.</p>"
    return """
      <div class="charts">\(charts)</div>
      <p class="note">Over the steps; terms are multiplied by their weights. Where there are many steps, the \
      line is the mean of neighbours and the band their spread.</p>\(note)
      """
  }

  /// The label-free criteria over the steps.
  var criteria: HTML {
    guard !run.selection.isEmpty else {
      return """
        <p class="note">The run computed no label-free criteria (it has no <code>selection.jsonl</code>).</p>
        """
    }
    let mark = run.suggestedStep.map { (step: $0, name: "suggested") }
    let charts = RunRecord.names(in: run.selection).map { name in
      chart(name, run.selection, title: Self.criteria[name] ?? name, mark: mark)
    }
    let note = mark.map { Self.note(suggested: $0.step, saved: run.savedStep) } ?? ""
    return "<div class=\"charts\">\(charts)</div>\(note)"
  }

  private static func note(suggested step: Int, saved: Int?) -> HTML {
    let beside: HTML =
      switch saved {
      case nil: "the run has not ended"
      case step: "it is the one whose weights were saved"
      case let saved?: "the weights that were saved are those of step \(saved)"
      }
    return """
      <p class="note">The dashed line marks step \(step), which these criteria put first (\(SelectionAggregate.words)); \
      \(beside). <code>iapc select</code> asks the kept checkpoints about more images.</p>
      """
  }

  /// The classes' shares over the steps.
  var sharesOverTime: HTML {
    let points = run.selection.compactMap { line in line.lists["histogram"].map { (line.step, $0) } }
    guard let classes = classes, points.count > 1 else {
      return """
        <p class="note">How the classes' shares moved during the run is not known: it logged no class \
        histograms (in <code>selection.jsonl</code>).</p>
        """
    }
    let chart = ShareChart(
      title: "Pixels predicted as each class, over the steps", classes: classes.classes,
      points: points.map { (step: $0.0, shares: $0.1) })
    return "<div class=\"charts\">\([chart.html])</div>\(classes.legendList)"
  }

  private func chart(
    _ name: String, _ lines: [LogLine], title: String, mark: (step: Int, name: String)? = nil
  ) -> HTML {
    let points = lines.compactMap { line in line.numbers[name].map { (step: line.step, value: $0) } }
    return LineChart(title: title, points: points, mark: mark).html
  }

  private static let terms = [
    "total": "total loss", "ia": "importance-aware (ia)", "pe": "prototype-enhanced (pe)",
    "ps_label": "prototype-symmetric, to prototypes (ps_label)",
    "ps_prototype": "prototype-symmetric, of prototypes (ps_prototype)",
    "im": "entropy (im)", "gradient_norm": "norm of the gradient", "learning_rate": "learning rate",
  ]
  private static let criteria = [
    "im": "information maximisation (im)", "snd": "soft neighbourhood density (snd)",
    "bnm": "nuclear norm (bnm)",
    "mixval": "consistency under mixing (mixval)", "geometric": "consistency under geometry (geometric)",
    "entropy": "entropy", "drift": "drift of the class histogram (drift)",
  ]
}
