// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation
import Torch

@main
struct Iapc: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "iapc",
    abstract: "Adapts a segmentation network to new images, without labels and without its training data.",
    discussion: """
      A network was trained on labelled images that are private, sold or gone; it
      must now work elsewhere: another city, camera or weather. Give it and a folder
      of unlabelled images from there:

        iapc adapt --weights source.pth --network espnet \\
          --images new-city/ --output runs/new-city

      and runs/new-city/adapted.pth is the network that sees the new place. `iapc
      evaluate` says what it gained where some labels exist. `iapc help adapt`
      explains every choice.
      """,
    version: iapcVersion,
    subcommands: [
      Adapt.self, Compare.self, Train.self, Evaluate.self, Predict.self, PseudoLabel.self, Select.self,
      Inspect.self, Convert.self, Export.self,
      DataCommand.self, Report.self, Step.self, Benchmark.self, Doctor.self,
    ])

  /// Loads the library beside the program that computes, and libtorch with it.
  private static func loadTorch() throws {
    let program = URL(fileURLWithPath: Bundle.main.executablePath ?? CommandLine.arguments[0])
    // What its store and groups warn of is told in one line, or not at all.
    setenv("TORCH_CPP_LOG_LEVEL", "FATAL", 0)
    // libtorch's threads wait for each other in a loop, by default for milliseconds. A busy neighbor then takes the
    // processor of the thread that is waited for: see Benchmarks/LOG.md.
    setenv("GOMP_SPINCOUNT", "4000", 0)
    let folder = program.resolvingSymlinksInPath().deletingLastPathComponent().path
    try TorchLibrary(besides: folder).load()
    Machine.keepFreedMemory()
    // libtorch counts cores and knows no container's share of them.
    if Processors.usable < Machine.threads { Machine.threads = Processors.usable }
    FailedComputation.ending = { end(with: $0) }
  }

  /// Runs a command; what a user can cause ends as one line and status 1.
  static func main() {
    StandardStreams.prepare()
    do {
      let line = try parsed(arguments)
      var command = line.command
      try (command as? any EventCommand)?.events.open()
      if let count = (command as? any SharedCommand)?.sharing.started {
        exit(withError: ExitCode(try Launcher.run(count, CommandLine.arguments)))
      }
      tellStart(line.words, arguments)
      // Help needs no tensors, and libtorch takes 0.2 s to load.
      if configuration.holds(type(of: command)) { try loadTorch() }
      do { try command.run() } catch let invalid as ValidationError {
        throw UsageError(message: invalid.message, command: type(of: command), words: line.words)
      }
      endOutput()
      EventLog.end()
    } catch let failure as PeerFailure {
      if failure.tells { tell(failure.problem) } else if let signal = failure.signal { tellStop(signal) }
      Job.exit(failure.signal.map { 128 + $0 } ?? 1)
    } catch let problem as Problem {
      end(with: problem)
    } catch let stop as Interruption {
      let hint =
        stop.resumable.flatMap { path in
          (try? RunFolder(path).job).map { "; go on with: iapc \($0) --resume \(path)" }
        } ?? ""
      if Job.tells("", signal: stop.signal) { tell("stopped by signal \(stop.signal)\(hint)") }
      tellStop(stop.signal, stop.resumable)
      Job.exit(128 + stop.signal)
    } catch let usage as UsageError {
      tell(usage.text)
      EventLog.fail(usage.message, status: ExitCode.validationFailure.rawValue)
      Job.exit(ExitCode.validationFailure.rawValue)
    } catch  where exitCode(for: error) == .failure && !(error is ExitCode) {
      // Of the system or of a library: told in the same form.
      let text = "\(error)".split(whereSeparator: \.isNewline).joined(separator: " ")
      if Job.tells(text) {
        tell("error: \(Job.prefix)\(text)")
        EventLog.fail(text, status: 1)
      }
      Job.exit(1)
    } catch  where exitCode(for: error) == .success {
      let text = fullMessage(for: error)
      if !text.isEmpty { print(text) }
      endOutput()
    } catch {
      exit(withError: error)
    }
  }

  private static func end(with problem: Problem) -> Never {
    if Job.tells("\(problem)") { tell(problem, prefix: Job.prefix) }
    Job.exit(1)
  }

  /// The first event: who tells, and of what.
  private static func tellStart(_ words: [String], _ arguments: [String]) {
    EventLog.tell(
      "started",
      [
        "version": .whole(1), "iapc": .text(iapcVersion),
        "command": .text(words.dropFirst().joined(separator: " ")), "arguments": .list(arguments),
        "process": .whole(Int(getpid())),
      ])
  }

  /// What stands behind the program's name, its bytes kept where they are not UTF-8.
  private static var arguments: [String] {
    (1..<max(1, Int(CommandLine.argc))).compactMap { index in
      CommandLine.unsafeArgv[index].map { argument in
        PathText.text(
          of: UnsafeBufferPointer(start: argument, count: strlen(argument)).map { UInt8(bitPattern: $0) })
      }
    }
  }

  /// The command of a command line, and the words that start it.
  private static func parsed(_ arguments: [String]) throws -> (
    command: any ParsableCommand, words: [String]
  ) {
    let line = try CommandLineCheck(arguments)
    do {
      let command = try parseAsRoot(ConfigArguments.laidOut(arguments))
      try line.checkCommand()
      // The parser takes letters behind one dash, an h among them, for a request for help: -weights.
      let isOurs = command is Iapc || configuration.holds(type(of: command))
      guard isOurs || line.asksForHelp else {
        try line.checkOptions()
        throw line.unknownLetters
      }
      return (command, line.words)
    } catch  where !(error is Problem || error is UsageError) {
      if line.asksForHelp, exitCode(for: error) == .success { throw error }
      try line.checkOptions()
      let tied = line.tied
      if tied != arguments { return (try parseAsRoot(ConfigArguments.laidOut(tied)), line.words) }
      throw error
    }
  }

  /// Ends the program where not all that was printed could be written: in silence where nobody reads it any more.
  private static func endOutput() {
    switch StandardStreams.flushOutput() {
    case .written: return
    case .unread: Job.exit(128 + SIGPIPE)
    case .failed(let why):
      let problem = Problem(
        "cannot write to standard output", at: "stdout", because: why,
        remedy: "see where it leads, and make room there; files that the command wrote are whole")
      tell(problem)
      Job.exit(1)
    }
  }

  private static func tell(_ problem: Problem, prefix: String = "") {
    tell("error: \(prefix)\(problem)")
    EventLog.fail(problem, rank: Job.peers?.rank)
  }

  private static func tellStop(_ signal: Int32, _ resumable: String? = nil) {
    EventLog.tell(
      "stopped",
      [
        "signal": .whole(Int(signal)), "resume": resumable.map { .text($0) } ?? .none,
        "status": .whole(Int(128 + signal)),
      ])
  }

  private static func tell(_ line: String) {
    ProgressDisplay.clear()
    StandardStreams.message("\(line)\n")
  }
}

extension CommandConfiguration {
  /// Whether a command is among the subcommands, at any depth; those that print help are the parser's own.
  fileprivate func holds(_ command: any ParsableCommand.Type) -> Bool {
    subcommands.contains { $0 == command || $0.configuration.holds(command) }
  }
}
