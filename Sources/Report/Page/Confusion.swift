// SPDX-License-Identifier: Apache-2.0

import Foundation
import Segmentation

extension RunSection {
  /// Which true classes are taken for which, after adaptation and before.
  var confusion: HTML {
    guard let found = findings.found, let scores = found.scores else { return "" }
    let names = found.classes.classes.map(\.name)
    return """
      \(matrix(scores.after, names, "After adaptation"))
      <details><summary>Before adaptation</summary>\(matrix(scores.before, names, "Before adaptation"))</details>
      """
  }

  private func matrix(_ matrix: ConfusionMatrix, _ names: [String], _ title: String) -> HTML {
    let heads = names.map { name -> HTML in
      "<th scope=\"col\" class=\"slanted\"><span>\(name)</span></th>"
    }
    let rows = matrix.rows.enumerated().map { truth, counts -> HTML in
      let total = matrix.pixels(of: truth)
      let cells = counts.map { cell(total == 0 ? nil : Double($0) / Double(total)) }
      return "<tr><th scope=\"row\">\(names[truth])</th>\(cells)</tr>"
    }
    return """
      <p class="note">\(title): of the pixels of a true class (row), how many % are predicted as which (column). \
      · stands for less than half a percent.</p>
      <div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix, \(title)">
      <table class="confusion"><caption class="hidden">\(title)</caption>
      <thead><tr><th scope="col">true class</th>\(heads)</tr></thead><tbody>
      \(rows)
      </tbody></table></div>
      """
  }

  /// A cell whose letters are black or white, whichever stands out more on its colour: one of them always has a
  /// contrast of at least 4.5.
  private func cell(_ share: Double?) -> HTML {
    guard let share else { return "<td>–</td>" }
    let colour = [29.0, 78, 216].map { 255 + ($0 - 255) * share }
    let text = Self.luminance(colour) > 0.179 ? "#000" : "#fff"
    let css = colour.map { String(Int($0.rounded())) }.joined(separator: ",")
    let number = share == 0 ? "" : share < 0.005 ? "·" : String(format: "%.0f", 100 * share)
    return "<td style=\"background:rgb(\(css));color:\(text)\">\(number)</td>"
  }

  /// The relative luminance of a colour of 0 to 255.
  ///
  /// Source: WCAG 2.2, "relative luminance".
  private static func luminance(_ colour: [Double]) -> Double {
    let linear = colour.map { value -> Double in
      let share = value / 255
      return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
  }
}
