// SPDX-License-Identifier: Apache-2.0

import Foundation
import Segmentation

extension RunSection {
  /// The IoU of each class before and after, as bars.
  var classScores: HTML {
    guard let found = findings.found, let scores = found.scores else { return "" }
    let rows = found.classes.classes.enumerated().map { index, item -> HTML in
      let (old, new) = (scores.before.iou(index), scores.after.iou(index))
      let difference: HTML
      if let old, let new { difference = change(points(abs(new - old)), new - old) } else { difference = "–" }
      return bars(
        item, old, new, old.map(points) ?? "–", new.map(points) ?? "–", difference)
    }
    return table(
      "IoU of each class, in %", rows,
      note:
        "The upper bar is before, the lower after adaptation. – stands for a class that occurs neither in "
        + "labels nor in predictions.")
  }

  /// The share of the pixels that each class has before and after.
  var classShares: HTML {
    guard let found = findings.found else { return "" }
    let largest = max(1e-9, (found.before.shares + found.after.shares).max() ?? 1)
    let rows = found.networkClasses.classes.enumerated().map { index, item -> HTML in
      let (old, new) = (found.before.shares[index], found.after.shares[index])
      return bars(
        item, old / largest, new / largest, points(old), points(new),
        change(points(abs(new - old)), new - old, better: nil))
    }
    return table(
      "Pixels predicted as each class, in %", rows,
      note:
        "On the \(found.seen) images shown: by the source network, whose labels it was adapted with (upper "
        + "bar), and by the adapted one (lower bar).")
  }

  private func table(_ caption: String, _ rows: [HTML], note: String) -> HTML {
    """
    <div class="scroll" tabindex="0" role="region" aria-label="\(caption)">
    <table class="bars"><caption>\(caption)</caption>
    <thead><tr><th scope="col">class</th><th scope="col" class="wide"><span class="hidden">bars</span></th>\
    <th scope="col">before</th><th scope="col">after</th><th scope="col">change</th></tr></thead>
    <tbody>
    \(rows)
    </tbody></table></div>
    <p class="note">\(note)</p>
    """
  }

  private func bars(
    _ item: LabelClass, _ old: Double?, _ new: Double?, _ before: String, _ after: String, _ change: HTML
  ) -> HTML {
    func bar(_ kind: String, _ share: Double?) -> HTML {
      "<span class=\"bar \(kind)\" style=\"width:\(100 * (share ?? 0), digits: 1)%\"></span>"
    }
    return """
      <tr><th scope="row">\(item.swatch)\(item.name)</th>\
      <td class="wide" aria-hidden="true">\(bar("old", old))\(bar("new", new))</td>\
      <td>\(before)</td><td>\(after)</td><td>\(change)</td></tr>
      """
  }
}

extension LabelClass {
  /// A patch of the class's colour, beside its name.
  var swatch: HTML { "<span class=\"swatch\" style=\"background:\(css)\"></span>" }
}

extension LabelSpace {
  /// The classes' names beside their colours.
  var legendList: HTML {
    let items = classes.map { item -> HTML in "<li>\(item.swatch)\(item.name)</li>" }
    return "<ul class=\"legend\" aria-label=\"Classes and their colours\">\(items)</ul>"
  }
}
