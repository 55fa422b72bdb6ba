// SPDX-License-Identifier: Apache-2.0

import Foundation
import Segmentation

/// The share of the pixels that each class has, over the steps of a run: areas on one another, in SVG.
struct ShareChart {
  let title: String
  let classes: [LabelClass]
  /// Steps with a share for each class.
  let points: [(step: Int, shares: [Double])]

  private static let (width, height) = (360.0, 220.0)
  private static let (left, right, top, bottom) = (44.0, 10.0, 10.0, 28.0)

  var html: HTML {
    guard points.count > 1, let first = points.first, let last = points.last else { return "" }
    let x = Axis(
      from: Double(first.step), to: Double(last.step), at: (Self.left, Self.width - Self.right), marks: 4,
      whole: true)
    let y = Axis(from: 0, to: 1, at: (Self.height - Self.bottom, Self.top), marks: 4)
    return """
      <figure class="chart wide"><figcaption>\(title)</figcaption>
      <svg viewBox="0 0 \(Self.width, digits: 0) \(Self.height, digits: 0)" role="img" aria-label="\(said)">
      \(areas(x, y))
      \(labels(x, y))
      </svg></figure>
      """
  }

  private func areas(_ x: Axis, _ y: Axis) -> [HTML] {
    var floor = [Double](repeating: 0, count: points.count)
    return classes.indices.map { index -> HTML in
      let ceiling = zip(floor, points).map { $0 + ($1.shares.indices.contains(index) ? $1.shares[index] : 0) }
      func places(_ heights: [Double]) -> [String] {
        zip(points, heights).map { String(format: "%.1f,%.1f", x(Double($0.step)), y($1)) }
      }
      let outline = (places(ceiling) + places(floor).reversed()).joined(separator: " ")
      floor = ceiling
      let item = classes[index]
      return """
        <polygon class="area" fill="\(item.css)" points="\(outline)"><title>\(item.name)</title></polygon>
        """
    }
  }

  private func labels(_ x: Axis, _ y: Axis) -> HTML {
    let up = [0, 0.5, 1].map { mark -> HTML in
      """
      <text x="\(Self.left - 6, digits: 0)" y="\(y(mark) + 4, digits: 1)" text-anchor="end">\
      \(percent(mark, digits: 0))</text>
      """
    }
    let along = x.marks.map { mark -> HTML in
      let edge = x(mark) > Self.width - 40 ? "end" : "middle"
      return """
        <text x="\(x(mark), digits: 1)" y="\(Self.height - 8, digits: 0)" \
        text-anchor="\(edge)">\(String(Int(mark)))</text>
        """
    }
    return "\(up)\n\(along)"
  }

  private var said: String {
    func told(_ shares: [Double]) -> String {
      zip(classes, shares).sorted { $0.1 > $1.1 }.prefix(4).map { "\($0.name) \(percent($1))" }
        .joined(separator: ", ")
    }
    let (first, last) = (points[0], points[points.count - 1])
    return "\(title): at step \(first.step) \(told(first.shares)); at step \(last.step) \(told(last.shares))"
  }
}

extension LabelClass {
  /// The colour as style sheets have it.
  var css: String { "rgb(\(red),\(green),\(blue))" }
}
