// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// Small texts and numbers under names that several processes share; one of them holds them.
///
/// libtorch's TCPStore, the one that `torchrun` and `torch.distributed` meet at. Calls from several threads wait
/// for each other: a thread that must not wait opens one of its own.
public final class MeetingStore: @unchecked Sendable {
  let raw: OpaquePointer

  /// Connects to the process that holds the store.
  ///
  /// - `serves`: makes this process that one.
  /// - `seconds`: how long to try, and how long a call may take.
  public init(host: String, port: UInt16, serves: Bool, seconds: Double) throws(TorchError) {
    var made: OpaquePointer?
    try check("join") { ct_store_open(&made, host, port, serves, Int64(seconds * 1000)) }
    guard let made else { fatalError("the store was not made") }
    raw = made
  }

  deinit { ct_store_free(raw) }

  /// Sets a value, in the place of one that is there.
  ///
  /// - Throws: `TorchError` where the store does not answer.
  public func set(_ key: String, to text: String) throws(TorchError) {
    try check("set") { ct_store_set(raw, key, text) }
  }

  /// Sets a value where there is none; returns the one that is there then.
  public func setFirst(_ key: String, to text: String) throws(TorchError) -> String {
    var found: UnsafeMutablePointer<CChar>?
    try check("set") { ct_store_set_first(&found, raw, key, text) }
    return taken(found) ?? text
  }

  /// The value of a name; nil where there is none. It does not wait for one.
  public func get(_ key: String) throws(TorchError) -> String? {
    var found: UnsafeMutablePointer<CChar>?
    try check("get") { ct_store_get(&found, raw, key) }
    return taken(found)
  }

  /// Adds to a number, which is 0 at first; returns the sum.
  @discardableResult
  public func add(_ key: String, _ value: Int) throws(TorchError) -> Int {
    var sum: Int64 = 0
    try check("add") { ct_store_add(&sum, raw, key, Int64(value)) }
    return Int(sum)
  }
}

/// A text of the C layer, which is freed.
func taken(_ text: UnsafeMutablePointer<CChar>?) -> String? {
  guard let text else { return nil }
  defer { ct_text_free(text) }
  return String(cString: text)
}
