// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Foundation
import TestSupport
import Testing
import Torch

/// Class probabilities of rows, in order.
private func rows(_ values: [[Float]]) -> Tensor {
  Tensor(values.flatMap { $0 }, shape: [values.count, values[0].count])
}

private func close(_ found: Double, _ expected: Double, _ tolerance: Double = 1e-5) -> Bool {
  abs(found - expected) <= tolerance * max(1, abs(expected))
}

private func nuclearNorm(_ probabilities: Tensor) -> Double {
  var norm = NuclearNorm()
  norm.add(probabilities)
  return norm.value
}

@Suite("Criteria of class probabilities")
struct ProbabilityCriteriaTests {
  init() { Machine.threads = 1 }

  @Test("have the values that NumPy computes pixel by pixel")
  func reference() throws {
    var cases: [String: [String: Tensor]] = [:]
    for (name, tensor) in try Fixtures.tensors("selection.safetensors") {
      let parts = name.split(separator: ".").map(String.init)
      cases[parts[0], default: [:]][parts[1]] = Tensor(tensor)
    }
    #expect(cases.count == 4)
    for (name, x) in cases {
      let probabilities = try #require(x["probabilities"])
      for (criterion, found) in [
        ("entropy", meanEntropy(probabilities)), ("im", informationMaximisation(probabilities)),
        ("snd", softNeighbourhoodDensity(probabilities)), ("bnm", nuclearNorm(probabilities)),
      ] {
        let expected = try #require(x[criterion]).item
        #expect(close(found, expected), "\(name) \(criterion): \(found), expected \(expected)")
      }
    }
  }

  @Test("know sure and various predictions from unsure ones and from collapsed ones")
  func extremes() {
    let various = rows([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    let unsure = rows(Array(repeating: [1 / 3, 1 / 3, 1 / 3], count: 6))
    let collapsed = rows(Array(repeating: [1, 0, 0], count: 6))
    #expect(close(informationMaximisation(various), log(3)) && meanEntropy(various) == 0)
    #expect(close(informationMaximisation(unsure), 0) && close(meanEntropy(unsure), log(3)))
    #expect(close(informationMaximisation(collapsed), 0) && meanEntropy(collapsed) == 0)
    // Singular values: sqrt 2 three times; sqrt(6 / 3) once; sqrt 6 once.
    #expect(close(nuclearNorm(various), 3 * 2.squareRoot() / 6))
    #expect(close(nuclearNorm(unsure), 2.squareRoot() / 6))
    #expect(close(nuclearNorm(collapsed), 6.squareRoot() / 6))
  }

  @Test("of neighbourhoods are largest where all pixels are alike, which a collapse is")
  func density() {
    // Each has one neighbour of its class at similarity 1 and four at 0: exp(-20) of a share.
    let pairs = rows([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    #expect(softNeighbourhoodDensity(pairs) < 1e-5)
    let halves = rows([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 1]])
    #expect(close(softNeighbourhoodDensity(halves), log(2), 1e-4))
    let collapsed = rows(Array(repeating: [0.9, 0.1], count: 6))
    #expect(close(softNeighbourhoodDensity(collapsed), log(5)))
  }

  @Test("by singular values are the same whether rows come at once or in parts")
  func parts() {
    let all = TensorGenerator(seed: 5).uniform([50, 7])
    var norm = NuclearNorm()
    for part in [0..<20, 20..<21, 21..<50] { norm.add(all.slice(part, along: 0)) }
    #expect(close(norm.value, nuclearNorm(all), 1e-12) && NuclearNorm().value == 0)
  }
}
