// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Testing

@Suite("Ranking")
struct RankingTests {
  @Test("gives equal values the mean of their places, and what has none the last")
  func places() {
    #expect(ranks([3, 1, 2]) == [1, 3, 2])
    #expect(ranks([5, 5, 1, nil, .nan]) == [1.5, 1.5, 3, 4.5, 4.5])
  }

  @Test("correlates as Spearman has it")
  func correlation() throws {
    #expect(spearman([1, 2, 3, 4], [10, 20, 300, 4000]) == 1)
    #expect(spearman([1, 2, 3, 4], [4, 3, 2, 1]) == -1)
    // Ranks 1 2 3 4 5 against 2 1 4 3 5: 1 - 6 * 4 / (5 * 24).
    #expect(abs(try #require(spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])) - 0.8) < 1e-12)
    // scipy.stats.spearmanr([1, 2, 2, 3], [1, 3, 2, 4]) = 0.9486832980505138
    #expect(abs(try #require(spearman([1, 2, 2, 3], [1, 3, 2, 4])) - 0.9486832980505138) < 1e-12)
    #expect(spearman([1, nil, 3], [1, 9, 3]) == 1)
    #expect(spearman([1, 1, 1], [1, 2, 3]) == nil && spearman([1], [1]) == nil)
  }

  private func scores(im: Double, snd: Double = 1, ensemble: Double? = nil) -> SelectionScores {
    var values: [Criterion: Double] = [.im: im, .snd: snd]
    values[.ensemble] = ensemble
    return SelectionScores(values: values, histogram: [0.7, 0.3])
  }

  @Test("averages the ranks of its criteria, and puts what is flagged after everything else")
  func aggregate() {
    let places = SelectionAggregate.places([
      (scores(im: 5, snd: 0.5, ensemble: 0.9), false), (scores(im: 4, snd: 0.6, ensemble: 0.8), false),
      (scores(im: 9, snd: 1, ensemble: 1), true),
    ])
    let expected: [Double] = [4.0 / 3, 5.0 / 3, 3]
    #expect(places == expected)
    // Where nobody has an ensemble, the others decide.
    let alone = SelectionAggregate.places([
      (scores(im: 5, snd: 0.5), false), (scores(im: 4, snd: 0.4), false),
    ])
    #expect(alone == [1, 2])
    #expect(SelectionAggregate.places([(scores(im: 1), true)]) == [1])
  }

  @Test(
    "puts shorter averages after the last one, unless every criterion prefers them or the last is flagged")
  func averages() {
    let (best, mixed, last) = (
      scores(im: 3, snd: 2, ensemble: 0.9), scores(im: 3, snd: 2, ensemble: 0.7),
      scores(im: 2, snd: 1, ensemble: 0.8)
    )
    func shorter(_ run: [SelectionScores], lastFlagged: Bool = false) -> [Bool] {
      SelectionAggregate.shorterAverages(
        run.indices.map { (run[$0], lastFlagged && $0 == run.count - 1) })
    }
    #expect(shorter([best, mixed, last]) == [false, true, false])
    #expect(shorter([best, mixed, last], lastFlagged: true) == [false, false, false])
    // A criterion that one of them lacks decides nothing; an equal value is no better.
    #expect(shorter([scores(im: 3, snd: 2), last]) == [false, false])
    #expect(shorter([last, last]) == [true, false])
    #expect(shorter([mixed]) == [false] && shorter([]) == [])
  }

  @Test("is barred by classes that are gone, by drift and by lost information")
  func guards() {
    let guards = SelectionGuards(drift: 0.5, information: 0.5)
    var good = scores(im: 1)
    good.compare(to: [0.6, 0.4])
    #expect(guards.flags(good, start: 1.9, names: ["road", "pole"]).isEmpty)
    #expect(guards.flags(good, start: 2.1, names: ["road", "pole"]) == ["information"])
    var gone = SelectionScores(values: [.im: 1], histogram: [1, 0])
    gone.compare(to: [0.4, 0.6])
    #expect(guards.flags(gone, start: nil, names: ["road", "pole"]) == ["without pole", "drift"])
  }
}
