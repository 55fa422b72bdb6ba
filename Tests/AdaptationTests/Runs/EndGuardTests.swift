// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Foundation
import Segmentation
import TestSupport
import Testing
import Torch

@Suite("The guard at the end of a run")
struct EndGuardTests {
  init() { Machine.threads = 1 }

  /// The bytes of each parameter.
  private func parameters(_ file: String) throws -> [[UInt8]] {
    try NetworkFile.load(file).network.store.parameters.map {
      $0.tensor.scalars(as: Float.self).withUnsafeBytes(Array.init)
    }
  }

  private func verdict(_ run: RunFolder) throws -> GuardVerdict { try #require(try GuardVerdict.read(run)) }

  /// A run whose weight decay takes all weights away.
  private func ruined(
    _ fixtures: RunFixtures, guards: Bool, observer: RunObserver = RunObserver()
  ) throws -> RunFolder {
    try fixtures.run("ruined \(guards)", observer: observer) {
      ($0.guards, $0.learningRate, $0.learning.weightDecay, $0.learning.headScale) = (guards, 0.05, 20, 1)
      // With its own, the untrained network predicts one class.
      ($0.initialStatistics, $0.finalStatistics) = (.target, .target)
    }
  }

  @Test("Steps that ruin a network save the network before them, and a note says so")
  func ruin() throws {
    let fixtures = try RunFixtures()
    var notes: [String] = []
    var observer = RunObserver()
    observer.note = { notes.append($0) }
    let run = try ruined(fixtures, guards: true, observer: observer)
    #expect(try parameters(run.adaptedSafetensors) == parameters(fixtures.settings.weightsFile))
    let found = try verdict(run)
    #expect(found.keepsStart && found.gain <= 2 * found.noise)
    #expect(notes.contains { $0.hasPrefix("the steps did not make the network better for sure") }, "\(notes)")
  }

  @Test("Without the guard the ruined network is saved")
  func off() throws {
    let fixtures = try RunFixtures()
    let run = try ruined(fixtures, guards: false)
    #expect(try parameters(run.adaptedSafetensors) != parameters(fixtures.settings.weightsFile))
    #expect(!contents(run.path).contains("guard.json"))
  }

  /// The parameters of a file.
  private func tensors(_ file: String) throws -> [Tensor] {
    try NetworkFile.load(file).network.store.parameters.map(\.tensor)
  }

  @Test("Saved are the weights that guard.json tells, and after a resume as without a stop")
  func kept() throws {
    let fixtures = try RunFixtures()
    let plain = try fixtures.run("plain")
    let guarded = try fixtures.run("guarded") { $0.guards = true }
    let found = try verdict(guarded)
    let (before, after) = (try tensors(fixtures.settings.weightsFile), try tensors(plain.adaptedSafetensors))
    for (saved, (old, new)) in zip(try tensors(guarded.adaptedSafetensors), zip(before, after)) {
      assertClose(saved, (1 - found.weight) * old + found.weight * new, relative: 1e-6)
    }
    #expect(found.keepsStart == (found.gain <= 2 * found.noise))
    var done = 0
    var observer = RunObserver()
    observer.step = { _ in done += 1 }
    observer.stopSignal = { done == 2 ? 15 : nil }
    #expect(throws: Interruption.self) {
      try fixtures.run("stopped", observer: observer) { $0.guards = true }
    }
    let resumed = try fixtures.run("stopped", start: .resume) { $0.guards = true }
    #expect(try bytes(resumed.adaptedSafetensors) == bytes(guarded.adaptedSafetensors))
    #expect(try bytes(resumed.verdict) == bytes(guarded.verdict))
  }

  @Test("A damaged guard.json is an error with its place")
  func damaged() throws {
    let fixtures = try RunFixtures()
    let run = try ruined(fixtures, guards: true)
    try "{\"start\": 1".write(toFile: run.verdict, atomically: true, encoding: .utf8)
    #expect(problem { _ = try GuardVerdict.read(run) }?.place == run.verdict)
  }
}
