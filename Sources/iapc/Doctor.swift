// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation
import Imaging
import Torch

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what this machine offers: libtorch, devices, threads, and what is missing.",
    discussion: """
      Example:
        iapc doctor
      """)

  func run() throws {
    print("iapc       \(iapcVersion)")
    print("libtorch   \(Machine.torchVersion), \(libtorchPlace)")
    print("chosen     \(libtorchReason)")
    print("processor  \(processors)")
    print("threads    \(Machine.threads) by default; change with --threads")
    let memory = bytesText(Int(ProcessInfo.processInfo.physicalMemory))
    let free = Resources.ofThisMachine.memory().map { ", \(bytesText($0)) of them free for a run" } ?? ""
    print("memory     \(memory)\(free)")
    let devices = Machine.cudaDeviceCount
    if devices > 0 {
      print("cuda       \(devices) device\(devices == 1 ? "" : "s"); --device auto uses cuda:0")
    } else {
      print(
        "cuda       none that this libtorch can use; for one "
          + (TorchLibrary.reason == nil
            ? "set LIBTORCH to a CUDA build and `make build`" : "install torch's CUDA build")
      )
    }
    let missing = VideoProgram.allCases.filter { $0.path == nil }.map(\.rawValue)
    let video = VideoProgram.ffmpeg.path ?? ""
    print(
      missing.isEmpty
        ? "video      \(video)"
        : "video      no \(missing.joined(separator: ", no ")): for `predict --video` install FFmpeg"
    )
    let cache = CacheFolder.ofThisProcess
    let obstacle = folderObstacle(cache.path).map { "; it cannot be used: \($0)" } ?? ""
    print(
      "cache      \(cache.path) (pseudo-labels; from \(cache.variable), change with IAPC_CACHE)\(obstacle)")
  }

  /// The cores, what limits and what else uses them.
  private var processors: String {
    let cores = Processors.cores
    var text = "\(cores) core\(cores == 1 ? "" : "s"), vector instructions \(Machine.cpuCapability)"
    if let limit = Processors.limit, limit < Double(cores) {
      text += String(format: ", of which the control group grants %.1f", limit)
    }
    // A tick is 10 ms: a shorter look would say little.
    if let busy = Processors.busy(over: 0.3), busy >= 0.3 {
      text += String(format: "; other programs keep %.1f of them busy, and a step takes longer then", busy)
    }
    return text
  }

  /// Where the loaded library lies, as the dynamic linker says.
  private var libtorchPlace: String { Machine.libraryPath ?? "its place is unknown" }

  /// Why the build took this libtorch: what the set-up wrote beside its link.
  private var libtorchReason: String {
    if let reason = TorchLibrary.reason { return "python: \(reason)" }
    guard let library = Machine.libraryPath else { return "unknown" }
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
      .deletingLastPathComponent()
    for _ in 0..<6 {
      let note = folder.appendingPathComponent(".libtorch/current.json")
      if let data = try? Data(contentsOf: note),
        let choice = try? JSONDecoder().decode(Choice.self, from: data),
        library.hasPrefix(choice.home)
      {
        return "\(choice.source): \(choice.why)"
      }
      folder.deleteLastPathComponent()
    }
    return "by LD_LIBRARY_PATH or the build's own LIBTORCH; no note of the set-up names it"
  }

  private struct Choice: Decodable {
    let home, source, why: String
  }
}
