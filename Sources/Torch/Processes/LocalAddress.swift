// SPDX-License-Identifier: Apache-2.0

import Files

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The address of this machine in the network over which it reaches another, as a number; nil where there is no way.
///
/// Nothing is sent: the system is asked which way a packet would take.
package func localAddress(toward host: String, port: UInt16) -> String? {
  var hints = addrinfo()
  hints.ai_socktype = datagram
  var found: UnsafeMutablePointer<addrinfo>?
  guard getaddrinfo(host, String(port), &hints, &found) == 0 else { return nil }
  defer { freeaddrinfo(found) }
  var next = found
  while let info = next?.pointee {
    let file = socket(info.ai_family, datagram, 0)
    defer { if file >= 0 { close(file) } }
    if file >= 0, connect(file, info.ai_addr, info.ai_addrlen) == 0, let name = ownName(of: file) {
      return name
    }
    next = info.ai_next
  }
  return nil
}

/// A port of this machine that nobody uses.
///
/// - `wanted`: the one that is asked about; 0 for any.
///
/// - Throws: a `Problem` where the system gives none.
package func freePort(_ wanted: UInt16 = 0) throws -> UInt16 {
  let file = socket(AF_INET, stream, 0)
  defer { close(file) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = wanted.bigEndian
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  let isBound = withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      bind(file, $0, length) == 0 && getsockname(file, $0, &length) == 0
    }
  }
  guard file >= 0, isBound else {
    throw Problem(
      "cannot find a free port", at: "127.0.0.1", because: String(cString: strerror(errno)),
      remedy: "start the processes with torchrun")
  }
  return UInt16(bigEndian: address.sin_port)
}

#if canImport(Glibc)
  private let (datagram, stream) = (Int32(SOCK_DGRAM.rawValue), Int32(SOCK_STREAM.rawValue))
#else
  private let (datagram, stream) = (SOCK_DGRAM, SOCK_STREAM)
#endif

private func ownName(of file: Int32) -> String? {
  var address = sockaddr_storage()
  var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
  var text = [CChar](repeating: 0, count: 256)
  let isNamed = withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
      getsockname(file, pointer, &length) == 0
        && getnameinfo(pointer, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
    }
  }
  guard isNamed else { return nil }
  return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
