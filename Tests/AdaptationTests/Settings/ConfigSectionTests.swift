// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import TestSupport
import Testing

@Suite("Sections of a config file")
struct ConfigSectionTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func write(_ text: String, to name: String = "c.yaml") throws -> String {
    let path = folder.path(name)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func read(
    _ path: String, _ command: String, knows: (String) -> Bool = { _ in true }
  ) throws -> [String] {
    try ConfigFile.read(path, for: command, knows: knows).map { "\($0.item.name)=\($0.item.value)" }
  }

  @Test("give each command its own and the shared settings")
  func own() throws {
    let path = try write(
      """
      network.name: espnet
      train:
        schedule.steps: 10
      adapt:
        schedule.steps: 20
        loss_weights:
          ia: 0.2
      """)
    #expect(try read(path, "train") == ["network.name=espnet", "schedule.steps=10"])
    #expect(try read(path, "adapt") == ["network.name=espnet", "schedule.steps=20", "loss_weights.ia=0.2"])
    #expect(try read(path, "evaluate") == ["network.name=espnet"])
    #expect(try read(path, "evaluate") { $0 != "network.name" } == [])
  }

  @Test("are not asked of a file for one command")
  func flat() throws {
    let path = try write("schedule.steps: 3\nloss_weights: {ia: 1}\n")
    #expect(try read(path, "adapt") == ["schedule.steps=3", "loss_weights.ia=1"])
  }

  @Test("stand over those of the file that is named as the base")
  func base() throws {
    _ = try write("runtime.seed: 3\nadapt:\n  schedule.steps: 20\n  data.batch_size: 6\n", to: "base.yaml")
    let path = try write("base: base.yaml\nadapt:\n  schedule.steps: 5\n")
    #expect(
      try read(path, "adapt") == [
        "runtime.seed=3", "schedule.steps=20", "data.batch_size=6", "schedule.steps=5",
      ])
    let items = try ConfigFile.read(path, for: "adapt") { _ in true }
    #expect(items.last?.file == path && items.last?.item.line == 3)
    #expect(items.first?.file == folder.path("base.yaml"))
  }

  @Test("refuse a setting of one command at the top, and bases without end")
  func refused() throws {
    let top = try write("schedule.steps: 3\nadapt:\n  data.batch_size: 6\n")
    let found = try #require(problem { _ = try read(top, "adapt") })
    #expect(found.place == "\(top), line 1" && found.why.contains("steps"), "\(found)")
    let loop = try write("base: c.yaml\nadapt:\n  data.batch_size: 6\n")
    #expect(try #require(problem { _ = try read(loop, "adapt") }).why.contains("bases"))
    let lost = try write("base: none.yaml\nadapt:\n  data.batch_size: 6\n")
    #expect(try #require(problem { _ = try read(lost, "adapt") }).place.contains("none.yaml"))
  }
}
