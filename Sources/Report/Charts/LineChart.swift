// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A line over the steps of a run, as a drawing in SVG.
///
/// Drawn here and not by a library of scripts: a line, its spread and two axes are few marks, and so the page
/// needs no foreign code, shows the same without scripts and has the same bytes for the same numbers. Charts
/// are small, one for each quantity, so that their letters have a good size on a phone.
package struct LineChart {
  let title: String
  /// Steps and values, in the order of the steps.
  let points: [(step: Int, value: Double)]
  /// A step to mark, and what it is.
  var mark: (step: Int, name: String)?

  package init(title: String, points: [(step: Int, value: Double)], mark: (step: Int, name: String)? = nil) {
    (self.title, self.points, self.mark) = (title, points, mark)
  }

  private static let (width, height) = (360.0, 180.0)
  private static let (left, right, top, bottom) = (52.0, 10.0, 10.0, 28.0)
  /// More points than this are drawn as means of neighbours, with their spread.
  private static let most = 180

  package var html: HTML {
    guard let first = points.first, let last = points.last else { return "" }
    let (low, high) = points.reduce((Double.infinity, -Double.infinity)) {
      (min($0.0, $1.value), max($0.1, $1.value))
    }
    let x = Axis(
      from: Double(first.step), to: Double(last.step), at: (Self.left, Self.width - Self.right), marks: 4,
      whole: true)
    let y = Axis(from: low, to: high, at: (Self.height - Self.bottom, Self.top), marks: 4)
    let said =
      "\(title): \(short(first.value)) at step \(first.step), \(short(last.value)) at step \(last.step), "
      + "between \(short(low)) and \(short(high))"
    return """
      <figure class="chart"><figcaption>\(title)</figcaption>
      <svg viewBox="0 0 \(Self.width, digits: 0) \(Self.height, digits: 0)" role="img" aria-label="\(said)">
      \(grid(x, y))
      \(lines(x, y))
      \(marked(x, y))
      </svg></figure>
      """
  }

  private func grid(_ x: Axis, _ y: Axis) -> HTML {
    let across = y.marks.map { mark -> HTML in
      """
      <line class="grid" x1="\(Self.left, digits: 0)" x2="\(Self.width - Self.right, digits: 0)" \
      y1="\(y(mark), digits: 1)" y2="\(y(mark), digits: 1)"/>\
      <text x="\(Self.left - 6, digits: 0)" y="\(y(mark) + 4, digits: 1)" text-anchor="end">\(short(mark))</text>
      """
    }
    let along = x.marks.map { mark -> HTML in
      let edge = mark == x.marks.last && x(mark) > Self.width - 40 ? "end" : "middle"
      return """
        <text x="\(x(mark), digits: 1)" y="\(Self.height - 8, digits: 0)" \
        text-anchor="\(edge)">\(String(Int(mark)))</text>
        """
    }
    return "\(across)\n\(along)"
  }

  private func lines(_ x: Axis, _ y: Axis) -> HTML {
    let shown = thinned()
    func path(_ places: [(Double, Double)]) -> String {
      places.map { String(format: "%.1f,%.1f", x($0.0), y($0.1)) }.joined(separator: " ")
    }
    let line: HTML = "<polyline class=\"line\" points=\"\(path(shown.map { ($0.step, $0.mean) }))\"/>"
    let dots =
      shown.count > 24
      ? []
      : shown.map { point -> HTML in
        "<circle class=\"dot\" cx=\"\(x(point.step), digits: 1)\" cy=\"\(y(point.mean), digits: 1)\" r=\"3\"/>"
      }
    guard shown.count < points.count else { return "\(line)\(dots)" }
    let band = shown.map { ($0.step, $0.high) } + shown.reversed().map { ($0.step, $0.low) }
    return "<polygon class=\"band\" points=\"\(path(band))\"/>\(line)"
  }

  private func marked(_ x: Axis, _ y: Axis) -> HTML {
    guard let mark else { return "" }
    let place = x(Double(mark.step))
    let isRight = place > Self.width / 2
    return """
      <line class="mark" x1="\(place, digits: 1)" x2="\(place, digits: 1)" \
      y1="\(Self.top, digits: 0)" y2="\(Self.height - Self.bottom, digits: 0)"/>\
      <text class="marked" x="\(place + (isRight ? -5 : 5), digits: 1)" y="\(Self.top + 10, digits: 0)" \
      text-anchor="\(isRight ? "end" : "start")">\(mark.name)</text>
      """
  }

  /// Groups of neighbours: their middle step, mean and spread.
  private func thinned() -> [(step: Double, mean: Double, low: Double, high: Double)] {
    let groups = min(Self.most, points.count)
    return (0..<groups).map { group in
      let part = points[group * points.count / groups..<(group + 1) * points.count / groups]
      let values = part.map(\.value)
      let steps = part.reduce(0.0) { $0 + Double($1.step) }
      let count = Double(part.count)
      return (steps / count, values.reduce(0, +) / count, values.min() ?? 0, values.max() ?? 0)
    }
  }
}
