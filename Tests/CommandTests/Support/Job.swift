// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A command with everything that it writes below one folder, which its arguments name `{}`.
struct Job: Sendable {
  let name: String
  let arguments: [String]
  /// Files that are there already, by their names in the folder.
  var before: [String: Data] = [:]
  /// Whether it is a run with steps, in `{}/run`, that `--resume` goes on with.
  var hasSteps = false

  /// The command that goes on with a run.
  var resume: [String] { [arguments[0], "--resume", "{}/run"] }
}

/// A place where a job is done, as often as it takes.
final class Workplace {
  private let scratch: ScratchFolder
  let job: Job
  /// Holds all that the job writes.
  let folder: String
  private var log: String { scratch.path("log.txt") }

  init(_ job: Job) throws {
    (self.job, scratch) = (job, try ScratchFolder())
    let made = try scratch.folder("work")
    folder = URL(fileURLWithPath: made).resolvingSymlinksInPath().path
    for (name, data) in job.before {
      try data.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
  }

  /// Starts the program with `{}` for the folder.
  ///
  /// - `watched`: whether its calls are noted.
  func start(_ arguments: [String], _ fault: Fault? = nil, watched: Bool = false) throws -> Command {
    var environment = ["IAPC_CACHE": "\(folder)/cache"]
    if fault != nil || watched {
      try? FileManager.default.removeItem(atPath: log)
      environment.merge(try Fault.environment(fault, below: folder, log: log)) { $1 }
    }
    return try Command(
      arguments.map { $0.replacingOccurrences(of: "{}", with: folder) }, environment: environment)
  }

  func run(_ arguments: [String], _ fault: Fault? = nil, watched: Bool = false) throws -> Outcome {
    try start(arguments, fault, watched: watched).outcome()
  }

  /// What a user would type now: a run that has begun goes on, anything else starts.
  var next: [String] {
    job.hasSteps && exists("\(folder)/run/config.yaml") ? job.resume : job.arguments
  }

  /// Goes on as a user would: as the program's own words say, where it refuses to replace something.
  func goOn() throws -> (outcome: Outcome, replaced: Bool) {
    let outcome = try run(next)
    guard outcome.status == 1, outcome.errors.contains("--overwrite") else { return (outcome, false) }
    return (try run(job.arguments + ["--overwrite"]), true)
  }

  /// The calls of the last watched run.
  func calls() throws -> [SystemCall] { try SystemCall.read(log, below: folder) }

  /// The call that the last fault met; nil where there was none.
  func spoiledCall() throws -> SystemCall? { try SystemCall.spoiled(in: log, below: folder) }

  /// The steps that the run has told of.
  var steps: Int {
    ((try? text("\(folder)/run/metrics.jsonl")) ?? "").filter { $0 == "\n" }.count
  }

  /// All files by their names, without what differs from run to run: times, places, random marks.
  /// Folders end in a slash and hold nothing; those for TensorBoard hold what it reads in them, line by line.
  func content() throws -> [String: Data] {
    var found: [String: Data] = [:]
    for name in listing(folder) ?? [] {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder) else {
        continue
      }
      if name.hasSuffix("/tensorboard") {
        found[name] = Data(try EventFiles("\(folder)/\(name)").lines.joined(separator: "\n").utf8)
      } else if isFolder.boolValue {
        found[name + "/"] = Data()
      } else if !name.contains("/tensorboard/") {
        found[name] = try content(of: name)
      }
    }
    return found
  }

  private func content(of name: String) throws -> Data {
    let data = try bytes("\(folder)/\(name)")
    guard ["json", "jsonl", "yaml", "svg", "html"].contains(where: { name.hasSuffix(".\($0)") }) else {
      return data
    }
    let text = String(decoding: data, as: UTF8.self).replacingOccurrences(of: folder, with: "{}")
      .replacing(/"seconds" ?: ?[0-9.e-]+/, with: "\"seconds\": 0")
      .replacing(/"started" : "[^"]*"/, with: "")
      .replacing(/"command" : \[[^\]]*\]/, with: "")
      .replacing(/<time>[^<]*<\/time>/, with: "")
      .replacing(/<th scope="row">(begun|command)<\/th><td>[^<]*<\/td>/, with: "")
    return Data(text.utf8)
  }
}
