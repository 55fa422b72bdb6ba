// SPDX-License-Identifier: Apache-2.0

import Segmentation
import Torch

/// A way to adapt a network to unlabelled images. It knows no data set, network or command line.
public protocol AdaptationMethod: AnyObject {
  /// The network that learns.
  var student: any Segmenter { get }

  /// The averaged network, where the method has one.
  var teacher: (any Segmenter)? { get }

  /// Looks through the target images once before the first step, where the method needs it.
  func prepare(_ images: TargetImages) throws

  /// One update from one batch.
  ///
  /// Where the loss or its gradient is no number, nothing is updated: the next step goes as if this one had
  /// not been, and the report tells that it was not applied.
  func step(_ batch: TargetBatch, learningRate: Double) -> StepReport

  /// Everything that later steps depend on, under stable names.
  var state: [(name: String, tensor: StoredTensor)] { get }

  /// Whether processes lost touch in the midst of a step that had moved the network: the state is then that of no
  /// step, and must not be saved.
  var isTorn: Bool { get }

  /// Takes over a stored state; the report tells what did not fit.
  func load(_ state: [(name: String, tensor: StoredTensor)]) -> LoadReport
}

extension AdaptationMethod {
  public var teacher: (any Segmenter)? { nil }

  public func prepare(_ images: TargetImages) throws {}

  public var isTorn: Bool { false }

  /// The network that is adapted: the one chosen, or the student where the method has no averaged one.
  public func adapted(_ choice: AdaptedNetwork) -> any Segmenter {
    choice == .teacher ? teacher ?? student : student
  }
}

/// The target images, one network input after another.
public struct TargetImages {
  /// How many images there are.
  public let count: Int
  /// Calls its argument with each input [1, 3, H, W], in order.
  public let forEach: ((Tensor) throws -> Void) throws -> Void

  /// Images that a function goes through.
  public init(count: Int, forEach: @escaping ((Tensor) throws -> Void) throws -> Void) {
    self.count = count
    self.forEach = forEach
  }
}
