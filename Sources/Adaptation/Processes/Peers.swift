// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Synchronization
import Torch

/// The processes that run one job together, this one among them.
///
/// What they compute together goes over `group`, gradients over `gradients`. Where a process is lost, disagrees or
/// fails, all end within a bounded time, and one of them tells why.
public final class Peers: Sendable {
  /// Where this process stands among them.
  public let place: ProcessPlace
  /// For everything but gradients. Calls come from one thread at a time, in the same order everywhere.
  public let group: ProcessGroup
  /// For gradients, which travel while others wait.
  public let gradients: ProcessGroup
  private let store: MeetingStore
  private let watch: PeerWatch
  private let prefix: String
  private let names: [String]
  /// The ranks that were found lost.
  private let lost = Mutex<[Int]>([])

  /// This process's place, from 0.
  public var rank: Int { place.rank }
  /// How many processes there are.
  public var count: Int { place.count }
  /// Whether this process writes what the job leaves.
  public var isFirst: Bool { rank == 0 }

  /// Meets the other processes of the job; returns when all are there.
  ///
  /// - `joinSeconds`: how long to wait for them.
  /// - `peerSeconds`: for how long one may be silent before it is lost.
  /// - `awaiting`: hears for whom it waits.
  /// - Throws: a `Problem` that says who did not come.
  public init(
    _ place: ProcessPlace, joinSeconds: Double = 300, peerSeconds: Double = 30,
    awaiting: (String) -> Void = { _ in }
  ) throws {
    self.place = place
    prefix = "iapc/\(place.attempt)"
    let deadline = ContinuousClock.now + .seconds(joinSeconds)
    let serves = place.rank == 0 && !place.isStoreHeld
    if !serves { awaiting(place.isStoreHeld ? "the launcher" : "rank 0") }
    store = try Self.openStore(place, serves: serves, joinSeconds)
    names = try Self.meet(place, store, prefix, until: deadline, joinSeconds, awaiting)
    awaiting("connections to the others")
    (group, gradients) = try Self.connect(place, store, prefix)
    watch = PeerWatch(place, prefix: prefix, patience: peerSeconds, groups: [group, gradients])
    watch.start(try Self.openStore(place, serves: false, joinSeconds))
  }

  private static func openStore(
    _ place: ProcessPlace, serves: Bool, _ seconds: Double
  ) throws -> MeetingStore {
    do {
      return try MeetingStore(host: place.host, port: place.port, serves: serves, seconds: seconds)
    } catch {
      let why =
        serves
        ? "rank 0 cannot listen there: \(error.message)"
        : "rank \(place.rank) met nobody there in \(Int(seconds)) s"
      throw Problem(
        "cannot join the job's processes", at: place.meeting, because: why,
        remedy: "start rank 0 on that machine, or correct MASTER_ADDR and MASTER_PORT" + place.alone)
    }
  }

  /// Waits for everybody; returns who they are, for messages.
  private static func meet(
    _ place: ProcessPlace, _ store: MeetingStore, _ prefix: String, until deadline: ContinuousClock.Instant,
    _ seconds: Double, _ awaiting: (String) -> Void
  ) throws -> [String] {
    func name(_ rank: Int) -> String { "\(prefix)/name/\(rank)" }
    let own = "\(ProcessInfo.processInfo.hostName), process \(ProcessInfo.processInfo.processIdentifier)"
    do {
      try store.set(name(place.rank), to: own)
      try store.add("\(prefix)/present", 1)
      var looks = 0
      while try store.add("\(prefix)/present", 0) < place.count {
        let isLate = ContinuousClock.now >= deadline
        // Now and then: there may be thousands to ask for.
        let absent =
          isLate || looks % 10 == 0 ? try (0..<place.count).filter { try store.get(name($0)) == nil } : []
        if !absent.isEmpty { awaiting("\(ranks(absent)) of \(place.count)") }
        looks += 1
        guard !isLate else {
          throw Problem(
            "cannot join the job's processes", at: place.meeting,
            because: "\(ranks(absent)) of \(place.count) did not come in \(Int(seconds)) s",
            remedy: "see why they did not start, or wait longer with --join-timeout" + place.alone)
        }
        Thread.sleep(forTimeInterval: 0.05)
      }
      return try (0..<place.count).map { try store.get(name($0)) ?? "" }
    } catch let error as TorchError {
      throw Problem(
        "cannot join the job's processes", at: place.meeting, because: error.message,
        remedy: "see why rank 0 ended")
    }
  }

