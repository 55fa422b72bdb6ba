// SPDX-License-Identifier: Apache-2.0

import Foundation
import Segmentation

extension RunSection {
  /// What adaptation did, in a few large numbers.
  var headline: HTML {
    guard let found = findings.found else {
      return
        "<p class=\"note\">No comparison of before and after: \(findings.leftOut ?? "not asked for").</p>"
    }
    return "\(scoreLine(found))\n\(verdictLine)\n\(glanceTable(found))\n\(warning(found))"
  }

  private func scoreLine(_ found: Findings) -> HTML {
    guard let scores = found.scores else {
      return """
        <p class="note">Without labels nobody can say whether adaptation helped. What follows are signs of it; \
        with <code>--images</code> and <code>--labels</code> of a few images this page has scores.</p>
        """
    }
    guard let before = scores.before.meanIoU, let after = scores.after.meanIoU else {
      return "<p class=\"note\">mIoU –: \(whyNoScore(images: scores.count, space: found.classes.name)).</p>"
    }
    return """
      <p class="headline"><span class="what">mIoU</span> <span>\(points(before))</span> \
      <span aria-label="to">→</span> <strong>\(points(after))</strong> \
      \(change(points(abs(after - before)), after - before))</p>
      <p class="note">In %, on \(scores.count) labelled images at \
      \(found.size.description), \(found.classes.name).</p>
      """
  }

  /// That the network before the steps was saved, or one between.
  private var verdictLine: HTML {
    guard let verdict = run.verdict, verdict.weight < 1 else { return "" }
    guard verdict.keepsStart else {
      return """
        <p class="note">Saved is a network between: \(100 * verdict.weight, digits: 0) % of the adapted weights, the rest of \
        those before the steps. Score without labels: \(verdict.best, digits: 3), \(verdict.adapted, digits: 3) with all of \
        the adapted weights, \(verdict.start, digits: 3) before the steps.</p>
        """
    }
    return """
      <p class="alarm"><strong>The steps did not make the network better for sure.</strong> Saved is the network before \
      them, by the score without labels: \(verdict.best, digits: 3) after the steps, \(verdict.start, digits: 3) before.</p>
      """
  }

  private func glanceTable(_ found: Findings) -> HTML {
    let (before, after) = (found.before, found.after)
    let changed = found.pictures.map(\.changed).reduce(0, +) / Double(max(1, found.pictures.count))
    func row(_ name: String, _ old: Double, _ new: Double, _ digits: Int, _ unit: String = "") -> HTML {
      """
      <tr><th scope="row">\(name)</th><td>\(old, digits: digits)\(unit)</td>\
      <td>\(new, digits: digits)\(unit)</td><td>\(signed(new - old, digits: digits))</td></tr>
      """
    }
    return """
      <table class="numbers"><caption>Label-free, on \(found.seen) images</caption>
      <thead><tr><th scope="col">sign</th><th scope="col">before</th><th scope="col">after</th>\
      <th scope="col">change</th></tr></thead><tbody>
      \(row("entropy of a pixel (nats)", before.meanEntropy, after.meanEntropy, 3))
      \(row("information (nats)", before.information, after.information, 3))
      \(row("same when mirrored (%)", 100 * before.mirrorAgreement, 100 * after.mirrorAgreement, 1))
      \(row("classes seen", Double(before.seenClasses), Double(after.seenClasses), 0))
      </tbody></table>
      <p class="note">\(percent(changed)) of the pixels of these images changed their class.</p>
      """
  }

  private func signed(_ value: Double, digits: Int) -> String {
    let text = String(format: "%.\(digits)f", abs(value))
    return sign(of: value, shownAs: text) + text
  }

  /// Classes that are gone: the sign of a collapse.
  private func warning(_ found: Findings) -> HTML {
    let names = found.networkClasses.classes.map(\.name)
    var gone = zip(names, zip(found.before.shares, found.after.shares)).filter {
      $0.1.0 >= Glance.present && $0.1.1 < Glance.present / 10
    }.map(\.0)
    gone += (run.selection.last?.words["vanished"] ?? []).filter { !gone.contains($0) }
    guard !gone.isEmpty else { return "" }
    return """
      <p class="alarm"><strong>Classes that have vanished:</strong> \(gone.joined(separator: ", ")). A network \
      that stops predicting classes may be collapsing.</p>
      """
  }
}

extension Glance {
  /// The share of pixels from which a class counts as seen.
  static let present = 1e-3

  var seenClasses: Int { shares.count { $0 >= Self.present } }
}
