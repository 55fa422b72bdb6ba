// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import TestSupport
import Testing

@Suite("The step that a run's criteria put first")
struct SuggestionTests {
  private func suggested(_ lines: [String], bound: Double = 1, averaged: Bool = false) throws -> Int? {
    let folder = try ScratchFolder()
    try AtomicFile.write(lines.joined(separator: "\n"), to: folder.path("selection.jsonl"))
    return SelectionPoint.suggestedStep(
      among: try SelectionPoint.read(folder.path("selection.jsonl")), bound: bound,
      averaged: averaged)
  }

  private func line(_ step: Int, im: Double, snd: Double, drift: Double = 0, gone: String = "") -> String {
    """
    {"step": \(step), "im": \(im), "snd": \(snd), "bnm": null, "drift": \(drift), "histogram": [1], \
    "vanished": [\(gone)], "seconds": 1}
    """
  }

  @Test("is the one of the best mean rank, the later of equals, never the start")
  func best() throws {
    let start = line(0, im: 9, snd: 9)
    #expect(try suggested([start, line(5, im: 2, snd: 3), line(10, im: 1, snd: 2)]) == 5)
    #expect(try suggested([start, line(5, im: 2, snd: 3), line(10, im: 3, snd: 2)]) == 10)
    #expect(try suggested([start]) == nil)
    #expect(try suggested([]) == nil)
  }

  @Test("is the last of an averaged run, unless every criterion prefers an earlier one")
  func averaged() throws {
    let start = line(0, im: 2, snd: 9)
    let mixed = [start, line(5, im: 4, snd: 1), line(10, im: 3, snd: 4), line(15, im: 2, snd: 3)]
    #expect(try suggested(mixed) == 10 && suggested(mixed, averaged: true) == 10)
    let softer = [start, line(5, im: 3, snd: 3), line(10, im: 2, snd: 3)]
    #expect(try suggested(softer) == 5 && suggested(softer, averaged: true) == 10)
  }

  @Test("is none that a guard speaks against, while there are others")
  func guarded() throws {
    let (start, poor) = (line(0, im: 2, snd: 1), line(5, im: 1.5, snd: 1))
    #expect(try suggested([start, poor, line(10, im: 3, snd: 2, gone: "\"pole\"")]) == 5)
    #expect(try suggested([start, poor, line(10, im: 3, snd: 2, drift: 1.1)]) == 5)
    #expect(try suggested([start, poor, line(10, im: 3, snd: 2, drift: 1.1)], bound: 1.2) == 10)
    #expect(try suggested([start, poor, line(10, im: 0.9, snd: 9)]) == 5)
    #expect(try suggested([start, line(10, im: 3, snd: 2, drift: 1.1)]) == 10)
  }

  @Test("passes over lines that are no points")
  func damaged() throws {
    #expect(try suggested(["{", line(5, im: 2, snd: 3), "{\"step\": 6}"]) == 5)
  }
}
