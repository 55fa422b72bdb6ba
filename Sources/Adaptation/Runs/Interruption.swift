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
  /// The label-free criteria were computed; the point of step 0 is of the network that the run began with.
  public var selection: (SelectionPoint) -> Void = { _ in }
  /// The state after so many steps is on the disk, in a file.
  public var checkpoint: (Int, String) -> Void = { _, _ in }
  /// The steps of a run begin, or go on after so many: its folder, these, and how many it is to have. The folder holds
  /// the resolved settings by now.
  public var run: (RunFolder, Int, Int) -> Void = { _, _, _ in }
  /// What the run was estimated to need.
  package var plan: (Plan) -> Void = { _ in }
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
