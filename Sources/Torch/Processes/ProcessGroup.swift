// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// Processes that compute together: each gets the sum of everybody's tensor, or somebody's.
///
/// Every process makes the same calls in the same order. libtorch's c10d with Gloo; tensors of CUDA devices travel over
/// the CPU until the devices have joined. A group fails once: where a process is gone or the group was broken off, who waits goes on at once, as
/// every later call does, with what it has; `check()` tells. So a step comes to its end, and what it found is left out.
public final class ProcessGroup: @unchecked Sendable {
  /// This process's place, from 0.
  public let rank: Int
  /// How many processes there are.
  public let count: Int
  let raw: OpaquePointer

  /// Joins the processes that meet at a store; returns when all of them are connected.
  ///
  /// - `name`: groups of one store have names of their own.
  /// - `address`: the address of this machine that the others reach it at.
  /// - `seconds`: how long to wait for the others, here and in each call.
  public init(
    _ store: MeetingStore, name: String, address: String, rank: Int, count: Int, seconds: Double
  ) throws(TorchError) {
    var made: OpaquePointer?
    try Torch.check("join") {
      ct_group_join(&made, store.raw, name, address, Int32(rank), Int32(count), Int64(seconds * 1000))
    }
    guard let made else { fatalError("the group was not made") }
    (self.rank, self.count, raw) = (rank, count, made)
  }

  deinit { ct_group_free(raw) }

  /// Whether devices can join: the library was compiled with NCCL.
  public static var hasNCCL: Bool { ct_has_nccl() }

  /// Lets tensors of CUDA devices travel from device to device, from now on. All processes call it, each with a device
  /// that no other has.
  ///
  /// - Throws: `TorchError` where that cannot be.
  public func joinDevices(_ store: MeetingStore, name: String, seconds: Double) throws(TorchError) {
    try Torch.check("join") {
      ct_group_join_devices(raw, store.raw, name, Int32(rank), Int64(seconds * 1000))
    }
  }

  // MARK: Failing

  /// Why the group has failed; nil while it has not.
  public var failure: String? { taken(ct_group_failure(raw)) }

  /// Breaks the group off for this process: calls give up, with this reason. From any thread.
  public func breakOff(_ why: String) { ct_group_break(raw, why) }

  /// - Throws: `TorchError` where the group has failed.
  public func check() throws(TorchError) {
    if let failure { throw TorchError(kind: .other, operation: "processes", message: failure) }
  }

  // MARK: Exchanging

  /// Adds a tensor up over all processes, in place; all get the same bits. After a failure it stays as it is.
  public func sum(_ tensor: Tensor) {
    ignoringFailure(tensor.handle.lend { ct_group_sum(raw, $0) })
  }

  /// Sums of numbers over all processes, in their order.
  public func sum(_ values: [Double]) -> [Double] {
    if values.isEmpty { return [] }
    let tensor = Tensor(values, shape: [values.count])
    sum(tensor)
    return tensor.scalars(as: Double.self)
  }

  /// Everybody's bytes, in the order of the ranks. They may be of different lengths.
  ///
  /// - Throws: `TorchError` where the group has failed.
  public func gather(_ bytes: [UInt8]) throws(TorchError) -> [[UInt8]] {
    var lengths = [Double](repeating: 0, count: count)
    lengths[rank] = Double(bytes.count)
    lengths = sum(lengths)
    try check()
    let longest = Int(lengths.max() ?? 0)
    guard longest > 0 else { return [[UInt8]](repeating: [], count: count) }
    let padded = bytes + [UInt8](repeating: 0, count: longest - bytes.count)
    let mine = Tensor(padded, shape: [longest])
    let all = (0..<count).map { _ in Tensor(padded, shape: [longest]) }
    ignoringFailure(
      mine.handle.lend { own in
        var handles: [OpaquePointer?] = all.map { $0.handle.lend { $0 } }
        return withExtendedLifetime(all) { ct_group_gather(raw, &handles, own) }
      })
    try check()
    return zip(all, lengths).map { Array($0.scalars(as: UInt8.self).prefix(Int($1))) }
  }

  /// The bytes of one process, which the others need not have.
  ///
  /// - Throws: `TorchError` where the group has failed.
  public func broadcast(_ bytes: [UInt8], from root: Int = 0) throws(TorchError) -> [UInt8] {
    let length = Int(sum([rank == root ? Double(bytes.count) : 0])[0])
    try check()
    guard length > 0 else { return [] }
    let tensor = Tensor(rank == root ? bytes : [UInt8](repeating: 0, count: length), shape: [length])
    broadcast(tensor, from: root)
    try check()
    return tensor.scalars(as: UInt8.self)
  }

  /// Overwrites a tensor by that of one process, of the same shape and type.
  public func broadcast(_ tensor: Tensor, from root: Int = 0) {
    ignoringFailure(tensor.handle.lend { ct_group_broadcast(raw, $0, Int32(root)) })
  }

  /// Returns when all processes have called it.
  ///
  /// - Throws: `TorchError` where the group has failed.
  public func wait() throws(TorchError) {
    _ = sum([0])
    try check()
  }

  // MARK: Networks

  /// Runs something in which normalisations by a batch's statistics take those of all processes' batches together;
  /// their gradients go with it. Of this thread, and not within another such call.
  ///
  /// - `group`: nil for each process its own.
  public static func sharingNormalisation<Result>(
    over group: ProcessGroup?, _ body: () throws -> Result
  ) rethrows -> Result {
    ct_set_norm_group(group?.raw)
    defer { ct_set_norm_group(nil) }
    return try body()
  }

  /// What the calls have cost so far: how many, the bytes that this process gave, the seconds that it waited.
  public var cost: (calls: Int, bytes: Int, seconds: Double) {
    var (calls, bytes, seconds): (Int64, Int64, Double) = (0, 0, 0)
    ct_group_cost(raw, &calls, &bytes, &seconds)
    return (Int(calls), Int(bytes), seconds)
  }

  /// The group remembers what went wrong.
  private func ignoringFailure(_ error: OpaquePointer?) {
    if let error { breakOff(TorchError(taking: error, operation: "processes").message) }
  }
}

/// Adds up the gradients of parameters over a group, in few messages.
///
/// Source: Li et al. 2020, "PyTorch distributed": buckets, in the order in which backward fills them, may leave while
/// it goes on.
public final class GradientBuckets {
  private let group: ProcessGroup
  private let raw: OpaquePointer

  /// - `bytes`: the size of a bucket, about.
  /// - `overlaps`: whether a bucket leaves as soon as it is full, and not after backward.
  public init(_ parameters: [Tensor], over group: ProcessGroup, bytes: Int = 4 << 20, overlaps: Bool = true) {
    var made: OpaquePointer?
    must("gradientBuckets") {
      lend(parameters) {
        ct_buckets_make(
          &made, group.raw, UnsafeMutablePointer(mutating: $0), parameters.count, Int64(bytes), overlaps)
      }
    }
    guard let made else { fatalError("the buckets were not made") }
    (self.group, raw) = (group, made)
  }

  deinit { withExtendedLifetime(group) { ct_buckets_free(raw) } }

  /// After backward: waits until each gradient is the sum of all processes'. After a failure some are not; the group
  /// tells.
  public func finish() {
    if let error = ct_buckets_finish(raw) {
      group.breakOff(TorchError(taking: error, operation: "gradients").message)
    }
  }
}