  /// How long a call waits at most, in seconds: who is lost is found by its heart. This is for one that lives and does
  /// nothing.
  private static let longest = 3600.0

  /// The two groups, over the network in which this machine reaches the store.
  private static func connect(
    _ place: ProcessPlace, _ store: MeetingStore, _ prefix: String
  ) throws -> (ProcessGroup, ProcessGroup) {
    var address = "an unknown address"
    func group(_ name: String) throws(TorchError) -> ProcessGroup {
      try ProcessGroup(
        store, name: "\(prefix)/\(name)", address: address, rank: place.rank, count: place.count,
        seconds: longest)
    }
    do {
      address = try self.address(place, store, prefix)
      return (try group("all"), try group("gradients"))
    } catch {
      throw Problem(
        "cannot connect the job's processes", at: "rank \(place.rank), \(address)", because: error.message,
        remedy: "check that the machines reach each other on all ports")
    }
  }

  /// The address at which the others reach this machine. Where the store is, the name of that machine may stand for the
  /// machine itself, to which no other finds: its processes take the network in which others reach the store.
  private static func address(
    _ place: ProcessPlace, _ store: MeetingStore, _ prefix: String
  ) throws(TorchError) -> String {
    func name(_ rank: Int) -> String { "\(prefix)/address/\(rank)" }
    let own = localAddress(toward: place.host, port: place.port) ?? "127.0.0.1"
    try store.set(name(place.rank), to: own)
    try store.add("\(prefix)/addresses", 1)
    guard own.hasPrefix("127.") || own == "::1" else { return own }
    while try store.add("\(prefix)/addresses", 0) < place.count { Thread.sleep(forTimeInterval: 0.02) }
    for rank in 0..<place.count {
      guard let other = try store.get(name(rank)), !other.hasPrefix("127."), other != "::1" else { continue }
      return localAddress(toward: other, port: place.port) ?? own
    }
    return own
  }

  static func ranks(_ ranks: [Int]) -> String {
    let shown = ranks.prefix(8).map(String.init).joined(separator: ", ")
    return (ranks.count == 1 ? "rank " : "ranks ") + shown + (ranks.count > 8 ? " and others" : "")
  }

  /// The device of a setting for this process: of several CUDA devices each process of a machine has one. Where each has
  /// one to itself, and the library was compiled with NCCL, tensors travel from device to device. All call it.
  public func device(_ name: String) throws -> String {
    let isChosen = (name == "auto" || name == "cuda") && Machine.cudaDeviceCount > 0
    let device = isChosen ? "cuda:\(place.localRank % Machine.cudaDeviceCount)" : name
    var own = ""
    if ProcessGroup.hasNCCL, device.hasPrefix("cuda") {
      let visible = ProcessInfo.processInfo.environment["CUDA_VISIBLE_DEVICES"] ?? ""
      own = "\(ProcessInfo.processInfo.hostName) \(visible) \(device)"
    }
    let all = try exchange { try group.gather(Array(own.utf8)) }
    guard !all.contains([]), Set(all).count == count else { return device }
    for (group, name) in [(group, "all"), (gradients, "gradients")] {
      try exchange {
        try group.joinDevices(store, name: "\(prefix)/devices/\(name)", seconds: Self.longest)
      }
    }
    return device
  }

  // MARK: Sharing work

  /// This process's part of so many things in a row: sizes differ by at most 1.
  public func part(of count: Int) -> Range<Int> {
    rank * count / self.count..<(rank + 1) * count / self.count
  }

  /// Every `count`-th of so many things, this process's: it works on them one after another, as the others do.
  public func turns(of count: Int) -> [Int] { Array(stride(from: rank, to: count, by: self.count)) }

  /// Takes this process's part of the machine's cores: launchers start all with all of them, or with one.
  public func shareCores() {
    Machine.threads = max(1, Processors.usable / place.localCount)
  }

  /// What the exchange has cost a process so far: messages and bytes that it gave, seconds that it waited.
  package typealias Cost = (messages: Int, bytes: Int, seconds: Double)
  package var cost: Cost {
    let (all, steps) = (group.cost, gradients.cost)
    return (all.calls + steps.calls, all.bytes + steps.bytes, all.seconds + steps.seconds)
  }

