// SPDX-License-Identifier: Apache-2.0

import Segmentation
import Torch

/// A network that learns: its optimiser, and how a step is taken, shared among processes, or left out.
public final class StudentLearner {
  /// The network that learns.
  public let network: any Segmenter
  private let optimizer: any Optimizer
  private let settings: LearningSettings
  /// The processes that share each batch; nil for a process by itself.
  public let peers: Peers?
  private let buckets: GradientBuckets?
  /// Takes the times of a step's parts, where somebody asks for them.
  package var clock: PhaseClock?
  /// Whether processes lost touch, or the computation failed, after an update began and before what follows it.
  public private(set) var isTorn = false
  /// Whether the last step was left out.
  public private(set) var isAsBefore = false

  /// - `trained`: what of the network learns where the settings leave it to the method.
  /// - `others`: what learns with it, and is no part of it.
  /// - `peers`: the processes that each take a part of every batch, with the same network; nil for a process by
  ///   itself.
  public init(
    _ network: any Segmenter, _ settings: LearningSettings, trained: TrainedParameters = .weights,
    beside others: [ParameterGroup] = [], peers: Peers? = nil
  ) {
    (self.network, self.settings, self.peers) = (network, settings, peers)
    network.setTrained(settings.trained ?? trained)
    let groups = network.parameterGroups(
      headScale: settings.headScale, bodyUpdates: settings.backboneUpdates)
    optimizer = settings.optimizer.make(
      groups + others, momentum: settings.momentum, nesterov: true, weightDecay: settings.weightDecay)
    let tensors = optimizer.groups.flatMap(\.parameters).map(\.tensor)
    buckets = peers.map { GradientBuckets(tensors, over: $0.gradients, overlaps: settings.overlap) }
  }

  /// The network's view of a batch, for a loss of it.
  public func predict(_ images: Tensor) -> Prediction {
    clock.measure("student") {
      network(images, settings.studentNorm == .batch ? .training : .evaluation, in: settings.precision)
    }
  }

  /// One update down the gradient of a loss; none where the loss or its gradient is no number, and then
  /// `undo` is called and the network is as it was.
  ///
  /// - `loss`: is asked once.
  /// - `after`: what follows an update.
  public func step(
    learningRate: Double, undo: () -> Void = {}, after: () -> Void = {}, loss: () -> StepLoss
  ) -> StepReport {
    let statistics = BufferCopy(of: network.store)
    func takeBack() {
      isAsBefore = true
      statistics.restore()
      undo()
    }
    // Until the update begins a failure can be taken back.
    let loss = FailedComputation.undoing(by: takeBack, loss)
    let (norm, isApplied) = clock.measure("optimiser") {
      optimizer.minimize(loss.total, learningRate: learningRate, unless: { peers?.hasFailed ?? false }) {
        FailedComputation.undoing(by: takeBack) {
          clock.measure("backward") { loss.backward() }
          if let buckets { clock.measure("gradients") { buckets.finish() } }
        }
        isTorn = true
      }
    }
    isAsBefore = !isApplied
    if isApplied {
      after()
      isTorn = peers?.hasFailed ?? false
    } else {
      isTorn = false
      takeBack()
    }
    return StepReport(total: loss.total, terms: loss.terms, gradientNorm: norm, isApplied: isApplied)
  }

  /// This process's part of a batch's images, which a mean over them weighs in the mean over all.
  public func share(of images: Tensor) -> Double {
    guard let group = peers?.group else { return 1 }
    let own = Double(images.shape[0])
    return own / group.sum([own])[0]
  }

  /// A loss whose terms are those of all processes' parts; the gradients stay this part's.
  public func shared(_ loss: StepLoss) -> StepLoss {
    peers.map { loss.added(over: $0.group, names: loss.terms.map(\.name)) } ?? loss
  }

  // MARK: State

  /// What later steps depend on: the network under "student.", the optimiser under "optimizer.".
  public var state: [(name: String, tensor: StoredTensor)] {
    network.store.state.under("student.") + optimizer.state.under("optimizer.")
      + (isAsBefore ? [("teacherIsCurrent", Tensor.ones([]).stored)] : [])
  }

  /// Takes over a stored state; the report tells what did not fit.
  public func load(_ state: [(name: String, tensor: StoredTensor)]) -> LoadReport {
    let report = network.store.load(state.part("student."))
    guard report.isExact else { return report }
    isAsBefore = state.contains { $0.name == "teacherIsCurrent" }
    return optimizer.load(state.part("optimizer."))
  }
}

/// A method whose student learns by gradients.
public protocol LearningMethod: AdaptationMethod {
  /// The student and its optimiser.
  var learner: StudentLearner { get }
}

extension LearningMethod {
  public var student: any Segmenter { learner.network }

  public var isTorn: Bool { learner.isTorn }

  public var state: [(name: String, tensor: StoredTensor)] { learner.state }

  public func load(_ state: [(name: String, tensor: StoredTensor)]) -> LoadReport { learner.load(state) }
}
