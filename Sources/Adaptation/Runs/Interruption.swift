// SPDX-License-Identifier: Apache-2.0

/// The user asked the program to end; what was done so far is saved.
public struct Interruption: Error, Equatable, Sendable {
  /// SIGINT, SIGTERM or SIGHUP.
  public let signal: Int32
  /// Where the work can be taken up again: a run folder. Nil where there is nothing to go on from.
  public let resumable: String?

  /// An end by a signal.
  public init(signal: Int32, resumable: String? = nil) {
    self.signal = signal
    self.resumable = resumable
  }
}

/// What a long piece of work tells while it goes on. The command line draws it; a library user may listen
/// too.
public struct RunObserver {
  /// A piece of work begins: its name and how many units it has.
  public var begin: (String, Int) -> Void = { _, _ in }
  /// So many units of the current piece are done.
  public var advance: (Int) -> Void = { _ in }
  /// A training step is done.
  public var step: (StepRecord) -> Void = { _ in }
  /// The network in training was scored; the second is the best score so far, which may be the first.
  public var score: (TrainingScore, TrainingScore) -> Void = { _, _ in }
  /// Something worth a line.
  public var note: (String) -> Void = { _ in }
  /// The signal by which the user asked to end, if so. Asked between units of work.
  public var stopSignal: () -> Int32? = { nil }

  /// An observer that hears nothing and never ends a run.
  public init() {}

  /// - Throws: `Interruption` where the user asked to end.
  package func checkStop() throws {
    if let signal = stopSignal() { throw Interruption(signal: signal) }
  }

  /// Reports a unit of work, and ends where the user asked to.
  package func advanceOrStop(_ count: Int) throws {
    advance(count)
    try checkStop()
  }
}