  /// What the exchange cost this process, for people.
  ///
  /// - `seconds`: those of the work in the course of which it was.
  public func costs(of seconds: Double) -> String {
    let cost = cost
    return String(
      format: "%.1f s (%.0f %%) waiting for other processes, %d messages, %.1f MB sent", cost.seconds,
      seconds > 0 ? 100 * cost.seconds / seconds : 0, cost.messages, Double(cost.bytes) / 1e6)
  }

  // MARK: Going on, or not

  /// What follows a step: the signal by which the user asked to end, in whichever process, nil where nobody did; and
  /// whether the first process saves, whose clock it is that counts. All call it at the same place.
  func agree(on own: (signal: Int32?, saves: Bool)) -> (signal: Int32?, saves: Bool) {
    let signals = [SIGINT, SIGTERM, SIGHUP]
    let asked = group.sum(signals.map { own.signal == $0 ? 1 : 0 } + [isFirst && own.saves ? 1 : 0])
    guard !hasFailed else { return (nil, own.saves) }
    return (zip(signals, asked).first { $1 > 0 }?.0, asked[signals.count] > 0)
  }

  /// Whether something is wrong: what was computed together since is no result.
  var hasFailed: Bool { group.failure != nil || gradients.failure != nil }

  /// - Throws: `PeerFailure` where the processes cannot go on together. Finding out who is lost takes some seconds.
  public func check() throws {
    guard let why = group.failure ?? gradients.failure else { return }
    throw failure(why)
  }

  /// Whether this process is the first of those that live: it saves what would be lost.
  var isFirstAlive: Bool { lost.withLock { gone in (0..<rank).allSatisfy(gone.contains) } }

  private func failure(_ why: String) -> PeerFailure {
    if let verdict = watch.verdict { return failure(verdict) }
    let found = watch.lost()
    if let verdict = watch.verdict { return failure(verdict) }
    // Nobody answers for the store: it went with the process that held it.
    let gone = found ?? [0]
    lost.withLock { $0 = gone }
    let words =
      gone.isEmpty
      ? "the processes lost touch: \(why)"
      : "lost " + gone.map { "rank \($0) (\(names[$0]))" }.joined(separator: ", ")
    let verdict = Verdict(rank: rank, words: words)
    if found != nil, let first = leave(verdict), first != verdict { return failure(first) }
    let problem = Problem(
      "the job has ended", at: "rank \(rank) of \(count)", because: "\(words): ended, or silent",
      remedy: "see what became of it, then go on with --resume")
    return PeerFailure(problem, tells: found != nil || isFirstAlive)
  }

  private func failure(_ verdict: Verdict) -> PeerFailure {
    let problem = Problem(
      "the job has ended", at: "rank \(rank) of \(count)", because: verdict.words, remedy: "see above")
    return PeerFailure(problem, tells: false, signal: verdict.signal)
  }

  /// Leaves a verdict for the others; the one that counts is the first.
  private func leave(_ verdict: Verdict) -> Verdict? {
    (try? store.setFirst("\(prefix)/verdict", to: verdict.text)).flatMap(Verdict.init)
  }

  /// Tells the others that this process ends.
  ///
  /// - Returns: whether it was the first to do so, and tells the user.
  public func end(because words: String, signal: Int32? = nil) -> Bool {
    guard group.failure == nil else { return watch.verdict == nil }
    let verdict = Verdict(rank: rank, words: words, signal: signal)
    let first = leave(verdict)
    watch.end()
    // The store goes with this process: the others have to see it first.
    if isFirst { Thread.sleep(forTimeInterval: 3 * PeerWatch.beat) }
    return first == nil || first == verdict
  }

  /// Waits until all have come to the end of their work; after that nobody misses anybody.
  public func finish() throws {
    watch.end()
    do { try group.wait() } catch { throw failure(error.message) }
  }
}

extension Peers? {
  /// Whether this process writes what the job leaves: the first does, and one by itself.
  public var isFirst: Bool { self?.isFirst ?? true }

  /// What of so many things this process works on, one after another; one by itself on all.
  func turns(of count: Int) -> [Int] { self?.turns(of: count) ?? Array(0..<count) }
}

extension RunObserver {
  /// The same without a way to stop where others would wait for this process.
  func stoppableIfAlone(_ peers: Peers?) -> RunObserver {
    guard peers != nil else { return self }
    var observer = self
    observer.stopSignal = { nil }
    return observer
  }
}
