// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import Imaging
import Segmentation
import TestSupport
import Torch

/// Six generated images, weights of a tiny network for `camvid11`, and the settings of a short run over them.
struct RunFixtures {
  let folder: ScratchFolder
  var settings = AdaptationSettings()
  var images: String { folder.path("images") }
  var cache: String { folder.path("cache") }

  init() throws {
    folder = try ScratchFolder()
    try FileManager.default.createDirectory(
      atPath: folder.path("images/b"), withIntermediateDirectories: true)
    for i in 0..<6 {
      try picture(48, 32, seed: UInt64(i)).writePNG(to: folder.path("images/\(i < 3 ? "" : "b/")\(i).png"))
    }
    let network = ESPNet(.init(p: 1, q: 1, outputs: 11), classCount: 11, seed: 4)
    try NetworkFile.save(network, classes: .camvid11, to: folder.path("source.safetensors"))
    settings.apply(.paper)
    settings.weightsFile = folder.path("source.safetensors")
    settings.target.images = folder.path("images")
    settings.size = PixelSize(width: 48, height: 32)
    settings.crop = PixelSize(width: 24, height: 16)
    (settings.batch, settings.steps, settings.learningRate, settings.warmUp) = (2, 4, 0.01, 0)
    settings.views.minimumClasses = 0
    settings.pseudoLabels.scales = [1, 1.25]
    (settings.device, settings.threads, settings.workers) = ("cpu", 1, 1)
    (settings.selectEvery, settings.selection.images) = (0, 1)
  }

  /// Runs to a folder of its own and gives it.
  @discardableResult
  func run(
    _ name: String, start: RunStart = .new(overwrite: false),
    observer: RunObserver = RunObserver(),
    dump: String? = nil, _ change: (inout AdaptationSettings) -> Void = { _ in }
  ) throws -> RunFolder {
    var settings = settings
    settings.output = folder.path(name)
    change(&settings)
    let run = AdaptationRun(settings, cache: cache, command: ["iapc", "adapt"], observer: observer)
    run.batchDump = dump
    try run.run(start)
    return RunFolder(settings.output)
  }
}

func bytes(_ path: String) throws -> [UInt8] { try FileBytes.read(path) }

func contents(_ folder: String) -> [String] {
  ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
}

/// The objects of a file of JSON lines.
func objects(_ path: String) throws -> [[String: Any]] {
  try String(decoding: bytes(path), as: UTF8.self).split(separator: "\n").map {
    try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
  }
}

extension AdaptationSettings {
  /// Lays a profile's choices over these settings, but for how long and how fast the run is.
  mutating func applyBriefly(_ profile: Profile) {
    let kept = (steps, learningRate, warmUp, horizon)
    apply(profile)
    (steps, learningRate, warmUp, horizon) = kept
    pseudoLabels.scales = [1, 1.25]
  }
}
