// SPDX-License-Identifier: Apache-2.0

import Foundation
import Report
import Testing

@Suite("Charts") struct ChartTests {
  @Test(
    "mark round numbers within what they show",
    arguments: [
      (0.0, 1.0, [0, 0.25, 0.5, 0.75, 1]), (0.0001, 0.001, [0.00025, 0.0005, 0.00075, 0.001]),
      (-3, 17, [0, 5, 10, 15]), (41.2, 41.9, [41.2, 41.4, 41.6, 41.8]),
    ])
  func roundMarks(low: Double, high: Double, expected: [Double]) {
    let marks = Axis(from: low, to: high, at: (0, 100), marks: 4).marks
    #expect(marks.count == expected.count)
    for (found, wanted) in zip(marks, expected) { #expect(abs(found - wanted) < 1e-9) }
  }

  @Test("mark only whole steps")
  func wholeMarks() {
    #expect(Axis(from: 1, to: 3, at: (0, 1), marks: 4, whole: true).marks == [1, 2, 3])
  }

  @Test("put the lowest and the highest where they belong, and a constant in the middle")
  func places() {
    let axis = Axis(from: 2, to: 4, at: (180, 10), marks: 4)
    #expect(axis(2) == 180 && axis(4) == 10 && axis(3) == 95)
    #expect(Axis(from: 7, to: 7, at: (0, 100), marks: 4)(7) == 50)
  }

  @Test("say in words what they show, and mark a step")
  func words() {
    let chart = LineChart(title: "a < b", points: [(1, 5), (2, 1), (3, 2)], mark: (2, "chosen"))
    let html = chart.html.markup
    #expect(html.contains("aria-label=\"a &lt; b: 5 at step 1, 2 at step 3, between 1 and 5\""))
    #expect(html.contains("class=\"mark\" x1=\"201.0\""))
    #expect(html.contains(">chosen</text>"))
  }

  @Test("draw each of a few points, and of many the mean and spread of neighbours")
  func thinned() throws {
    func line(_ html: String) throws -> [Substring] {
      let match = try #require(html.firstMatch(of: /polyline class="line" points="([^"]*)"/))
      return match.output.1.split(separator: " ")
    }
    let few = LineChart(title: "few", points: (1...100).map { ($0, Double($0)) }).html.markup
    #expect(try line(few).count == 100 && !few.contains("class=\"band\""))
    let many = LineChart(title: "many", points: (1...9000).map { ($0, Double($0 % 2)) }).html.markup
    #expect(many.contains("class=\"band\""))
    // Zeros and ones by turns: every mean is in the middle.
    #expect(try line(many).count == 180 && line(many).allSatisfy { $0.hasSuffix(",81.0") })
    #expect(many.utf8.count < 20_000)
  }

  @Test("of nothing are nothing")
  func nothing() { #expect(LineChart(title: "none", points: []).html.markup == "") }
}
