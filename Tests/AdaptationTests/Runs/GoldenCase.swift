// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Foundation
import Segmentation
import Torch

/// A stored replay of training steps: what was set, and every number that came out.
struct GoldenCase: Decodable {
  struct Settings: Decodable {
    let profile: String
    let set: [String: Choice]
  }

  /// A setting as JSON has it, told as the text that `--set` would get.
  enum Choice: Decodable {
    case text(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let flag = try? container.decode(Bool.self) {
        self = .text(flag ? "on" : "off")
      } else if let number = try? container.decode(Int.self) {
        self = .text(String(number))
      } else {
        self = .text(try container.decode(String.self))
      }
    }

    var text: String {
      switch self {
      case .text(let text): text
      }
    }
  }

  struct Step: Decodable {
    let total, ia, pe, im: Double
    let labelTerm, prototypeTerm: Double
    let classWeights: [Double]

    enum CodingKeys: String, CodingKey {
      case total, ia, pe, im
      case labelTerm = "ps_label"
      case prototypeTerm = "ps_prototype"
      case classWeights = "class_weight"
    }

    /// The terms under their names.
    var terms: [String: Double] {
      ["ia": ia, "pe": pe, "ps_label": labelTerm, "ps_prototype": prototypeTerm, "im": im]
    }
  }

  let settings: Settings?
  let learningRate: Double?
  let steps: [Step]
  /// The sum and the Euclidean norm of each parameter.
  let student, teacher: [String: [Double]]
  let buffers: [String: [Double]]?

  private enum CodingKeys: String, CodingKey {
    case settings, steps, student, teacher, buffers
    case learningRate = "learning_rate"
    case studentAfter = "student_parameters_after"
    case teacherAfter = "teacher_parameters_after"
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    settings = try container.decodeIfPresent(Settings.self, forKey: .settings)
    learningRate = try container.decodeIfPresent(Double.self, forKey: .learningRate)
    steps = try container.decode([Step].self, forKey: .steps)
    let long = container.contains(.studentAfter)
    student = try container.decode([String: [Double]].self, forKey: long ? .studentAfter : .student)
    teacher = try container.decode([String: [Double]].self, forKey: long ? .teacherAfter : .teacher)
    buffers = try container.decodeIfPresent([String: [Double]].self, forKey: .buffers)
  }

  init(file: String) throws {
    self = try JSONDecoder().decode(GoldenCase.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
  }

  /// The largest relative error of the terms and class weights.
  func stepError(_ found: [StepReport]) -> Double {
    var worst = found.count == steps.count ? 0 : Double.infinity
    for (mine, theirs) in zip(found, steps) {
      worst = max(worst, relative(mine.total, theirs.total))
      if Set(mine.terms.map(\.name)) != Set(theirs.terms.keys) { worst = .infinity }
      for term in mine.terms { worst = max(worst, relative(term.value, theirs.terms[term.name] ?? .nan)) }
      if mine.classWeights.count != theirs.classWeights.count { worst = .infinity }
      for (a, b) in zip(mine.classWeights, theirs.classWeights) { worst = max(worst, relative(a, b)) }
    }
    return worst
  }
}

/// `|found - expected| / |expected|`; infinite where either is no number.
func relative(_ found: Double, _ expected: Double) -> Double {
  guard found.isFinite, expected.isFinite else { return .infinity }
  return found == expected ? 0 : abs(found - expected) / abs(expected)
}

/// The largest relative errors of sums and norms, and whose sum it is that is furthest off.
struct SummaryError: CustomStringConvertible {
  var sum = 0.0
  var norm = 0.0
  var name = ""

  var largest: Double { max(sum, norm) }
  var description: String { "sum \(sum) (\(name)), norm \(norm)" }

  /// - Parameter toNorm: takes the error of a sum relative to the norm, which does not blow up where the sum
  /// of
  ///   a parameter happens to be near 0.
  init(_ found: [String: [Double]], _ expected: [String: [Double]], toNorm: Bool) {
    if Set(found.keys) != Set(expected.keys) { (sum, name) = (.infinity, "other names") }
    for (name, values) in expected {
      let mine = found[name] ?? [.nan, .nan]
      let off = toNorm ? relative(mine[0] - values[0] + values[1], values[1]) : relative(mine[0], values[0])
      if off > sum { (sum, self.name) = (off, name) }
      norm = max(norm, relative(mine[1], values[1]))
    }
  }
}
